// The knobs by which methods trade work for accuracy of the hypergradient, and how the error falls with them in theory.

/**
 * The longest step that is stable for curvatures up to that of g, on f + weight g, and on f + weight |grad_v g|^2 / 2.
 */
const step = ({ hessian }) => 1 / hessian.high;
const valueStep = ({ hessian, upperCurvature }, weight) => 1 / (upperCurvature + weight * hessian.high);
const gradientStep = ({ hessian, upperCurvature }, weight) => 1 / (upperCurvature + weight * hessian.high ** 2);

const contraction = ({ hessian }) => 1 - hessian.low / hessian.high;
const conjugateContraction =
  (added = 0) =>
  ({ hessian }) => {
    const root = Math.sqrt((hessian.high + added) / (hessian.low + added));
    return (root - 1) / (root + 1);
  };

/** An error like the power of the value, or one that each step multiplies by the factor or by less. */
const theories = {
  inverse: { power: -1, label: '1 / value' },
  linear: { power: 1, label: 'value' },
  square: { power: 2, label: 'value^2' },
  inverseRoot: { power: -0.5, label: 'value^(-1/2)' },
  contraction: { factor: contraction, label: '(1 - rho m)^value' },
  conjugate: { factor: conjugateContraction(), label: 'CG bound' },
};

const weights = [30, 100, 300, 1000, 3000];
const steps = [5, 10, 20, 40, 80];
const inverted = (value) => 1 / value;

/** A penalty of a weight, which amplifies rounding errors. */
const weighted = (method, knob, more) => ({
  ...{ method, knob, values: weights, theory: theories.inverse, amplifies: (weight) => weight },
  ...more,
});

const penalties = [
  weighted('penalty', 'gamma', {
    options: (p, gamma) => ({
      ...{
        gamma,
        lambda: 0,
        multipliers: false,
        growth: 'never',
        lowerOptimizer: 'sgd',
        lowerSteps: 3000,
        variant: 'paper',
      },
      lowerLearningRate: gradientStep(p, gamma),
    }),
  }),
  weighted('gPbgd', 'gamma', {
    iterations: 3000,
    amplifies: (gamma) => 2 * gamma,
    options: (p, gamma) => ({ gamma, lowerLearningRate: gamma * gradientStep(p, 2 * gamma) }),
    scale: inverted,
  }),
  weighted('vPbgd', 'gamma', {
    iterations: 500,
    options: (p, gamma) => ({ gamma, innerLearningRate: step(p), lowerLearningRate: gamma * valueStep(p, gamma) }),
    scale: inverted,
  }),
  weighted('f2sa', 'multiplier', {
    options: (p, multiplier) => ({
      ...{ multiplier, multiplierGrowth: 0, lowerSteps: 500 },
      ...{ innerLearningRate: step(p), lowerLearningRate: valueStep(p, multiplier) },
    }),
  }),
  weighted('meha', 'penalty', {
    iterations: 1500,
    options: (_, penalty) => ({ penalty, innerLearningRate: 0.5, lowerLearningRate: 0.5 }),
    scale: inverted,
  }),
  ...['forward', 'central'].map((difference) =>
    weighted('f2ba', 'perturbation', {
      variant: difference,
      values: [0.03, 0.02, 0.01, 0.005, 0.002],
      theory: difference === 'forward' ? theories.linear : theories.square,
      x: inverted,
      amplifies: inverted,
      options: (p, perturbation) => ({ perturbation, difference, lowerSteps: 500, lowerLearningRate: 0.9 * step(p) }),
    }),
  ),
];

/** Steps on the linear system, where v is at the solution. */
const linear = (method, knob, more) => ({ method, knob, values: steps, theory: theories.contraction, ...more });

/** The Neumann series of so many factors; on all rows, recursive momentum and variance reduction do not change it. */
const neumann = (method, more = {}) =>
  linear(method, 'neumannFactors', {
    options: (p, neumannFactors) => ({
      ...{ neumannFactors, neumannRate: step(p), lowerLearningRate: step(p) },
      ...more,
    }),
  });

/** One step on the linear system in each iteration. */
const singleLoop = (method, more = {}) =>
  linear(method, 'iterations', {
    iterations: (count) => count,
    options: (p) => ({ lowerLearningRate: step(p), ...more }),
  });

/** Weight of the proximal term by which the lower level stays near a learned start. */
const proximity = 0.1;

const linearSystems = [
  linear('aidCg', 'linearSteps', {
    values: [1, 2, 4, 6, 8, 10],
    theory: theories.conjugate,
    options: (p, linearSteps) => ({ linearSteps, lowerSteps: 1, lowerLearningRate: step(p) }),
  }),
  linear('imaml', 'linearSteps', {
    values: [1, 2, 4, 6, 8, 10],
    theory: { ...theories.conjugate, factor: conjugateContraction(proximity) },
    learnsStart: true,
    target: (p) => p.proximal(proximity),
    options: (p, linearSteps) => ({
      ...{ linearSteps, proximity },
      ...{ lowerSteps: 1, lowerLearningRate: step(p) },
    }),
  }),
  linear('aidFp', 'linearSteps', {
    options: (p, linearSteps) => ({ linearSteps, lowerSteps: 1, lowerLearningRate: step(p) }),
  }),
  linear('amigo', 'linearSteps', {
    options: (p, linearSteps) => ({
      ...{ linearSteps, linearLearningRate: step(p) },
      ...{ lowerSteps: 1, lowerLearningRate: step(p) },
    }),
  }),
  neumann('stocbio', { lowerSteps: 1 }),
  neumann('mrbo'),
  // It sums a series once more after the step of u, which must not have led to where that grows.
  { ...neumann('vrbo', { period: 1, innerSteps: 1 }), longStep: 10 },
  neumann('mstsa'),
  singleLoop('soba'),
  singleLoop('saba'),
  singleLoop('srba'),
  singleLoop('maSoba', { averaging: 0.5 }),
  singleLoop('fsla'),
];

/** Differentiation through so many lower steps; v starts elsewhere, so that its own distance counts too. */
const unrolled = (method) => ({
  ...{ method, knob: 'lowerSteps', values: steps, theory: theories.contraction, start: 'elsewhere' },
  options: (p, lowerSteps) => ({ lowerSteps, lowerOptimizer: 'sgd', lowerLearningRate: step(p) }),
});

const truncated = (method, more) => ({
  ...{ method, knob: 'backwardSteps', values: steps, theory: theories.contraction },
  options: (p, backwardSteps) => ({ ...unrolled(method).options(p, 100), backwardSteps }),
  ...more,
});

const trajectories = [
  ...['fmd', 'rmd', 'itd'].map(unrolled),
  truncated('rmd', { variant: 'truncated' }),
  truncated('tRhg'),
  truncated('reverse'),
  // The share of f in lower step t, 1 / (2 t), moves the last point from the solution by as much.
  { ...unrolled('bda'), values: [100, 200, 400], theory: theories.inverse },
];

const smoothed = (p, more) => ({ lowerSteps: 150, lowerLearningRate: step(p), ...more });

const directions = ['pzobo', 'pzoboS', 'hozog'].map((method) => ({
  ...{ method, knob: 'directions', values: [1, 4, 16, 64], theory: theories.inverseRoot, repeats: 24 },
  options: (p, directions) => smoothed(p, { directions, smoothing: 0.01 }),
}));

const differences = [
  ...['pzobo', 'hozog'].map((method) => ({
    ...{ method, variant: 'coordinates', knob: 'smoothing', values: [1, 0.3, 0.1, 0.03, 0.01] },
    ...{ theory: theories.linear, amplifies: inverted },
    // Where the lower solution is affine in u, its differences are exact.
    on: ({ name }) => method !== 'pzobo' || name !== 'quadratic',
    options: (p, smoothing) => smoothed(p, { smoothing, directionMode: 'coordinates', directions: p.exact.length }),
  })),
  {
    ...{ method: 'darts', knob: 'radius', values: [1, 0.3, 0.1, 0.03], theory: theories.square, amplifies: inverted },
    // Central differences are exact where grad_u g is of second degree in v.
    on: ({ name }) => name === 'weights',
    target: (p) => p.oneStep(step(p)),
    options: (p, radius) => ({ radius, lowerOptimizer: 'sgd', lowerLearningRate: step(p) }),
  },
];

const tikhonov = { knob: 'tikhonov', values: [0.03, 0.01, 0.003, 0.001], theory: theories.linear };

const regularizers = [
  {
    ...{ method: 'approxGrad', variant: 'cg', ...tikhonov },
    options: (p, tikhonov) => ({
      ...{ tikhonov, linearSolver: 'cg', linearSteps: 40 },
      ...{ lowerOptimizer: 'sgd', lowerSteps: 1, lowerLearningRate: step(p) },
    }),
  },
  { method: 'stable', ...tikhonov, options: (p, tikhonov) => ({ tikhonov, lowerLearningRate: step(p) }) },
];

const family = (name, xScale, entries) => entries.map((entry) => ({ family: name, xScale, ...entry }));

/**
 * One entry: `options` of the method by problem and value, and `theory`. Where they differ from the usual: `start`,
 * where v starts, at the solution so that nothing but the knob makes an error; `learnsStart`, whether that is learned
 * too; `iterations` at whose end the direction is taken, with u at rest; `scale` of the direction beside the
 * hypergradient; `target`, what it comes near, the hypergradient; `repeats` with other random directions; `on`, the
 * problems where the knob makes an error; `amplifies`, by how much rounding errors grow with the value; `x`, what the
 * chart is over.
 */
export const knobs = [
  ...family('Weight of a penalty', 'log', penalties),
  ...family('Lower steps differentiated', 'linear', trajectories),
  ...family('Steps on the linear system', 'linear', linearSystems),
  ...family('Random directions', 'log', directions),
  ...family('Length of a difference', 'log', differences),
  ...family('Regularizer of the linear system', 'log', regularizers),
];
