import test from 'ava';
import { affine, bilevelProblem, type ConvexSet, l1Ball, l2Ball, simplex } from '../../lib/bilevel/index.js';
import { add, constant, type Node, reduceSum, square, sub } from '../../lib/graph/index.js';
import { penalty } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const farthest = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));

/** min |u|^2 + |v|^2 over u of a set, where v = a - u minimises |a - u - v|^2: u is the member nearest to a / 2. */
const a = [2, 1, 0, -1];
const nearestToHalf = (set: ConvexSet, start: readonly number[]) =>
  bilevelProblem({
    upper: { u: Tensor.from(start) },
    lower: { v: Tensor.zeros([4]) },
    f: ({ u, v }) => add(reduceSum(square(u.u)), reduceSum(square(v.v))),
    g: ({ u, v }) => reduceSum(square(sub(sub(constant(a), u.u), v.v))),
    sets: { upper: { u: set } },
  });
const options = {
  gamma: 1,
  lambda: 0,
  upperOptimizer: 'sgd',
  lowerOptimizer: 'sgd',
  gammaFactor: 1,
  multipliers: true,
  growth: 'everyIteration',
  growthLimit: 400,
  upperLearningRate: 0.1,
  lowerLearningRate: 0.15,
} as const;

const length = Math.hypot(1, 0.5, 0, -0.5);
const solved: readonly (readonly [ConvexSet, start: readonly number[], solution: readonly number[]])[] = [
  [simplex(), [0.25, 0.25, 0.25, 0.25], [0.75, 0.25, 0, 0]],
  [l1Ball(1), [0, 0, 0, 0], [2 / 3, 1 / 6, 0, -1 / 6]],
  [l2Ball(0.5), [0, 0, 0, 0], [0.5 / length, 0.25 / length, 0, -0.25 / length]],
  [l2Ball(5), [0, 0, 0, 0], [1, 0.5, 0, -0.5]],
  [affine(Tensor.from([1, 1, 1, 1], [1, 4]), Tensor.from([3])), [3, 0, 0, 0], [1.5, 1, 0.5, 0]],
];
for (const [set, start, solution] of solved) {
  test(`the penalty method solves a problem over ${set.description}`, async (t) => {
    using solver = penalty(nearestToHalf(set, start), options, { device });
    const state = solver.init();
    for await (const _ of solver.run({ state, iterations: 400 }));
    const u = state.u.u?.toArray() ?? [];
    const v = state.v.v?.toArray() ?? [];
    t.true(farthest(u, solution) < 1e-5, `${u}, not ${solution}`);
    t.true(
      farthest(
        v,
        solution.map((value, index) => (a[index] ?? 0) - value),
      ) < 1e-4,
      `${v}`,
    );
  });
}

test('a set holds for each trial by itself', async (t) => {
  const starts = [...[0.25, 0.25, 0.25, 0.25], ...[0, 0, 0, 1]];
  const norms = (x: Node): Node => reduceSum(square(x), [1]);
  const trials = (u: readonly number[]) =>
    bilevelProblem({
      trials: 2,
      upper: { u: Tensor.from(u, [2, 4]) },
      lower: { v: Tensor.zeros([2, 4]) },
      f: ({ u, v }) => add(norms(u.u), norms(v.v)),
      g: ({ u, v }) => norms(sub(sub(constant([...a, ...a.toReversed()], [2, 4]), u.u), v.v)),
      sets: { upper: { u: simplex() } },
    });
  using solver = penalty(trials(starts), options, { device });
  const state = solver.init();
  for await (const _ of solver.run({ state, iterations: 400 }));
  const solution = [0.75, 0.25, 0, 0];
  t.true(
    farthest(state.u.u?.toArray() ?? [], [...solution, ...solution.toReversed()]) < 1e-5,
    `${state.u.u?.toArray()}`,
  );
  t.throws(() => trials([0.5, 0, 0, 0.5, 0.5, 0, 0, 0]), {
    message: /simplex\(1\) .* element \[1, 0\] is 0\.5, and 0\.625 at/,
  });
});

test('a state saved for one set is refused for another', async (t) => {
  const start = [0, 0, 0, 0];
  using solver = penalty(nearestToHalf(l2Ball(0.5), start), options, { device });
  using same = penalty(nearestToHalf(l2Ball(0.5), start), options, { device });
  using other = penalty(nearestToHalf(l2Ball(0.75), start), options, { device });
  const state = solver.init();
  await solver.step(state);
  const saved = solver.serialize(state);
  t.notThrows(() => same.restore(saved));
  t.throws(() => other.restore(saved), {
    code: 'STATE_MISMATCH',
    message: /the set of u\.u is "l2Ball\(0\.5\)" there but "l2Ball\(0\.75\)" here/,
  });
});
