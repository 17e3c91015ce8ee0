import test from 'ava';
import { compile, type ProgramCost } from '../../../lib/compile/index.js';
import { planMemory } from '../../../lib/compile/memory/arena.js';
import { schedule } from '../../../lib/compile/memory/schedule.js';
import type { Storage, Unit } from '../../../lib/compile/program/ir.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { bound } from '../../support/compile/passes.js';

function value(elementCount: number): Storage {
  return { dtype: 'float32', elementCount, place: { kind: 'arena', offset: 0 } };
}

function unit(label: string, reads: readonly Storage[], writes: readonly Storage[], invariant = false): Unit {
  return { label, instructions: [], reads, writes, invariant };
}

/** Each unit behind the writers of what it reads. */
function waits(units: readonly Unit[]): Map<Unit, Set<Unit>> {
  return new Map(
    units.map((earlier) => [
      earlier,
      new Set(units.filter(({ reads }) => reads.some((storage) => earlier.writes.includes(storage)))),
    ]),
  );
}

function labels(units: readonly Unit[]): string {
  return schedule(units, waits(units))
    .map(({ label }) => label)
    .join(' ');
}

/** A chain of units, each of which reads what the one before it wrote, and the last value. */
function chain(name: string, length: number): { units: Unit[]; last: Storage } {
  let last = value(10);
  const units = [unit(`${name}0`, [], [last])];
  for (let index = 1; index < length; index++) {
    // Each value is larger, so that no unit frees as much as it takes.
    const next = value(10 * (index + 1));
    units.push(unit(`${name}${index}`, [last], [next]));
    last = next;
  }
  return { units, last };
}

test('a branch is followed to its end before the next one is begun', (t) => {
  const [a, b] = [chain('a', 3), chain('b', 3)];
  const join = unit('join', [a.last, b.last], [value(1)]);
  // Stated step by step, side by side.
  const units = a.units.flatMap((step, index) => [step, b.units[index] as Unit]);
  t.is(labels([...units, join]), 'a0 a1 a2 b0 b1 b2 join');
});

test('a unit that frees what it takes does not wait for a branch to end', (t) => {
  const [x, grown] = [value(100), value(200)];
  const branch = [unit('make', [], [x]), unit('grow', [x], [grown]), unit('grow more', [grown], [value(400)])];
  // The last reader of a value frees it, which is known only when the others have run.
  t.is(labels([...branch, unit('halve', [x], [value(50)])]), 'make grow halve grow more');
  t.is(labels([...branch, unit('double', [x], [value(200)])]), 'make grow grow more double');
});

test('units that are alike keep their order', (t) => {
  const x = value(1);
  const units = [unit('x', [], [x]), ...[...'abcdef'].map((label) => unit(label, [x], [value(2)]))];
  t.is(labels(units), 'x a b c d e f');
});

test('what runs once a run comes before the steps', (t) => {
  const x = value(1);
  t.is(labels([unit('step', [], [value(1)]), unit('once', [], [x], true), unit('use', [x], [])]), 'once use step');
});

test('units that wait for each other are an error', (t) => {
  const [x, y] = [value(1), value(1)];
  const units = [unit('a', [x], [y]), unit('b', [y], [x])];
  t.throws(() => schedule(units, waits(units)), { code: 'INVALID_PROGRAM' });
});

for (const seed of Array(20).keys()) {
  test(`random units ${seed} run once each, behind what they wait for`, (t) => {
    const random = Random.fromSeed(seed, 'schedule');
    const values: Storage[] = [];
    const units = Array.from({ length: 60 }, (_, index) => {
      const reads = Array.from(
        { length: Math.min(index, random.integer(4)) },
        () => values[random.integer(values.length)],
      );
      const written = value(1 + random.integer(100));
      values.push(written);
      return unit(`${index}`, [...new Set(reads as Storage[])], [written]);
    });
    // The order in which they are given says nothing about what they wait for.
    const given = random.integer(2) === 0 ? units : units.toReversed();
    const ordered = schedule(given, waits(units));
    t.is(new Set(ordered).size, units.length);
    const done = new Set<Storage>();
    for (const { reads, writes } of ordered) {
      t.true(reads.every((storage) => done.has(storage)));
      for (const storage of writes) done.add(storage);
    }
  });
}

/** The mean loss of layers that double the features and halve them again. */
function loss(x: g.Node, weights: readonly g.Node[]): g.Node {
  return g.mean(weights.reduce((value, weight) => g.tanh(g.matmul(value, weight)), x));
}

const weights = [0, 1, 2, 3].map((layer) => g.input(`w${layer}`, layer % 2 === 0 ? [32, 64] : [64, 32]));

function memoryOf(value: g.Node): { arenaBytes: number; liveBytes: number } {
  const updates = g.gradient(value, weights).map((gradient, i) => [weights[i], g.sub(weights[i] as g.Node, gradient)]);
  return planMemory(bound({ updates: updates as [g.Node, g.Node][] }).units, { reuse: true });
}

test('a penalty step needs no more memory than the larger of its branches and the gradients of the other', (t) => {
  const [train, validation] = ['train', 'validation'].map((name) => g.input(name, [500, 32])) as [g.Node, g.Node];
  const f = loss(validation, weights);
  const penalty = g.sumOfSquares(g.gradient(loss(train, weights), weights));
  const [alone, other, step] = [penalty, f, g.add(f, penalty)].map(memoryOf) as ReturnType<typeof memoryOf>[];
  const gradients = weights.length * 32 * 64 * 4;
  t.true((step?.liveBytes ?? 0) <= Math.max(alone?.liveBytes ?? 0, other?.liveBytes ?? 0) + 2 * gradients);
  // Of the activations of two forward and two backward passes, that many are alive at a time.
  t.true((alone?.liveBytes ?? 0) <= 13 * 500 * 64 * 4);
  // Placing the values loses little of the arena between them.
  for (const memory of [alone, other, step]) {
    t.true((memory?.arenaBytes ?? 0) <= 1.1 * (memory?.liveBytes ?? 0), JSON.stringify(memory));
  }
});

test('nothing that two networks with batch normalization share makes their values live together', (t) => {
  const shapes = [0, 1, 2].flatMap((layer) => [[16, layer === 0 ? 3 : 16, 3, 3], [16], [16]]);
  const v = shapes.map((shape, i) => g.input(`v${i}`, shape));
  const padding = [1, 1].map((size): [number, number] => [size, size]);
  const networkLoss = (name: string): g.Node => {
    let x = g.input(name, [8, 3, 16, 16]);
    for (let i = 0; i < v.length; i += 3) {
      const [weight, scale, bias] = v.slice(i, i + 3) as [g.Node, g.Node, g.Node];
      x = g.relu(g.batchNormTrain(g.conv(x, weight, { padding }), scale, bias, { epsilon: 1e-5 }).output);
    }
    return g.mean(g.mul(x, x));
  };
  const costOf = (value: g.Node): ProgramCost => {
    const next = g.gradient(value, v).map((gradient, i): [g.Node, g.Node] => {
      const parameter = v[i] as g.Node;
      const momentum = g.input(`momentum${i}`, parameter.shape);
      return [parameter, g.sub(parameter, g.add(g.mul(momentum, 0.9), gradient))];
    });
    return compile({ outputs: { value }, updates: next }).cost;
  };
  const f = networkLoss('validation');
  const penalty = g.sumOfSquares(g.gradient(networkLoss('train'), v));
  const [alone, step] = [costOf(penalty), costOf(g.add(f, penalty))];
  // One activation has 131 kB; all parameters together have 20 kB.
  t.true(step.liveBytes <= alone.liveBytes + 60_000, `${step.liveBytes} and ${alone.liveBytes}`);
  t.true(step.arenaBytes <= 1.1 * step.liveBytes);
});
