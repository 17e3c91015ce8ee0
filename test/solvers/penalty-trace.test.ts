import test from 'ava';
import { bilevelProblem, feed, perSample } from '../../lib/bilevel/index.js';
import { penalty, SolverState } from '../../lib/solvers/index.js';
import { testDevice } from '../support/devices.js';
import { Fixture, relativeError } from '../support/safetensors.js';
import { logits, loss, weightedLoss } from '../support/solvers/denoising.js';

/** Hands out prescribed batches. */
function scripted(rows: readonly number[], batch: number) {
  let position = 0;
  return {
    state: { count: rows.length, batch, random: [1, 0, 0, 0], position: 0 } as const,
    next: () => Int32Array.from(rows.slice(batch * position, batch * ++position)),
    restore: () => undefined,
  };
}

test("the authors' variant follows an independent float64 trace iterate by iterate", async (t) => {
  const fixture = await Fixture.read('penalty-trace.safetensors');
  const [iterations = 0, batch = 0] = fixture.shape('batches_train');
  const problem = bilevelProblem({
    upper: { importance: perSample(fixture.float32('initial/u'), 'train') },
    lower: { weight: fixture.float32('initial/weight'), bias: fixture.float32('initial/bias') },
    feeds: {
      train: feed({ x: fixture.float32('x_train'), y: fixture.int64('y_train') }, { batch }),
      validation: feed({ x: fixture.float32('x_val'), y: fixture.int64('y_val') }, { batch }),
    },
    f: ({ v, validation }) => loss(logits(validation.x, v.weight, v.bias), validation.y),
    g: ({ u, v, train }) => weightedLoss(logits(train.x, v.weight, v.bias), train.y, u.importance),
  });
  using device = testDevice();
  using solver = penalty(
    problem,
    {
      variant: 'authors',
      lowerSteps: fixture.number('T'),
      gamma: fixture.number('initial/gamma'),
      gammaFactor: fixture.number('c_gamma'),
      lambda: fixture.number('initial/lambda'),
      lambdaFactor: fixture.number('c_lambda'),
      epsilon: fixture.number('initial/epsilon'),
      epsilonFactor: fixture.number('c_epsilon'),
      nu: fixture.numbers('initial/nu/bias')[0] ?? Number.NaN,
      upperLearningRate: fixture.number('initial/step_u'),
      lowerLearningRate: fixture.number('initial/step_v'),
      upperDecay: fixture.number('decay'),
      lowerDecay: fixture.number('decay'),
    },
    { device },
  );
  const fresh = solver.init();
  const samplers = {
    train: scripted(fixture.numbers('batches_train'), batch),
    validation: scripted(fixture.numbers('batches_val'), batch),
  };
  const state = new SolverState(fresh.tensors, samplers, fresh.counters);
  const tensors = {
    u: 'u/importance',
    weight: 'v/weight',
    bias: 'v/bias',
    'nu/weight': 'nu/weight',
    'nu/bias': 'nu/bias',
  };
  const traced = (name: string, iteration: number): number[] => {
    const values = fixture.numbers(`trace/${name}`);
    const size = values.length / iterations;
    return values.slice(iteration * size, (iteration + 1) * size);
  };
  let passes = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const report = await solver.step(state);
    for (const [name, binding] of Object.entries(tensors)) {
      const error = relativeError(state.tensors[binding]?.toArray() ?? [], traced(name, iteration));
      t.true(error < 2e-4, `${name} after iteration ${iteration + 1}: relative error ${error}`);
    }
    const numbers = {
      f: report.f,
      g: report.g,
      grad_v_g: report.lowerGradientNorm,
      hu: report.upperResidual ** 2,
      hv: report.lowerResidual ** 2,
    };
    for (const [name, value] of Object.entries(numbers)) {
      const error = relativeError([value], traced(name, iteration));
      t.true(error < 1e-3, `${name} after iteration ${iteration + 1}: relative error ${error}`);
    }
    t.deepEqual([Number(report.passed)], traced('passed', iteration));
    passes += Number(report.passed);
    const next = { gamma: 1.1, lambda: 0.9, epsilon: 0.9 } as const;
    for (const [name, factor] of Object.entries(next) as [keyof typeof next, number][]) {
      const value = report[name] * (report.passed ? factor : 1);
      t.true(relativeError([value], traced(name, iteration)) < 1e-9, `${name} after iteration ${iteration + 1}`);
    }
  }
  t.true(passes > 0 && passes < iterations, 'the trace must show both outcomes of the test');
});
