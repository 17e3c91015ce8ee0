import test from 'ava';
import { oracles } from '../../lib/bilevel/index.js';
import * as graph from '../../lib/graph/index.js';
import { add, mul, type Node } from '../../lib/graph/index.js';
import { type PenaltyOptions, penalty } from '../../lib/solvers/index.js';
import { testDevice } from '../support/devices.js';
import { relativeError } from '../support/safetensors.js';
import { solveDense } from '../support/solvers/dense.js';
import { type Known, knownNames, loadKnown, valuesOf } from '../support/solvers/known-hypergradient.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** A step size for which gradient descent on the penalty converges: the Hessian of g is at most 0.73. */
const lowerRate = (gamma: number): number => 1 / (1 + 0.54 * gamma);

/** A long last step of plain gradient descent makes u - u' the hypergradient's estimate without loss to rounding. */
const longStep = 100;
const stand = 1e-30;

/** The estimate of the native solver after `iterations` at a fixed u, started from v*. */
async function nativeEstimate({ problem, fixture }: Known, gamma: number, given: PenaltyOptions, iterations = 1) {
  const options: PenaltyOptions = {
    lambda: 0,
    gamma,
    gammaFactor: 1,
    lowerOptimizer: 'sgd',
    lowerLearningRate: lowerRate(gamma),
    upperOptimizer: 'sgd',
    upperLearningRate: { name: 'last', parameters: [], at: (step) => (step + 1 === iterations ? longStep : stand) },
    ...given,
  };
  using solver = penalty(problem, options, { device });
  const state = solver.init();
  for (let iteration = 0; iteration < iterations; iteration++) await solver.step(state);
  const start = fixture.float32('u').toArray();
  return (state.u.u?.toArray() ?? []).map((value, index) => ((start[index] as number) - value) / longStep);
}

/** The estimate in float64: Newton's method on the penalty function itself, then its gradient in u from the oracles. */
function exactEstimate(known: Known, gamma: number): number[] {
  const { problem } = known;
  const at = oracles(problem);
  const { u, v } = at;
  const lowerGradient = at.lowerGradient();
  const cost = add(problem.f, mul(gamma / 2, graph.sumOfSquares(lowerGradient)));
  const gradients = graph.gradient(cost, v);
  const direction = graph.input('direction', v[0]?.shape ?? []);
  const products = graph.hessianVectorProduct(gradients, v, [direction]);
  const data = valuesOf(known, [cost]);
  const values = data.get(v[0] as Node) ?? new Float64Array();
  for (let iteration = 0; iteration < 4; iteration++) {
    const [slope = new Float64Array()] = graph.evaluate(gradients, data);
    const hessian = [...values.keys()].map((index) => {
      const unit = new Float64Array(values.length);
      unit[index] = 1;
      return [...(graph.evaluate(products, new Map([...data, [direction, unit]]))[0] ?? [])];
    });
    for (const [index, step] of solveDense(hessian, [...slope]).entries())
      values[index] = (values[index] as number) - step;
  }
  const estimate = at.lagrangianGradient(lowerGradient.map((gradient) => mul(gamma, gradient))).u;
  const [result = new Float64Array()] = graph.evaluate([...estimate, ...u], data);
  return [...result];
}

for (const name of knownNames) {
  test(`${name}: in float64 the error falls like 1 / gamma, to a thousandth and below`, async (t) => {
    const loaded = await loadKnown(name);
    const exact = loaded.fixture.numbers('hypergradient');
    const errors = [100, 1000, 10_000].map((gamma) => relativeError(exactEstimate(loaded, gamma), exact));
    t.log(errors.map((error) => error.toExponential(2)).join(', '));
    for (const [index, error] of errors.slice(1).entries()) {
      const ratio = error / (errors[index] as number);
      t.true(ratio > 0.09 && ratio < 0.13, `${ratio}`);
    }
    t.true((errors.at(-1) as number) < 1e-3);
  });

  test(`${name}: natively the error falls with gamma`, async (t) => {
    const loaded = await loadKnown(name);
    const exact = loaded.fixture.numbers('hypergradient');
    const errors: number[] = [];
    for (const gamma of [10, 100, 1000]) {
      const options = { multipliers: false, growth: 'never', lowerSteps: 3000 } as const;
      errors.push(relativeError(await nativeEstimate(loaded, gamma, options), exact));
    }
    t.log(errors.map((error) => error.toExponential(2)).join(', '));
    for (const [index, error] of errors.slice(1).entries()) t.true(error < (errors[index] as number) / 5);
    t.true((errors.at(-1) as number) < 1e-2);
  });

  test(`${name}: natively, with multipliers, the error is below a thousandth at a finite gamma`, async (t) => {
    const loaded = await loadKnown(name);
    const options = { multipliers: true, growth: 'everyIteration', lowerSteps: 1000 } as const;
    const error = relativeError(await nativeEstimate(loaded, 100, options, 8), loaded.fixture.numbers('hypergradient'));
    t.log(error.toExponential(2));
    t.true(error < 1e-3);
  });
}
