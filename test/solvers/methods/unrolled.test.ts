import test, { type ExecutionContext } from 'ava';
import { type BilevelProblem, bilevelProblem, box, l2Ball } from '../../../lib/bilevel/index.js';
import {
  add,
  constant,
  exp,
  matmul,
  mul,
  type Node,
  reduceSum,
  reshape,
  softplus,
  square,
  sub,
  tanh,
} from '../../../lib/graph/index.js';
import { schedules } from '../../../lib/schedules/index.js';
import { type MethodSolver, methods, type SolverResources } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { distance, movedBy } from '../../support/solvers/directions.js';
import { type Descent, pathDerivative } from '../../support/solvers/lower-path.js';

const device = testDevice();
test.after.always(() => device.dispose());

const mix = constant([1, -0.5, 0.25, 0.75, 0.5, -1, -0.25, 1, 0.5, 0.5, -0.75, 1], [3, 4]);
const goal = constant([1, 0.5, -1, 0.25], [1, 4]);
const norm2 = (x: Node): Node => reduceSum(square(x));

/** Neither cost is quadratic, and the sets, where there are some, stop v on its way. */
function problem(restricted = false): BilevelProblem {
  const image = (x: Node) => tanh(matmul(reshape(x, [1, 3]), mix));
  return bilevelProblem({
    upper: { x: Tensor.from([0.5, -1, 0.75]), decay: Tensor.from([0.1, -0.2]) },
    lower: { a: Tensor.from([0.1, -0.3, 0.2, 0.3], [1, 4]), b: Tensor.from([0.2, -0.1]) },
    f: ({ u, v }) => add(norm2(sub(v.a, goal)), add(reduceSum(softplus(mul(v.b, u.decay))), norm2(u.x))),
    g: ({ u, v }) => {
      const fit = add(norm2(sub(v.a, image(u.x))), reduceSum(softplus(mul(2, v.a))));
      const decay = reduceSum(mul(exp(u.decay), sub(exp(v.b), v.b)));
      return add(fit, add(decay, mul(reduceSum(v.a), reduceSum(v.b))));
    },
    ...(restricted && { sets: { lower: { a: box(-0.4, 0.35), b: l2Ball(0.23) } } }),
  });
}

type AnyMethod = (problem: BilevelProblem, options: object, resources: SolverResources) => MethodSolver;
const open = (name: keyof typeof methods, of: BilevelProblem, options: object): MethodSolver =>
  (methods[name] as AnyMethod)(of, { upperOptimizer: 'sgd', upperLearningRate: 1, ...options }, { device });

/** The direction along which an iteration moves u, where it leaves v, and what it reports. */
const moved = (name: keyof typeof methods, of: BilevelProblem, options: object) => movedBy(open(name, of, options));

function near(t: ExecutionContext, actual: readonly number[], expected: readonly number[], within = 2e-6): void {
  t.true(distance(actual, expected) < within, `${actual}, not ${expected}`);
}

/** Some elements are at an end of the box and others are not, and b is on the sphere. */
function atSets(t: ExecutionContext, v: readonly number[]): void {
  const held = v.slice(0, 4).filter((value) => value === -0.4 || value === 0.35);
  t.true(held.length > 0 && held.length < 4, `${v}`);
  t.true(Math.abs(Math.hypot(...v.slice(4)) - 0.23) < 1e-9, `${v}`);
}

const rate = 0.15;
const steps = 6;
const descent: Descent = ({ g }) => g.map((along) => mul(rate, along));
const rates = { lowerLearningRate: rate, lowerSteps: steps };

/** Methods and options that differentiate the last `following` of the steps. */
const truncations: readonly [keyof typeof methods, object, number][] = [
  ['rmd', {}, steps],
  ['rmd', { storage: 'checkpoints' }, steps],
  ['rmd', { backwardSteps: 2 }, 2],
  ['rmd', { backwardSteps: 5, storage: 'checkpoints' }, 5],
  ['rmd', { variant: 'authors' }, steps - 1],
  ['itd', {}, steps],
  ['fmd', {}, steps],
  ['reverse', { backwardSteps: 3 }, 3],
  ['tRhg', { backwardSteps: 4 }, 4],
  ['bda', { aggregation: 0 }, steps],
];

for (const restricted of [false, true]) {
  const where = restricted ? 'where sets hold v back' : 'without sets';
  const references = new Map(
    [2, 3, 4, 5, 6].map((following) => [following, pathDerivative(problem(restricted), { descent, steps, following })]),
  );

  for (const [name, options, following] of truncations) {
    test(`${name} ${JSON.stringify(options)} moves u along the derivative through ${following} steps ${where}`, async (t) => {
      const { du, v } = await moved(name, problem(restricted), { ...rates, ...options });
      const expected = references.get(following);
      near(t, v, expected?.v ?? []);
      near(t, du, expected?.du ?? []);
    });
  }

  test(`every step that is differentiated changes the direction ${where}`, (t) => {
    const directions = [...references.values()].map(({ du }) => du);
    for (const [index, du] of directions.entries())
      t.true(index === 0 || distance(du, directions[index - 1] ?? []) > 1e-4);
  });

  for (const [aggregationIndex, power] of [
    ['step', 1],
    ['iteration', 0],
  ] as const) {
    test(`bda differentiates steps along both costs, alpha by ${aggregationIndex}, ${where}`, async (t) => {
      const of = problem(restricted);
      const share = (step: number) => 0.4 * (step + 1) ** -power;
      const both: Descent = ({ f, g }, step) =>
        f.map((along, index) => add(mul(0.2 * share(step), along), mul(rate * (1 - share(step)), g[index] ?? along)));
      const aggregation = schedules.powerLaw(0.4, 1);
      const { du, v } = await moved('bda', of, { ...rates, upperScale: 0.2, aggregation, aggregationIndex });
      const expected = pathDerivative(of, { descent: both, steps });
      near(t, v, expected.v);
      near(t, du, expected.du);
    });
  }

  test(`darts moves u along the derivative through one step, up to an error like radius^2, ${where}`, async (t) => {
    const [of, long] = [problem(restricted), 0.6];
    const expected = pathDerivative(of, { descent: ({ g }) => g.map((along) => mul(long, along)), steps: 1 });
    if (restricted) atSets(t, expected.v);
    const errors: number[] = [];
    for (const radius of [12.8, 6.4, 3.2]) {
      const { du } = await moved('darts', of, { lowerLearningRate: long, radius });
      errors.push(distance(du, expected.du));
    }
    const [far = 0, near = 0, nearest = 0] = errors;
    t.true(nearest > 5e-5, `${errors}`);
    for (const ratio of [far / near, near / nearest]) t.true(Math.abs(ratio - 4) < 0.4, `${errors}`);
  });
}

test('the sets are in the way of the path', (t) => {
  atSets(t, pathDerivative(problem(true), { descent, steps }).v);
});

for (const lowerSteps of [1, 2, 3, 4, 5, 9, 10, 17]) {
  test(`checkpoints give the bits of full storage for T = ${lowerSteps}`, async (t) => {
    for (const backwardSteps of [lowerSteps, Math.ceil(lowerSteps / 2)]) {
      const options = { ...rates, lowerSteps, backwardSteps };
      const all = await moved('rmd', problem(true), options);
      const again = await moved('rmd', problem(true), { ...options, storage: 'checkpoints' });
      t.deepEqual(again.du, all.du);
      t.deepEqual(again.v, all.v);
      t.is(again.state.counters['steps.v'], lowerSteps);
      const { wallMs: _, evaluations, ...rest } = all.report;
      const { gGradients } = methods.rmd.evaluations(methods.rmd.validate({ ...options, storage: 'checkpoints' }), 0);
      t.deepEqual({ ...again.report, wallMs: 0 }, { ...rest, evaluations: { ...evaluations, gGradients }, wallMs: 0 });
    }
  });
}

test('kept points take memory K V, checkpoints 2 sqrt(K) V', (t) => {
  const scratch = (options: object): number => {
    using solver = open('rmd', problem(), options);
    return solver.memoryOf(solver.init()).scratch;
  };
  const point = 6 * 4;
  const grown = (options: object, from: number, to: number) =>
    (scratch({ ...options, lowerSteps: to }) - scratch({ ...options, lowerSteps: from })) / point;
  t.is(grown({}, 16, 64), 48);
  t.is(grown({}, 64, 256), 192);
  t.is(grown({ storage: 'checkpoints' }, 16, 64), 8);
  t.is(grown({ storage: 'checkpoints' }, 64, 256), 16);
  t.is(grown({ backwardSteps: 10 }, 16, 256), 0);
});

test("with one step the authors' code knows grad_u f alone", async (t) => {
  const { du } = await moved('rmd', problem(), { ...rates, lowerSteps: 1, variant: 'authors' });
  const direct = await moved('gd', problem(), { lowerOptimizer: 'sgd', lowerLearningRate: rate, lowerSteps: 1 });
  t.deepEqual(du, direct.du);
});

test('more differentiated steps than there are, and none, are refused by name', (t) => {
  for (const name of ['rmd', 'reverse', 'tRhg'] as const) {
    const message = new RegExp(`the option backwardSteps of ${name}`);
    for (const backwardSteps of [7, 0]) {
      t.throws(() => open(name, problem(), { ...rates, backwardSteps }), { code: 'INVALID_ARGUMENT', message });
    }
    t.throws(() => open(name, problem(), { lowerSteps: 0 }), { code: 'INVALID_ARGUMENT', message: /lowerSteps/ });
  }
});

test('a path that does not fit into memory is refused, naming what to change', (t) => {
  const of = bilevelProblem({
    upper: { u: Tensor.zeros([1]) },
    lower: { v: Tensor.zeros([1_000_000]) },
    f: ({ v }) => norm2(v.v),
    g: ({ u, v }) => norm2(sub(u.u, v.v)),
  });
  const message = /1000000 values of v\/v .* lowerSteps/;
  t.throws(() => open('rmd', of, { lowerSteps: 1_000_000 }), { code: 'LIMIT_EXCEEDED', message });
});

test('fmd refuses tangents beyond its limit, naming the sizes', (t) => {
  const size = 4000;
  const of = bilevelProblem({
    upper: { u: Tensor.zeros([size]) },
    lower: { v: Tensor.zeros([size]) },
    f: ({ v }) => norm2(v.v),
    g: ({ u, v }) => norm2(sub(u.u, v.v)),
  });
  t.throws(() => open('fmd', of, {}), {
    code: 'LIMIT_EXCEEDED',
    message: /4000 lower and 4000 upper elements.*32000000/,
  });
});
