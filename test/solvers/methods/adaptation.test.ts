import test, { type ExecutionContext } from 'ava';
import { type BilevelProblem, bilevelProblem, box, feed, perSample } from '../../../lib/bilevel/index.js';
import {
  add,
  broadcastTo,
  constant,
  expandDims,
  matmul,
  mul,
  type Node,
  reduceSum,
  softplus,
  square,
  sub,
  tanh,
} from '../../../lib/graph/index.js';
import { anil, imaml, maml } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { distance, movedBy } from '../../support/solvers/directions.js';
import { type Descent, type PathOptions, pathDerivative } from '../../support/solvers/lower-path.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** Two tasks of five points each, to which a map of three features is to be fitted. */
const wave = (length: number, pace: number) => Array.from({ length }, (_, index) => Math.sin(pace * (index + 1)));
const support = { x: constant(wave(30, 1.3), [2, 5, 3]), y: constant(wave(10, 0.7), [2, 5, 1]) };
const query = { x: constant(wave(30, 2.1), [2, 5, 3]), y: constant(wave(10, 1.9), [2, 5, 1]) };

const start = { scale: [0.8, -0.6, 1.1], head: [0.3, -0.2, 0.5], shift: [0.1] };

/** The square error and a term that is not quadratic, summed over the tasks and divided by `share`. */
function cost(scale: Node, head: Node, shift: Node, { x, y }: typeof support, share: number): Node {
  const features = tanh(mul(x, scale));
  const rest = sub(add(matmul(features, head), expandDims(shift, [1])), y);
  return mul(1 / share, add(mul(0.5, reduceSum(square(rest))), mul(0.2, reduceSum(softplus(mul(2, head))))));
}

/** The head [3, 1] and the shift [1] of each task start at the upper ones; the scale of the features is shared. */
function problem(sets = {}): BilevelProblem {
  return bilevelProblem({
    upper: {
      scale: Tensor.from(start.scale),
      head: Tensor.from(start.head, [3, 1]),
      shift: Tensor.from(start.shift, [1]),
    },
    lower: { head: Tensor.zeros([2, 3, 1]), shift: Tensor.zeros([2, 1]) },
    f: ({ u, v }) => cost(u.scale, v.head, v.shift, query, 2),
    g: ({ u, v }) => cost(u.scale, v.head, v.shift, support, 1),
    sets,
  });
}

const rate = 0.1;
const steps = 5;
const descent: Descent = ({ g }) => g.map((along) => mul(rate, along));
/** v of both tasks at the head and the shift among the elements of u. */
const atUpper: NonNullable<PathOptions['start']> = (u) => {
  const [head, shift] = [u.slice(3, 6), u.slice(6)];
  return [...head, ...head, ...shift, ...shift];
};

const settings = { upperOptimizer: 'sgd', upperLearningRate: 1, lowerSteps: steps, lowerLearningRate: rate } as const;

function near(t: ExecutionContext, actual: readonly number[], expected: readonly number[], within = 2e-6): void {
  t.true(distance(actual, expected) < within, `${actual}, not ${expected}`);
}

for (const [name, method] of Object.entries({ maml, anil })) {
  test(`${name} moves u along the derivative through the steps of both tasks and through their start`, async (t) => {
    const expected = pathDerivative(problem(), { descent, steps, start: atUpper });
    const fixed = pathDerivative(problem(), {
      descent,
      steps,
      start: () => atUpper([...start.scale, ...start.head, ...start.shift]),
    });
    t.true(distance(expected.du, fixed.du) > 0.1, 'the start matters');
    const { du, v } = await movedBy(method(problem(), settings, { device }));
    near(t, v, expected.v);
    near(t, du, expected.du);
  });

  test(`${name} starts at u in every iteration`, async (t) => {
    using solver = method(problem(), { ...settings, upperLearningRate: 1e-9 }, { device });
    const state = solver.init();
    await solver.step(state);
    const first = state.v.head?.toArray();
    await solver.step(state);
    t.deepEqual(state.v.head?.toArray(), first);
  });
}

test('a set that holds a task back cuts off its part of the derivative', async (t) => {
  const of = problem({ lower: { head: box(-0.3, 0.45), shift: box(-0.02, 0.2) } });
  const expected = pathDerivative(of, { descent, steps, start: atUpper });
  t.true(expected.v.some((value) => [-0.3, 0.45, -0.02, 0.2].includes(value)));
  near(t, (await movedBy(maml(of, settings, { device }))).du, expected.du);
});

for (const [name, method] of Object.entries({ maml, anil })) {
  test(`${name} of first order moves u along the derivative of f where the steps end, as if the start moved that alone`, async (t) => {
    const { v } = pathDerivative(problem(), { descent, steps, start: atUpper });
    // No step, from a start that is v_T where u is now and moves with u.
    const now = atUpper([...start.scale, ...start.head, ...start.shift]);
    const expected = pathDerivative(problem(), {
      descent,
      steps: 0,
      start: (u) => atUpper(u).map((value, index) => value - (now[index] ?? 0) + (v[index] ?? 0)),
    });
    const solver = method(problem(), { ...settings, firstOrder: true }, { device });
    const { evaluations } = await solver.step(solver.init());
    t.deepEqual([evaluations.hessianVectorProducts, evaluations.jacobianVectorProducts], [0, 0]);
    const moved = await movedBy(solver);
    near(t, moved.v, v);
    near(t, moved.du, expected.du);
    const full = await movedBy(method(problem(), settings, { device }));
    t.true(distance(moved.du, full.du) > 0.01, 'second order matters');
  });
}

test('imaml moves u along the derivative of where g and the distance from u balance', async (t) => {
  const [proximity, of] = [0.7, problem()];
  const pulls = of.lower.map(({ name, value }) => {
    const from = of.upper.find((variable) => variable.name === name)?.value ?? value;
    return mul(proximity, sub(value, broadcastTo(expandDims(from, [0]), value.shape)));
  });
  const balance: Descent = ({ g }) => g.map((along, index) => mul(rate, add(along, pulls[index] ?? along)));
  const expected = pathDerivative(of, { descent: balance, steps: 250, start: atUpper });
  const errors: number[] = [];
  for (const linearSteps of [1, 3, 8]) {
    const options = { ...settings, lowerSteps: 250, linearSteps, proximity };
    const { du, v } = await movedBy(imaml(of, options, { device }));
    near(t, v, expected.v);
    errors.push(distance(du, expected.du));
  }
  const [few = 0, more = 0, many = 0] = errors;
  t.true(few > 4 * more && more > 10 * many && many < 3e-6, `${errors}`);
});

/** Two tasks drawn to different centres, alone or as trials. */
function centres(starts: readonly number[], trials?: number): BilevelProblem {
  const lead = trials === undefined ? [] : [trials];
  const axes = trials === undefined ? undefined : [1, 2];
  const goals = constant([1, -1, 0.5, 2], [2, 2]);
  const distanceTo = (x: Node) => reduceSum(softplus(square(sub(x, goals))), axes);
  return bilevelProblem({
    upper: { x: Tensor.from(starts, [...lead, 2]) },
    lower: { x: Tensor.zeros([...lead, 2, 2]) },
    ...(trials !== undefined && { trials }),
    f: ({ v }) => distanceTo(mul(0.5, v.x)),
    g: ({ v }) => distanceTo(v.x),
  });
}

test('the axis of tasks comes after that of trials', async (t) => {
  const starts = [
    [0.3, -0.4],
    [1.2, 0.1],
    [-0.5, 0.9],
  ];
  for (const method of [maml, imaml]) {
    const { du } = await movedBy(method(centres(starts.flat(), 3), settings, { device }));
    const alone = await Promise.all(starts.map((each) => movedBy(method(centres(each), settings, { device }))));
    near(
      t,
      du,
      alone.flatMap((single) => single.du),
    );
  }
});

test('lower variables without an upper one to start at are refused', (t) => {
  const square2 = (x: Node) => reduceSum(square(x));
  const lower = { x: Tensor.zeros([3]) };
  const feeds = { rows: feed({ x: Tensor.zeros([3]) }, { batch: 2 }) };
  const [other, longer, sampled] = [
    bilevelProblem({ upper: { y: Tensor.zeros([3]) }, lower, f: ({ v }) => square2(v.x), g: ({ v }) => square2(v.x) }),
    bilevelProblem({ upper: { x: Tensor.zeros([4]) }, lower, f: ({ v }) => square2(v.x), g: ({ v }) => square2(v.x) }),
    bilevelProblem({
      upper: { x: perSample(Tensor.zeros([3]), 'rows') },
      lower,
      feeds,
      f: ({ v }) => square2(v.x),
      g: ({ v, rows }) => add(square2(v.x), reduceSum(rows.x)),
    }),
  ];
  for (const method of [maml, anil, imaml]) {
    t.throws(() => method(other), { code: 'INVALID_ARGUMENT', message: /one named x.*lower variable/ });
    t.throws(() => method(sampled), { code: 'INVALID_ARGUMENT', message: /one named x, not by rows of samples/ });
    t.throws(() => method(longer), {
      code: 'SHAPE_MISMATCH',
      message: /lower variable x .*float32\[3\].*float32\[4\]/,
    });
  }
});
