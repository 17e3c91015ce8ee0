import test from 'ava';
import { type BilevelProblem, bilevelProblem, minimizationProblem } from '../../../lib/bilevel/index.js';
import { add, mul, reduceSum, square, sub } from '../../../lib/graph/index.js';
import { schedules } from '../../../lib/schedules/index.js';
import {
  f2sa,
  gPbgd,
  type MethodSolver,
  meha,
  methods,
  minimize,
  type SolverResources,
  vPbgd,
} from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { methodRows } from '../../support/solvers/method-rows.js';

const device = testDevice();
test.after.always(() => device.dispose());

type Vector = readonly number[];
const squared = (x: Vector): number => x.reduce((sum, value) => sum + value ** 2, 0);
const rest = (u: Vector, v: Vector): Vector => u.map((value, index) => 1 - value - (v[index] ?? Number.NaN));
const start = { u: [0.2, -1, 3, 0.7], v: [0.45, -0.25, 1, 2] };

/** f = |u|^2 + |v|^2 and g = |1 - u - v|^2. */
const problem: BilevelProblem = bilevelProblem({
  upper: { x: Tensor.from(start.u) },
  lower: { x: Tensor.from(start.v) },
  f: ({ u, v }) => add(reduceSum(square(u.x)), reduceSum(square(v.x))),
  g: ({ u, v }) => reduceSum(square(sub(sub(1, u.x), v.x))),
});

const [upperRate, lowerRate] = [0.05, 0.1];
/** v after a plain step along grad_v g. */
const stepped = (u: Vector, v: Vector): Vector => {
  const remaining = rest(u, v);
  return v.map((value, index) => value + 2 * lowerRate * (remaining[index] ?? Number.NaN));
};

type AnyMethod = (problem: BilevelProblem, options: object, resources: SolverResources) => MethodSolver;

for (const [name, method] of Object.entries(methods)) {
  test(`${name}: reports f, g and |grad_v g| of points of the iteration, and the length of the direction of u`, async (t) => {
    const all = {
      ...methodRows[name as keyof typeof methods].small,
      upperOptimizer: 'sgd',
      lowerOptimizer: 'sgd',
      upperLearningRate: upperRate,
      lowerLearningRate: lowerRate,
      ...('lowerSteps' in method.options && { lowerSteps: 1 }),
      ...('backwardSteps' in method.options && { backwardSteps: 1 }),
    };
    using solver = (method as AnyMethod)(problem, all, { device });
    const state = solver.init();
    const report = await solver.step(state);
    const { f, g, lowerGradientNorm, hypergradientNorm } = report;
    // Where v lags behind, the penalty method shortens the step of u.
    const rate = upperRate * ('lag' in report ? Math.min(1, 1 / Number(report.lag)) : 1);
    const [u, v] = [state.u.x?.toArray() ?? [], state.v.x?.toArray() ?? []];

    const near = (value: number, expected: number) => Math.abs(value - expected) < 1e-5 * (1 + Math.abs(expected));
    const moved = Math.sqrt(squared(u.map((value, index) => value - (start.u[index] ?? Number.NaN))));
    t.true(near(hypergradientNorm, moved / rate), `${hypergradientNorm}, not ${moved / rate}`);

    // Some start v at u, and darts takes f after a step that it does not make.
    const begins = [start.v, ...(method.startsAtUpper === true ? [start.u] : [])];
    const lower = [...begins, ...begins.map((from) => stepped(start.u, from)), v];
    const points = [start.u, u].flatMap((atU) => lower.map((atV): readonly [Vector, Vector] => [atU, atV]));
    t.true(
      points.some(([atU, atV]) => near(f, squared(atU) + squared(atV))),
      `f is ${f}`,
    );
    t.true(
      points.some(([atU, atV]) => {
        const gap = squared(rest(atU, atV));
        return near(g, gap) && near(lowerGradientNorm, 2 * Math.sqrt(gap));
      }),
      `g is ${g}, |grad_v g| is ${lowerGradientNorm}`,
    );
  });
}

test('norms are reported down to the smallest float32 and up to the largest', async (t) => {
  for (const scale of [1e-30, 1, 1e30]) {
    const scaledProblem = bilevelProblem({
      upper: { x: Tensor.from(start.u) },
      lower: { x: Tensor.from(start.v) },
      f: ({ u, v }) => mul(scale, add(reduceSum(square(u.x)), reduceSum(square(v.x)))),
      g: ({ u, v }) => mul(scale, reduceSum(square(sub(sub(1, u.x), v.x)))),
    });
    const rates = { upperLearningRate: 1e-35, lowerLearningRate: 1e-35 };
    const near = (value: number, gradient: Vector) =>
      t.true(Math.abs(value / (2 * scale * Math.sqrt(squared(gradient))) - 1) < 1e-5, `${value} at ${scale}`);
    for (const solver of [
      methods.gd(scaledProblem, { ...rates, lowerSteps: 1 }, { device }),
      methods.soba(scaledProblem, rates, { device }),
    ]) {
      const report = await solver.step(solver.init());
      near(report.lowerGradientNorm, rest(start.u, start.v));
      near(report.hypergradientNorm, start.u);
      solver.dispose();
    }
    const lower = { x: Tensor.from(start.v) };
    const alone = minimizationProblem({ lower, g: ({ v }) => mul(scale, reduceSum(square(v.x))) });
    using solver = minimize(alone, { steps: 1, learningRate: 1e-35 }, { device });
    near((await solver.step(solver.init())).lowerGradientNorm, start.v);
  }
});

/** Methods that solve grad_vv g z = grad_v f. */
const implicit = new Set(
  'aidCg aidFp amigo stocbio bsa ttsa approxGrad mrbo vrbo sustain mstsa stable imaml soba maSoba saba srba fsla'.split(
    ' ',
  ),
);

for (const [name, method] of Object.entries(methods)) {
  test(`${name}: reports the relative residual of its linear system, if it solves one`, async (t) => {
    using solver = (method as AnyMethod)(problem, methodRows[name as keyof typeof methods].small, { device });
    const state = solver.init();
    for (let iteration = 0; iteration < 3; iteration++) {
      const report = await solver.step(state);
      t.is('linearResidual' in report, implicit.has(name));
      if (report.linearResidual !== undefined) t.true(report.linearResidual >= 0 && report.linearResidual <= 1.001);
    }
  });
}

test('the reported weights are those that the iteration was made with', async (t) => {
  const weight = schedules.powerLaw(2, -1);
  const solvers: readonly [MethodSolver, string][] = [
    [vPbgd(problem, { gamma: weight }, { device }), 'gamma'],
    [gPbgd(problem, { gamma: weight }, { device }), 'gamma'],
    [meha(problem, { penalty: weight }, { device }), 'penalty'],
    [f2sa(problem, { multiplier: 2, multiplierGrowth: 2 }, { device }), 'multiplier'],
  ];
  for (const [solver, name] of solvers) {
    const seen: unknown[] = [];
    for await (const report of solver.run({ iterations: 3 }))
      seen.push(Object.entries(report).find(([key]) => key === name)?.[1]);
    t.deepEqual(seen, [2, 4, 6]);
    solver.dispose();
  }
});
