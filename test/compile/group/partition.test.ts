import test from 'ava';
import { Contraction } from '../../../lib/compile/group/contraction.js';
import { type Group, iterationShape, type Partition } from '../../../lib/compile/group/group.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { partitioned } from '../../support/compile/passes.js';

const x = g.input('x', [4, 4]);
const y = g.input('y', [4, 4]);

/** The operations of every group, and which of them are written to memory, marked with `!`. */
function passes(plan: Partition): string[] {
  return [...new Set(plan.values())]
    .map(({ members, outputs }) =>
      [...members]
        .sort((a, b) => a.id - b.id)
        .map((node) => `${node.op}${outputs.has(node) ? '!' : ''}`)
        .join(' '),
    )
    .sort();
}

test('a chain of elementwise operations and its reduction are one pass, which stores the result alone', (t) => {
  const plan = partitioned([g.reduceSum(g.exp(g.mul(x, y)), [1])]);
  t.deepEqual(passes(plan), ['mul exp reduceSum!']);
  const [group] = plan.values();
  t.like(group, { shape: [4, 4], axes: [1] });
});

test('without fusion every operation is a pass and stores its result', (t) => {
  const plan = partitioned([g.reduceSum(g.exp(g.mul(x, y)))], { fuse: false });
  t.deepEqual(passes(plan), ['exp!', 'mul!', 'reduceSum!']);
});

test('one pass may have several results', (t) => {
  const product = g.mul(x, y);
  t.deepEqual(passes(partitioned([product, g.exp(product), g.sin(product)])), ['mul! exp! sin!']);
});

test('reductions over the same axes are one pass, over different axes one each', (t) => {
  const root = g.exp(x);
  t.deepEqual(passes(partitioned([g.reduceSum(root, [0]), g.reduceMax(root, [0])])), ['exp reduceSum! reduceMax!']);
  t.deepEqual(passes(partitioned([g.reduceSum(root, [0]), g.reduceSum(root, [1])])), [
    'exp!',
    'reduceSum!',
    'reduceSum!',
  ]);
});

test('a reduction that others need in full is a pass of its own', (t) => {
  const shifted = g.sub(x, g.reduceMax(x, [1], { keepDims: true }));
  t.deepEqual(passes(partitioned([g.exp(shifted)])), ['reduceMax!', 'sub exp!']);
});

test('passes that read the same memory are one, others stay apart unless they are tiny', (t) => {
  t.deepEqual(passes(partitioned([g.exp(x), g.sin(x)])), ['exp! sin!']);
  t.deepEqual(passes(partitioned([g.exp(x), g.sin(y)])), ['exp!', 'sin!']);
  t.deepEqual(passes(partitioned([g.exp(g.input('s', [])), g.sin(g.input('t', []))])), ['exp! sin!']);
});

test('passes that share a small operand are one only while they are tiny themselves', (t) => {
  const scaled = (size: number) => {
    const scale = g.input('scale', [size]);
    return [g.mul(g.input('p', [4, size]), scale), g.mul(g.input('q', [4, size]), scale)];
  };
  t.deepEqual(passes(partitioned(scaled(64))), ['mul! mul!']);
  t.deepEqual(passes(partitioned(scaled(4096))), ['mul!', 'mul!']);
});

test('passes of two branches that share an input alone stay apart while others wait for them', (t) => {
  const weight = g.input('weight', [4, 4]);
  const branch = (value: g.Node) => g.mul(g.matmul(value, value), weight);
  const [a, b] = [branch(x), branch(y)];
  t.deepEqual(passes(partitioned([a, b])), ['mul! mul!']);
  t.deepEqual(passes(partitioned([g.matmul(a, a), g.matmul(b, b)])), ['mul!', 'mul!']);
  // What they share was computed: they wait for the same anyway.
  const common = g.matmul(x, y);
  const [c, d] = [g.exp(common), g.mul(g.matmul(x, x), common)];
  t.deepEqual(passes(partitioned([g.matmul(c, c), g.matmul(d, d)])), ['exp! mul!']);
  // A result may wait for more than a branch should.
  t.deepEqual(passes(partitioned([g.matmul(c, c), g.mul(common, weight)])), ['exp!', 'mul!']);
  // Much input is worth the wait.
  const large = g.input('large', [128, 128]);
  const [e, f] = [g.exp(large), g.sin(large)];
  t.deepEqual(passes(partitioned([g.matmul(e, e), g.matmul(f, f)])), ['exp! sin!']);
});

test('a value that leaves a pass and comes back through a product is not merged with its user', (t) => {
  const before = g.exp(x);
  const after = g.add(before, g.matmul(before, y));
  t.deepEqual(passes(partitioned([after])), ['add!', 'exp!']);
  // The same memory, read before and behind the product.
  t.deepEqual(passes(partitioned([g.mul(g.matmul(g.exp(x), y), x)])), ['exp!', 'mul!']);
});

test('work that is done once is not merged with work of every step', (t) => {
  const once = g.exp(x);
  const every = g.mul(once, y);
  t.deepEqual(passes(partitioned([every])), ['exp mul!']);
  const plan = partitioned([every], { fuse: true }, (node) => node === once || node === x);
  t.deepEqual(passes(plan), ['exp!', 'mul!']);
});

/** Operations and the values that they read from outside, for the largest pass. */
function largest(plan: Partition): { members: number; operands: number; passes: number } {
  const groups = new Set<Group>(plan.values());
  const operands = ({ members }: Group) =>
    new Set([...members].flatMap(({ inputs }) => inputs.filter((input) => !members.has(input)))).size;
  return {
    members: Math.max(...[...groups].map((group) => group.members.size)),
    operands: Math.max(...[...groups].map(operands)),
    passes: groups.size,
  };
}

test('a pass holds at most 96 operations and 48 operands', (t) => {
  let chain = x;
  for (let index = 0; index < 200; index++) chain = g.exp(chain);
  t.deepEqual(largest(partitioned([chain])), { members: 96, operands: 1, passes: 3 });

  let sum = x;
  for (let index = 0; index < 90; index++) sum = g.add(sum, g.input(`x${index}`, [4, 4]));
  const { operands, passes: count } = largest(partitioned([sum]));
  t.is(operands, 48);
  t.is(count, 2);
});

/** Elementwise operations on random earlier values, with a product here and there. */
function randomGraph(seed: number, size: number): g.Node[] {
  const random = Random.fromSeed(seed, 'contraction');
  const nodes: g.Node[] = [x, y];
  const pick = () => nodes[Math.max(0, nodes.length - 1 - random.integer(6))] as g.Node;
  while (nodes.length < size) nodes.push(random.uniform() < 0.25 ? g.matmul(pick(), pick()) : g.add(pick(), pick()));
  return nodes;
}

for (const seed of Array(20).keys()) {
  test(`random graph ${seed}: clusters merge exactly when that leaves no cycle`, (t) => {
    const order = randomGraph(seed, 24);
    const random = Random.fromSeed(seed, 'merges');
    const isInternal = (_: g.Node, consumer: g.Node) => consumer.op === 'add';
    const contraction = new Contraction(order, isInternal);
    const clusterOf = (node: g.Node) => contraction.clusterOf(node);

    const leads = (from: object, to: object): boolean => {
      const seen = new Set([from]);
      for (const cluster of seen) {
        for (const node of order)
          if (node.inputs.some((source) => clusterOf(source) === cluster)) seen.add(clusterOf(node));
      }
      return seen.has(to);
    };

    /** Whether the two as one would depend on themselves, found by walking everything. */
    const cycles = (a: object, b: object): boolean => {
      const inside = (cluster: object) => cluster === a || cluster === b;
      const next = new Map<object, Set<object>>();
      let direct = false;
      for (const node of order) {
        for (const source of node.inputs) {
          const [from, to] = [clusterOf(source), clusterOf(node)];
          if (from === to) continue;
          if (inside(from) && inside(to)) {
            direct ||= !isInternal(source, node);
            continue;
          }
          const set = next.get(from) ?? new Set();
          next.set(from, set.add(to));
        }
      }
      const seen = new Set<object>([...(next.get(a) ?? []), ...(next.get(b) ?? [])]);
      for (const cluster of seen) for (const further of next.get(cluster) ?? []) seen.add(further);
      return direct || seen.has(a) || seen.has(b);
    };
    let merged = 0;
    let refused = 0;
    for (let attempt = 0; attempt < 80; attempt++) {
      const [a, b] = [random.integer(order.length), random.integer(order.length)].map((index) =>
        clusterOf(order[index] as g.Node),
      ) as [ReturnType<typeof clusterOf>, ReturnType<typeof clusterOf>];
      if (a === b) continue;
      const expected = !cycles(a, b);
      const { isMergeable, isBehind } = contraction.around(a);
      for (const other of new Set(order.map(clusterOf))) {
        if (other === a) continue;
        t.is(isMergeable(other), !cycles(a, other));
        t.is(isBehind(other), leads(other, a));
      }
      if (!expected) {
        refused++;
        continue;
      }
      const members = [...a.members, ...b.members];
      const whole = contraction.merge(a, b);
      t.true(members.every((node) => clusterOf(node) === whole));
      for (const node of order) {
        for (const source of node.inputs) {
          t.true(clusterOf(source) === clusterOf(node) || clusterOf(source).position < clusterOf(node).position);
        }
      }
      merged++;
    }
    t.true(merged > 0);
    t.true(refused > 0);
  });
}

test('the space of a reduction is that of its operand', (t) => {
  t.deepEqual(iterationShape(g.reduceSum(x)), [4, 4]);
  t.deepEqual(iterationShape(g.exp(x)), [4, 4]);
});
