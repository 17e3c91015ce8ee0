import test from 'ava';
import { bytesOf } from '../../../lib/compile/bytes.js';
import { isPass, operandsOf } from '../../../lib/compile/group/group.js';
import { Reads } from '../../../lib/compile/group/reads.js';
import { planViews } from '../../../lib/compile/views.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';

/** Elementwise operations on random earlier values, some of which are read by several views of one memory. */
function randomGraph(random: Random): g.Node[] {
  const nodes: g.Node[] = [g.input('x', [4, 4]), g.input('y', [4, 4]), g.constant(2)];
  const pick = () => nodes[Math.max(0, nodes.length - 1 - random.integer(8))] as g.Node;
  while (nodes.length < 40) {
    const value = pick();
    const isMatrix = value.shape.length === 2;
    nodes.push(isMatrix && random.uniform() < 0.4 ? g.transpose(value, [1, 0]) : g.add(value, pick()));
  }
  return nodes;
}

const idsOf = (nodes: Iterable<g.Node>): number[] => Array.from(nodes, ({ id }) => id).sort((a, b) => a - b);

for (const seed of Array(20).keys()) {
  test(`random graph ${seed}: what passes read is what their operations read, whatever became one`, (t) => {
    const random = Random.fromSeed(seed, 'reads');
    const order = g.topologicalOrder(randomGraph(random));
    const views = planViews(order);
    const passes = order.filter(isPass).map((node) => ({ members: new Set([node]), reads: new Reads([node], views) }));
    let dropped = 0;
    while (passes.length > 1) {
      const [at, from] = [random.integer(passes.length), random.integer(passes.length)];
      const [a, b] = [passes[at], passes[from]];
      if (a === undefined || b === undefined || a === b) continue;
      const together = new Set([...a.members, ...b.members]);
      const expected = operandsOf(together, views);
      t.is(a.reads.operandsWith(b.reads), expected.size);
      t.is(b.reads.operandsWith(a.reads), expected.size);
      const apart = new Set([...a.reads.operands.keys(), ...b.reads.operands.keys()]);
      if (apart.size > expected.size) dropped++;
      a.reads.add(b.reads);
      passes[at] = { members: together, reads: a.reads };
      passes.splice(from, 1);
      t.deepEqual(idsOf(a.reads.operands.keys()), idsOf(expected));
      t.is(a.reads.bytes, bytesOf(expected));
    }
    t.true(dropped > 3, 'some read what others compute');
  });
}
