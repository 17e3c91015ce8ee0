import test from 'ava';
import { bilevelProblem, box, type ConvexSet, l2Ball } from '../../lib/bilevel/index.js';
import { abs, add, constant, mul, type Node, reduceSum, relu, round, square, sub } from '../../lib/graph/index.js';
import { methods } from '../../lib/solvers/index.js';
import { drawFactors } from '../../lib/solvers/parts/linear-system/random-series.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const { aidCg, approxGrad, bome, bsa, gd, gPbgd, imaml, penalty, pzobo, rmd, soba, stable, sustain, ttsa, vPbgd } =
  methods;

const norm2 = (x: Node): Node => reduceSum(square(x));
type Cost = (u: Node, v: Node) => Node;

interface Conditions {
  readonly seed?: number | undefined;
  readonly sets?: { readonly lower: { readonly v: ConvexSet } };
  readonly inequalities?: {
    readonly lower: (point: { readonly v: { readonly v: Node } }) => { readonly budget: Node };
  };
}

const problem = (f: Cost, g: Cost, { seed = 0, ...conditions }: Conditions = {}) =>
  bilevelProblem({
    ...conditions,
    seed,
    upper: { u: Tensor.from([1, 2]) },
    lower: { v: Tensor.from([0.5, 0.5]) },
    f: ({ u, v }) => f(u.u, v.v),
    g: ({ u, v }) => g(u.u, v.v),
  });

const distance: Cost = (u, v) => norm2(sub(u, v));

test('a lower cost that a rounding cuts off from v is refused, whatever the method', (t) => {
  const cut = problem(distance, (u, v) => norm2(sub(u, round(v))));
  for (const method of [gd, penalty, soba]) {
    t.throws(() => method(cut, {}, { device }), { code: 'NOT_DIFFERENTIABLE', message: /the lower variable v/ });
  }
});

test('elements of v at the ends of a box are counted where a method takes them for free', async (t) => {
  // v* = min(u, 1) with u between 1 and 2.
  const boxed = (high: number | Tensor) =>
    bilevelProblem({
      upper: { u: Tensor.from([1, 2]) },
      lower: { v: Tensor.from([0.5, 0.5]) },
      sets: { lower: { v: box(Number.NEGATIVE_INFINITY, high) } },
      f: ({ u, v }) => distance(u.u, v.v),
      g: ({ u, v }) => distance(v.v, u.u),
    });
  const lastReport = async (method: typeof aidCg | typeof gd, high: number | Tensor) => {
    using solver = method(boxed(high), { lowerOptimizer: 'sgd', lowerLearningRate: 0.4, lowerSteps: 30 }, { device });
    return await solver.step(solver.init());
  };
  t.is((await lastReport(aidCg, 1.5)).lowerAtEnds, 1);
  t.is((await lastReport(aidCg, 5)).lowerAtEnds, 0);
  t.is((await lastReport(aidCg, Tensor.from([5, 1.5]))).lowerAtEnds, 1);
  t.is((await lastReport(aidCg, Tensor.from([0.75, 1.5]))).lowerAtEnds, 2);
  t.false('lowerAtEnds' in (await lastReport(gd, 1.5)));
});

test('upper variables without influence are refused', (t) => {
  const idle = problem(
    (_, v) => norm2(v),
    (_, v) => norm2(v),
  );
  t.throws(() => penalty(idle, {}, { device }), { code: 'NOT_DIFFERENTIABLE', message: /an upper variable/ });
});

test('methods that solve with second derivatives refuse a lower cost that has none', (t) => {
  const linear = problem(distance, (u, v) => add(reduceSum(relu(v)), reduceSum(mul(u, v))));
  for (const method of [soba, aidCg]) {
    t.throws(() => method(linear, {}, { device }), {
      code: 'NOT_DIFFERENTIABLE',
      message: /second derivative of g by v/,
    });
  }
  for (const method of [gd, bome]) t.notThrows(() => method(linear, {}, { device }).dispose());
});

test('a method that adds curvature itself takes a lower cost that has none, and solves what it makes of it', async (t) => {
  const far = [9, -8];
  const start = [1, 2];
  // v* = u + sign(c - u) / lambda while that does not pass c, so that the Hessian is lambda I and the hypergradient
  // grad_v f.
  const lambda = 0.5;
  const absolute = bilevelProblem({
    upper: { w: Tensor.from(start) },
    lower: { w: Tensor.zeros([2]) },
    f: ({ v }) => mul(0.5, norm2(v.w)),
    g: ({ v }) => reduceSum(abs(sub(v.w, constant(far)))),
  });
  const sgd = { lowerOptimizer: 'sgd', upperOptimizer: 'sgd', upperLearningRate: 1 } as const;
  const options = { ...sgd, proximity: lambda, lowerSteps: 300, lowerLearningRate: 0.2 };
  using solver = imaml(absolute, options, { device });
  const state = solver.init();
  await solver.step(state);
  for (const [index, value] of (state.u.w?.toArray() ?? []).entries()) {
    const from = start[index] ?? Number.NaN;
    const expected = from + Math.sign((far[index] ?? Number.NaN) - from) / lambda;
    t.true(Math.abs(from - value - expected) < 1e-5);
  }
  const linear = problem(distance, (u, v) => add(reduceSum(relu(v)), reduceSum(mul(u, v))));
  for (const open of [
    (tikhonov: number) => aidCg(linear, { tikhonov }, { device }),
    (tikhonov: number) => approxGrad(linear, { tikhonov }, { device }),
    (tikhonov: number) => stable(linear, { tikhonov }, { device }),
  ]) {
    t.throws(() => open(0), { code: 'NOT_DIFFERENTIABLE' });
    using regularised = open(0.1);
    const { linearResidual = 9 } = await regularised.step(regularised.init());
    t.true(linearResidual <= 1);
  }
});

test('a random series is refused for it whatever number of factors the seed gives its first iteration', (t) => {
  const seed = Array.from({ length: 100 }, (_, each) => each).find((each) => drawFactors(each, 0, 10) === 0);
  const linear = problem(distance, (u, v) => add(reduceSum(relu(v)), reduceSum(mul(u, v))), { seed });
  for (const method of [bsa, ttsa, sustain]) {
    t.throws(() => method(linear, {}, { device }), { code: 'NOT_DIFFERENTIABLE' });
  }
});

test('sets and constraints that a method does not keep are refused, naming them and methods that do', (t) => {
  const inBall = problem(distance, distance, { sets: { lower: { v: l2Ball(1) } } });
  const constrained = problem(distance, distance, { inequalities: { lower: ({ v }) => ({ budget: sub(v.v, 1) }) } });
  for (const method of [aidCg, bome, gPbgd, soba]) {
    t.throws(() => method(inBall, {}, { device }), {
      code: 'INVALID_ARGUMENT',
      message: new RegExp(`^${method.name} .*a box .* the set of v is l2Ball\\(1\\)\\. penalty, rmd, `),
    });
  }
  for (const method of [penalty, rmd, pzobo, vPbgd]) t.notThrows(() => method(inBall, {}, { device }).dispose());
  for (const method of [aidCg, rmd, vPbgd]) {
    t.throws(() => method(constrained, {}, { device }), {
      code: 'INVALID_ARGUMENT',
      message: new RegExp(`^${method.name} .*no inequality such as budget\\. Take penalty`),
    });
  }
  t.notThrows(() => penalty(constrained, {}, { device }).dispose());
});
