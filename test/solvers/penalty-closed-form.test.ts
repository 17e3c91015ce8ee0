import test from 'ava';
import { type BilevelProblem, box } from '../../lib/bilevel/index.js';
import { geometric } from '../../lib/schedules/index.js';
import { type MethodState, type PenaltyOptions, type PenaltyReport, penalty } from '../../lib/solvers/index.js';
import { testDevice } from '../support/devices.js';
import { p1, p2 } from '../support/solvers/quadratics.js';

const device = testDevice();
test.after.always(() => device.dispose());

const n = 4;
const start = { u: [2, -1, 0.3, 4], v: [-3, 1, 0, 2] };

async function solve(
  problem: BilevelProblem,
  iterations: number,
  options: PenaltyOptions,
): Promise<{ state: MethodState; report: PenaltyReport; u: number[]; v: number[] }> {
  using solver = penalty(problem, options, { device });
  const state = solver.init();
  let report: PenaltyReport | undefined;
  for await (const next of solver.run({ iterations, state })) report = next;
  if (report === undefined) throw new Error('No iteration was made.');
  return { state, report, u: state.u.u?.toArray() ?? [], v: state.v.v?.toArray() ?? [] };
}

const distance = (values: readonly number[], target: number): number =>
  Math.max(...values.map((value) => Math.abs(value - target)));

const plain = {
  variant: 'paper',
  lambda: 0,
  upperOptimizer: 'sgd',
  lowerOptimizer: 'sgd',
  growth: 'never',
  multipliers: false,
} as const satisfies PenaltyOptions;

for (const gamma of [0.5, 1, 4]) {
  test(`P1 with gamma fixed at ${gamma} ends at u = v = 2 gamma / (1 + 4 gamma)`, async (t) => {
    const lowerLearningRate = 1 / (2 + 4 * gamma);
    const options = { ...plain, gamma, upperLearningRate: 0.2 / (1 + gamma), lowerLearningRate, lowerSteps: 5 };
    const { u, v } = await solve(p1(start), 150, options);
    const expected = (2 * gamma) / (1 + 4 * gamma);
    t.true(distance(u, expected) < 1e-5 && distance(v, expected) < 1e-5, `${u} and ${v}, not ${expected}`);
  });
}

test('P1 with multipliers and gamma fixed ends at u = v = 1/2 with nu = -1/2', async (t) => {
  const { state, report, u, v } = await solve(p1(start), 400, {
    ...plain,
    gamma: 1,
    gammaFactor: 1,
    multipliers: true,
    growth: 'everyIteration',
    growthLimit: 400,
    upperLearningRate: 0.1,
    lowerLearningRate: 0.15,
  });
  t.true(distance(u, 0.5) < 1e-5 && distance(v, 0.5) < 1e-5);
  for (const [name, tensor] of Object.entries(state.tensors)) {
    if (name.startsWith('nu/')) t.true(distance(tensor.toArray(), -0.5) < 1e-4, tensor.toArray().join(', '));
  }
  t.true(Math.abs(report.f - n / 2) < 1e-4);
  t.true(report.lowerGradientNorm < 1e-4);
});

test('P1 by growing gamma under the convergence test alone comes near u = v = 1/2', async (t) => {
  const { report, u, v } = await solve(p1(start), 600, {
    ...plain,
    growth: 'oncePerTest',
    gamma: 1,
    epsilon: 1,
    upperLearningRate: 0.1,
    upperDecay: 1 / 1.1,
    lowerLearningRate: 0.16,
    lowerDecay: 1 / 1.1,
  });
  // The minimiser for the last gamma is 1 / (2 + 8 gamma) away.
  t.true(report.gamma > 20, `gamma ${report.gamma}`);
  t.true(distance(u, 0.5) < 0.01 && distance(v, 0.5) < 0.01, `${u} and ${v}`);
});

test('P1 with all defaults but the step sizes, multipliers and growth as printed, comes to u = v = 1/2', async (t) => {
  const { u, v } = await solve(p1(start), 1500, {
    variant: 'paper',
    gamma: 1,
    epsilon: 1,
    lambda: 10,
    upperLearningRate: geometric(0.05, 0.997),
    lowerLearningRate: geometric(0.02, 0.997),
  });
  t.true(distance(u, 0.5) < 0.01 && distance(v, 0.5) < 0.01, `${u} and ${v}`);
});

test('P2 with gamma above 1/2 ends at 0', async (t) => {
  const { u, v } = await solve(p2(start), 400, {
    ...plain,
    gamma: 1,
    upperLearningRate: 0.2,
    lowerLearningRate: 0.2,
  });
  t.true(distance(u, 0) < 1e-5 && distance(v, 0) < 1e-5);
});

test('P2 with gamma below 1/2 has no minimiser and runs into the corner of its box', async (t) => {
  const sets = { upper: { u: box(-5, 5) }, lower: { v: box(-5, 5) } };
  const { u, v } = await solve(p2({ ...start, sets }), 400, {
    ...plain,
    gamma: 0.2,
    upperLearningRate: 0.2,
    lowerLearningRate: 0.2,
  });
  t.deepEqual(
    u.map(Math.abs),
    u.map(() => 5),
  );
  t.true(v.every((value) => Math.abs(value) <= 5));
});

test('an active end of a box moves the solution: P1 with u at most 1/4 has v = 3/4', async (t) => {
  const bounded = p1({ u: [0, 0, 0, 0], v: start.v, sets: { upper: { u: box(-Infinity, 0.25) } } });
  const { u, v } = await solve(bounded, 400, {
    ...plain,
    gamma: 1,
    gammaFactor: 1,
    multipliers: true,
    growth: 'everyIteration',
    growthLimit: 400,
    upperLearningRate: 0.1,
    lowerLearningRate: 0.15,
  });
  t.true(distance(u, 0.25) < 1e-6 && distance(v, 0.75) < 1e-5, `${u} and ${v}`);
});

test('the local convexification is a Tikhonov term: v for fixed u solves the shifted system', async (t) => {
  // For P1 grad_v f~2 = 2 v - 4 gamma (1 - u - v) - 2 lambda (1 - u - v), so 1 - u - v = v / (2 gamma + lambda).
  const [gamma, lambda] = [1, 3];
  const options = { ...plain, gamma, lambda, lowerSteps: 400, lowerLearningRate: 0.05, upperLearningRate: 1e-20 };
  const { v } = await solve(p1(start), 1, options);
  for (const [index, value] of v.entries()) {
    const expected = ((1 - (start.u[index] as number)) * (2 * gamma + lambda)) / (1 + 2 * gamma + lambda);
    t.true(Math.abs(value - expected) < 1e-5, `${value}, not ${expected}`);
  }
});
