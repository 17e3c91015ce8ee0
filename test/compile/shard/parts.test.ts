// What steps keep dealt to ranks: what they fill with parts, unless all of it is wanted as often.
import test from 'ava';
import { perTask } from '../../../lib/bilevel/index.js';
import { type ProgramSpec, partsOf } from '../../../lib/compile/index.js';
import { shard } from '../../../lib/compile/shard/shard.js';
import { defaultTarget } from '../../../lib/compile/target.js';
import {
  constant,
  gradient,
  input,
  isOp,
  matmul,
  mul,
  type Node,
  reduceSum,
  reshape,
  setRows,
  shardable,
  square,
  sub,
} from '../../../lib/graph/index.js';
import { elementCount } from '../../../lib/tensor.js';
import { worstError } from '../../support/engine/run-native.js';
import { evaluateTogether } from '../../support/graph/lockstep.js';

const ranks = { rank: 1, size: 2 };
const tasks = 4;
const x = shardable(input('x', [tasks, 5, 3]));
const w = input('w', [tasks, 3, 2]);
const start = input('start', [3, 2]);
const losses = perTask({ x, w }, (task) => reduceSum(square(matmul(task.x, task.w))));
const slope = gradient(reduceSum(losses), [w])[0] as Node;

const descend: ProgramSpec = { updates: [[w, sub(w, mul(0.1, slope))]] };

const dealt = (steps: readonly ProgramSpec[], stacks = {}, gathered = 0) =>
  partsOf({ steps, mayDeal: () => true, stacks, gatheredElements: () => gathered }, ranks, defaultTarget);

test('networks of tasks are dealt, and what is kept of them along the axis of the tasks', (t) => {
  const points = input('points', [6, tasks, 3, 2]);
  const row = input('row', [1], 'int32');
  const kept: ProgramSpec = {
    updates: [...(descend.updates ?? []), [points, setRows(points, row, reshape(w, [1, tasks, 3, 2]))]],
  };
  t.deepEqual(dealt([kept]), { w: 0, points: 1 });
});

test('what has to be whole at the end is dealt where a sum of its own is worth it', (t) => {
  t.deepEqual(dealt([descend], {}, tasks * 6), {});
  t.deepEqual(dealt([descend, descend], {}, tasks * 6), { w: 0 });
  const large = input('large', [tasks, 2000]);
  const alone: ProgramSpec = { updates: [[large, mul(large, shardable(input('y', [tasks, 2000])))]] };
  t.deepEqual(dealt([alone], {}, tasks * 2000), { large: 0 });
  t.deepEqual(dealt([alone], {}, tasks * 2000 + 1), {});
});

test('weights that all tasks share are whole', (t) => {
  const shared = input('shared', [3, 2]);
  const all = perTask({ x }, (task) => reduceSum(square(matmul(task.x, shared))));
  const [along] = gradient(reduceSum(all), [shared]) as [Node];
  t.deepEqual(dealt([{ updates: [[shared, sub(shared, along)]] }]), {});
});

test('what is wanted whole is dealt where more steps would have to put it together', (t) => {
  const wanted: ProgramSpec = { outputs: { doubled: mul(reshape(w, [tasks * 6]), constant(2)) } };
  t.deepEqual(dealt([descend, wanted]), {});
  t.deepEqual(dealt([descend, descend, wanted]), { w: 0 });
});

test('what may not be dealt is whole', (t) => {
  const stated = { steps: [descend], mayDeal: () => false, stacks: {}, gatheredElements: () => 0 };
  t.deepEqual(partsOf(stated, ranks, defaultTarget), {});
});

test('trials are dealt where they have enough to compute', (t) => {
  const step = (size: number): ProgramSpec => {
    const [v, matrix] = [input('v', [2, size]), input('matrix', [size, size])];
    return { updates: [[v, matmul(v, matrix)]] };
  };
  t.deepEqual(dealt([step(8)], { v: 0 }), {});
  t.deepEqual(dealt([step(4000)], { v: 0 }), { v: 0 });
  t.deepEqual(dealt([step(4000)], { v: 0 }, 1e6), {});
});

test('each rank updates its part of what is dealt, and has it whole where that is asked for', (t) => {
  const data = (count: number, scale: number) => Float64Array.from({ length: count }, (_, at) => Math.sin(at) * scale);
  const [xs, ws, starts] = [data(tasks * 15, 1), data(tasks * 6, 2), data(6, 3)];
  const spec = {
    values: [mul(w, start), reduceSum(w, [0])],
    updates: [[w, sub(mul(w, start), slope)]] as const,
  };
  const feed = (node: Node, own: Float64Array): readonly [Node, Float64Array] => [node, own];
  const xNode = x.inputs[0] as Node;
  const alone = shard(spec, { rank: 0, size: 1 });
  const inputs = new Map([feed(xNode, xs), feed(start, starts)]);
  const rootsOf = ({ values, updates }: typeof alone) => [...values, ...updates.map(([, value]) => value)];
  const [expected = []] = evaluateTogether([rootsOf(alone)], new Map([...inputs, feed(w, ws)])).values;
  for (const size of [2, 3]) {
    const made = Array.from({ length: size }, (_, rank) => shard(spec, { rank, size }, { w: 0 }));
    const starting = new Map(inputs);
    let at = 0;
    for (const { updates } of made) {
      const [[target] = []] = updates;
      if (target === undefined || !isOp(target, 'input')) return t.fail();
      const length = elementCount(target.shape);
      starting.set(target, ws.subarray(at, at + length));
      at += length;
    }
    t.is(at, ws.length);
    const { values } = evaluateTogether(made.map(rootsOf), starting);
    let place = 0;
    for (const own of values) {
      for (const index of [0, 1]) {
        t.true(worstError(own[index] as Float64Array, expected[index] as Float64Array) < 1e-12);
      }
      const rows = own[2] as Float64Array;
      t.true(worstError(rows, (expected[2] as Float64Array).subarray(place, place + rows.length)) < 1e-12);
      place += rows.length;
    }
  }
});
