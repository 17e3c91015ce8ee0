import test from 'ava';
import { bilevelProblem, feed, perSample } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import type { Cursor } from '../../lib/data/samplers/sampler.js';
import { gather } from '../../lib/graph/index.js';
import { type MethodState, type PenaltyOptions, penalty } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { logits, loss, weightedLoss } from '../support/solvers/denoising.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

const samples = 24;
const random = Random.fromSeed(3, 'per-sample test');
const normal = (count: number): number[] => Array.from({ length: count }, () => random.normal());
const arrays = {
  x: Tensor.from(normal(6 * samples), [samples, 6]),
  y: Tensor.from(
    Array.from({ length: samples }, () => random.integer(3)),
    [samples],
    'int64',
  ),
};
const importance = Tensor.from(normal(samples));
const lower = { weight: Tensor.from(normal(18), [3, 6]), bias: Tensor.zeros([3]) };

/** Importance learning with u as rows of the feed, or as one dense variable from which the cost gathers. */
function problem(dense: boolean, batch: number | undefined) {
  return bilevelProblem({
    upper: { importance: dense ? importance : perSample(importance, 'train') },
    lower,
    feeds: { train: feed(arrays, { batch }), validation: feed(arrays) },
    f: ({ v, validation }) => loss(logits(validation.x, v.weight, v.bias), validation.y),
    g: ({ u, v, train }) =>
      weightedLoss(
        logits(train.x, v.weight, v.bias),
        train.y,
        dense ? gather(u.importance, train.index) : u.importance,
      ),
  });
}

async function run(dense: boolean, batch: number | undefined, options: PenaltyOptions): Promise<MethodState> {
  const given = {
    variant: 'paper',
    lowerSteps: 3,
    upperLearningRate: 0.5,
    lowerLearningRate: 0.05,
    gamma: 1,
    ...options,
  } as const;
  using solver = penalty(problem(dense, batch), given, { device });
  const state = solver.init();
  for (let iteration = 0; iteration < 7; iteration++) await solver.step(state);
  return state;
}

const difference = (a: MethodState, b: MethodState, name: string): number => {
  const [x = [], y = []] = [a, b].map(({ tensors }) => tensors[name]?.toArray());
  return Math.max(...x.map((value, index) => Math.abs(value - (y[index] as number))));
};

test('rows updated in place are the update of the whole variable: plain gradient descent on mini-batches', async (t) => {
  const [rows, whole] = [await run(false, 8, { upperOptimizer: 'sgd' }), await run(true, 8, { upperOptimizer: 'sgd' })];
  for (const name of ['u/importance', 'v/weight', 'v/bias']) t.true(difference(rows, whole, name) < 1e-6, name);
  const start = importance.toArray();
  t.true((rows.u.importance?.toArray() ?? []).every((value, index) => value !== start[index]));
});

test('with all rows in a batch the optimizer slots are those of the whole variable', async (t) => {
  const [rows, whole] = [await run(false, undefined, {}), await run(true, undefined, {})];
  for (const name of Object.keys(whole.tensors)) t.true(difference(rows, whole, name) < 1e-6, name);
});

test('slots are shared by all batches unless each sample is to have its own', async (t) => {
  const shared = await run(false, 8, { upperOptimizer: 'momentum' });
  t.deepEqual(shared.tensors['u.velocity/importance']?.shape, [8]);
  const own = await run(false, 8, { upperOptimizer: 'momentum', slots: 'sample' });
  t.deepEqual(own.tensors['u.velocity/importance']?.shape, [samples]);
  t.true(difference(shared, own, 'u/importance') > 1e-3);
});

test('a slot row of its own: after one epoch momentum has made the first step of every sample', async (t) => {
  const given = {
    variant: 'paper',
    lowerSteps: 1,
    lowerLearningRate: 1e-20,
    gamma: 1,
    upperLearningRate: 0.5,
    slots: 'sample',
  } as const;
  const steps = async (upperOptimizer: 'sgd' | 'momentum'): Promise<number[]> => {
    using solver = penalty(problem(false, 8), { ...given, upperOptimizer }, { device });
    const state = solver.init();
    for (let iteration = 0; iteration < samples / 8; iteration++) await solver.step(state);
    return state.u.importance?.toArray() ?? [];
  };
  t.deepEqual(await steps('momentum'), await steps('sgd'));
});

test('rows outside the batch keep their bits', async (t) => {
  using solver = penalty(problem(false, 8), { variant: 'paper', upperLearningRate: 0.5 }, { device });
  const state = solver.init();
  const rows = new Set(Array.from((solver.init().samplers.train as Cursor).next()));
  await solver.step(state);
  const [before, after] = [importance.toArray(), state.u.importance?.toArray() ?? []];
  for (const [index, value] of after.entries()) t.is(value === before[index], !rows.has(index));
});

test('the cost of a step does not grow with the number of samples', (t) => {
  const cost = (count: number) => {
    using solver = penalty(smallProblem({ samples: count, batch: 8 }), {}, { device });
    return solver.phases.map((name) => solver.costOf(name));
  };
  const [few, many] = [cost(24), cost(2400)];
  // What an indexed copy is said to touch is its whole table, of which it reads or writes the rows of the batch alone.
  const indexed = new Set(['gather', 'setRows']);
  const touched = (costs: typeof few) =>
    costs.map(({ arenaBytes, instructions }) => [
      arenaBytes,
      ...instructions.map(({ opcode, flops, bytes }) => [opcode, flops, indexed.has(opcode) ? 'rows' : bytes]),
    ]);
  t.deepEqual(touched(few), touched(many));
  const [writing] = many.flatMap(({ instructions }) => instructions.filter(({ opcode }) => opcode === 'setRows'));
  t.is(writing?.detail.split('u/importance').length, 3, 'the rows are set in place: the variable is target and result');
});
