import test from 'ava';
import { type BilevelProblem, bilevelProblem, feed, minimizationProblem } from '../../lib/bilevel/index.js';
import {
  add,
  div,
  exp,
  greater,
  log,
  mean,
  mul,
  type Node,
  neg,
  norm,
  pow,
  reduceSum,
  sigmoid,
  softplus,
  sqrt,
  square,
  sub,
  where,
} from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import {
  type CauseKind,
  itd,
  minimize,
  type NonFiniteDetails,
  NonFiniteError,
  penalty,
  soba,
  vPbgd,
} from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';

const device = testDevice();
test.after.always(() => device.dispose());

const scalar = Tensor.scalar(0);
const far = (x: Node): Node => reduceSum(square(sub(x, 1)));

async function failure(problem: BilevelProblem, options: object = {}): Promise<NonFiniteError> {
  using solver = itd(problem, { lowerSteps: 3, ...options }, { device });
  const state = solver.init();
  const before = JSON.stringify([solver.serialize(state).values, state.v.w?.toArray(), state.u.u?.toArray()]);
  try {
    for (let iteration = 0; iteration < 50; iteration++) await solver.step(state);
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    if (error.details.iteration === 1) {
      const after = JSON.stringify([solver.serialize(state).values, state.v.w?.toArray(), state.u.u?.toArray()]);
      if (after !== before) throw new Error('The state was changed by an iteration that failed.');
    }
    return error;
  }
  throw new Error('All iterations were finite.');
}

interface Case {
  readonly problem: () => BilevelProblem;
  readonly options?: object;
  readonly kind: CauseKind;
  readonly details?: Partial<NonFiniteDetails>;
  readonly cause: object;
  /** What the remedy advises. */
  readonly remedy: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  'w log w at a weight of 0': {
    problem: () =>
      bilevelProblem({
        upper: { u: Tensor.from([0.5, 0]) },
        lower: { w: Tensor.from([1, 1]) },
        f: ({ u, v }) => add(far(v.w), reduceSum(mul(u.u, log(u.u)))),
        g: ({ u, v }) => reduceSum(mul(u.u, square(v.w))),
      }),
    kind: 'log',
    cause: { operation: 'log', of: 'log', derivative: 0, writtenIn: 'the cost f', value: -Infinity, element: [1] },
    remedy: /mul\(w, log\(where\(greater\(w, 0\), w, 1\)\)\)/,
  },
  'the norm of zeros': {
    problem: () =>
      bilevelProblem({
        upper: { u: scalar },
        lower: { w: Tensor.zeros([3]) },
        f: ({ v }) => far(v.w),
        g: ({ u, v }) => add(far(v.w), mul(exp(u.u), sqrt(reduceSum(square(v.w))))),
      }),
    kind: 'root',
    details: { quantity: '|grad_v g|', phase: 'lower', step: 1, iteration: 1 },
    cause: { operation: 'div', of: 'sqrt', derivative: 1, writtenIn: 'the cost g', value: Infinity },
    remedy: /norm\(x, axes\)/,
  },
  'a quotient of zeros': {
    problem: () =>
      bilevelProblem({
        upper: { u: Tensor.zeros([3]) },
        lower: { w: Tensor.from([1, 2, 3]) },
        f: ({ v }) => far(v.w),
        g: ({ u, v }) => div(reduceSum(mul(u.u, square(v.w))), reduceSum(u.u)),
      }),
    kind: 'division',
    details: { quantity: 'g', phase: 'lower', step: 1, iteration: 1 },
    cause: { operation: 'div', derivative: 0, value: Number.NaN, writtenIn: 'the cost g' },
    remedy: /div\(a, maximum\(b, 1e-12\)\)/,
  },
  'the log of a saturated sigmoid': {
    problem: () =>
      bilevelProblem({
        upper: { u: scalar },
        lower: { w: Tensor.from([-1, 50]) },
        f: ({ v }) => far(v.w),
        g: ({ u, v }) => neg(reduceSum(mul(exp(u.u), log(sub(1, sigmoid(v.w)))))),
      }),
    kind: 'saturation',
    cause: { operation: 'log', element: [1], value: -Infinity },
    remedy: /neg\(softplus\(x\)\)/,
  },
  'a focal loss of a sure sample': {
    problem: () =>
      bilevelProblem({
        upper: { u: Tensor.scalar(0.5) },
        lower: { w: Tensor.from([-2, 40]) },
        f: ({ v }) => far(v.w),
        g: ({ u, v }) => reduceSum(mul(pow(sub(1, sigmoid(v.w)), u.u), softplus(neg(v.w)))),
      }),
    kind: 'power',
    cause: { operation: 'pow', of: 'pow', derivative: 1, element: [1], value: Infinity },
    remedy: /pow\(maximum\(x, 1e-6\), p\)/,
  },
  'an exponential of a large number': {
    problem: () =>
      bilevelProblem({
        upper: { u: scalar },
        lower: { w: Tensor.from([1, 100]) },
        f: ({ v }) => far(v.w),
        g: ({ u, v }) => add(mul(u.u, reduceSum(v.w)), log(reduceSum(exp(v.w)))),
      }),
    kind: 'exponential',
    cause: { operation: 'exp', element: [1], value: Infinity },
    remedy: /logSumExp/,
  },
  'data beyond the square root of float32': {
    problem: () =>
      bilevelProblem({
        upper: { u: scalar },
        lower: { w: Tensor.from([1]) },
        feeds: { d: feed({ x: Tensor.from([1, 1e25, 1], [3]) }) },
        f: ({ v }) => far(v.w),
        g: ({ u, v, d }) => add(mul(u.u, reduceSum(v.w)), mean(square(mul(d.x, v.w)))),
      }),
    kind: 'overflow',
    cause: { operation: 'mul', element: [1], sample: { feed: 'd', row: 1 } },
    remedy: /scale the data/,
  },
  'a rate too large': {
    problem: () =>
      bilevelProblem({
        upper: { u: scalar },
        lower: { w: Tensor.from([0.5]) },
        f: ({ v }) => far(v.w),
        g: ({ u, v }) => mul(exp(u.u), mul(20, far(v.w))),
      }),
    options: { lowerSteps: 100, lowerLearningRate: 0.1 },
    kind: 'divergence',
    cause: { derivative: 0 },
    remedy: /^Lower lowerLearningRate to 0\.025 or less\.$/,
  },
};

for (const [name, { problem, options, kind, details = {}, cause, remedy }] of Object.entries(cases)) {
  test(`${name}: the error names the operation, its place and the remedy`, async (t) => {
    const error = await failure(problem(), options);
    t.like(error, { code: 'NON_FINITE' });
    t.like(error.details, { iteration: error.details.iteration, ...details });
    const found = error.details.cause;
    t.like(found, { kind, ...cause });
    t.regex(found?.remedy ?? '', remedy);
    t.true(error.message.endsWith(found?.remedy ?? ' '));
    if (kind !== 'divergence') {
      t.regex(found?.place ?? '', /solvers\/non-finite\.test\.[jt]s:\d+:\d+$/);
      t.true(error.message.includes(found?.place ?? ' '), error.message);
      t.notRegex(error.message, /[Ll]ower (the )?[a-zA-Z]*[rR]ate/);
    } else t.regex(error.message, /largest element of v has grown from 0\.5 at the start to/);
  });
}

/** v follows u, and u is moved too far: whatever runs away is driven by the upper rate. */
const drivenByUpper = {
  upper: { u: Tensor.from([1]) },
  lower: { w: Tensor.from([1]) },
  f: ({ v }: { v: { w: Node } }) => mul(1e5, reduceSum(square(v.w))),
  g: ({ u, v }: { u: { u: Node }; v: { w: Node } }) => reduceSum(square(sub(v.w, u.u))),
};

for (const { method, also } of [
  { method: itd, also: 'lowerLearningRate' },
  { method: soba, also: 'lowerLearningRate' },
  { method: vPbgd, also: 'innerLearningRate' },
] as const) {
  test(`the rates of all that runs away together are named, by their options in ${method.name}`, async (t) => {
    using solver = method(bilevelProblem(drivenByUpper), { upperLearningRate: 1 }, { device });
    const state = solver.init();
    const run = async () => {
      for (let iteration = 0; iteration < 1000; iteration++) await solver.step(state);
    };
    const error = await t.throwsAsync(run, { instanceOf: NonFiniteError });
    t.regex(error?.message ?? '', /(of u has grown from 1 .* that|that of u has grown from 1) /);
    const [, named = ''] = /Lower ([a-zA-Z ]+)\.$/.exec(error?.message ?? '') ?? [];
    const rates = named.split(' or ');
    t.true(rates.includes('upperLearningRate') && rates.includes(also), error?.message);
    t.true(rates.every((rate) => Object.hasOwn(solver.options, rate)));
  });
}

test('the forms that the remedies teach are finite at the same points', async (t) => {
  const problem = bilevelProblem({
    upper: { u: Tensor.from([0.5, 0]) },
    lower: { w: Tensor.from([0, 0]) },
    f: ({ u, v }) => add(far(v.w), reduceSum(mul(u.u, log(where(greater(u.u, 0), u.u, 1))))),
    g: ({ u, v }) => add(add(far(v.w), norm(v.w)), reduceSum(mul(u.u, softplus(mul(50, sub(v.w, 1)))))),
  });
  using solver = itd(problem, { lowerSteps: 2, lowerLearningRate: 0.01 }, { device });
  const { f, hypergradientNorm } = await solver.step(solver.init());
  t.true(Number.isFinite(f) && Number.isFinite(hypergradientNorm));
});

test('the sample of a mini-batch is named by its row in the feed', async (t) => {
  const rows = 12;
  const x = Tensor.from(Float32Array.from({ length: rows }, (_, row) => (row === 7 ? 0 : 1)));
  const problem = minimizationProblem({
    lower: { w: Tensor.from([1]) },
    feeds: { d: feed({ x }, { batch: 4, seed: 3 }) },
    g: ({ v, d }) => mean(mul(v.w, log(d.x))),
  });
  using solver = minimize(problem, { steps: 3 }, { device });
  const error = await t.throwsAsync(solver.step(solver.init()), { instanceOf: NonFiniteError });
  const { step, cause } = error?.details ?? {};
  t.true(step !== undefined && step >= 1 && step <= 3);
  t.like(cause, { kind: 'log', sample: { feed: 'd', row: 7 } });
  t.regex(error?.message ?? '', /row 7 of the feed d/);
});

test('steps that overflow by their rate alone name the rate', async (t) => {
  const problem = minimizationProblem({ lower: { w: Tensor.from([9]) }, g: ({ v }) => far(v.w) });
  for (const steps of [1, 2]) {
    using solver = minimize(problem, { steps, optimizer: 'sgd', learningRate: 3e38 }, { device });
    const error = await t.throwsAsync(
      async () => {
        const state = solver.init();
        await solver.step(state);
        await solver.step(state);
      },
      { instanceOf: NonFiniteError, message: /Lower learningRate\.$/ },
    );
    t.like(error?.details, { iteration: 3 - steps, cause: { kind: 'divergence' } });
  }
});

test('an operation of a model file is named by its node', async (t) => {
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['n', 2] } },
        initializers: { w: tensor([1, 1]) },
        nodes: [
          { op: 'Mul', inputs: ['x', 'w'], outputs: ['h'] },
          { op: 'Log', inputs: ['h'], outputs: ['y'], name: 'entropy' },
        ],
        outputs: ['y'],
      }),
    ),
  );
  const problem = bilevelProblem({
    upper: { u: scalar },
    lower: network.initialParameters(),
    feeds: { d: feed({ x: Tensor.from([1, 2, 3, 0], [2, 2]) }) },
    f: ({ v }) => reduceSum(v.w as Node),
    g: ({ u, v, d }) => mul(exp(u.u), mean(network.apply(d.x, v))),
  });
  const { message, details } = await failure(problem);
  t.like(details.cause, { kind: 'log', operation: 'log', element: [1, 1] });
  t.regex(details.cause?.modelNode ?? '', /Log.*entropy/);
  t.regex(message, /Log.*entropy.* in the cost g \(.*solvers\/non-finite/);
});

test('a choice that leaves infinities out is not blamed', async (t) => {
  const problem = bilevelProblem({
    upper: { u: Tensor.from([0, 0]) },
    lower: { w: Tensor.from([0, 4]) },
    f: ({ v }) => far(v.w),
    g: ({ u, v }) => {
      const guarded = reduceSum(where(greater(v.w, 0), mul(u.u, 2), log(u.u)));
      return add(where(greater(reduceSum(v.w), 100), guarded, reduceSum(v.w)), div(reduceSum(u.u), reduceSum(u.u)));
    },
  });
  const { details } = await failure(problem);
  t.like(details.cause, { kind: 'division' });
});

test('the penalty method finds the first step that is not finite and leaves the state as it was', async (t) => {
  const problem = bilevelProblem({
    upper: { u: scalar },
    lower: { w: Tensor.from([1]) },
    // It leads w below 0 in a few steps.
    f: ({ v }) => far(add(v.w, 6)),
    g: ({ u, v }) => mul(exp(u.u), reduceSum(log(v.w))),
  });
  const options = { variant: 'paper', lowerSteps: 400, lowerOptimizer: 'sgd', lowerLearningRate: 0.05 } as const;
  using solver = penalty(problem, options, { device });
  const state = solver.init();
  const error = await t.throwsAsync(solver.step(state), { instanceOf: NonFiniteError });
  t.true((error?.details.step ?? 0) > 1, error?.message);
  t.like(error?.details, { iteration: 1, phase: 'lower', cause: { operation: 'log', writtenIn: 'the cost g' } });
  t.deepEqual(state.v.w?.toArray(), [1]);
});
