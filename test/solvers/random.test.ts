import test from 'ava';
import { minimizationProblem } from '../../lib/bilevel/index.js';
import { evaluate, input, randomUniform, reduceSum, square, sub } from '../../lib/graph/index.js';
import { minimize, penalty } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** The number that the key [seed, draw] gives. */
function uniform(seed: number, draw: number): number {
  const key = input('key', [2], 'int32');
  return evaluate([randomUniform(key, [1])], new Map([[key, Float64Array.of(seed, draw)]]))[0]?.[0] ?? Number.NaN;
}

test('every step of a minimization has the key of its number', async (t) => {
  const problem = minimizationProblem({
    lower: { v: Tensor.from([0]) },
    g: ({ v, key }) => reduceSum(square(sub(v.v, randomUniform(key, [1])))),
    seed: 9,
  });
  // With a rate of 1/2 a step of gradient descent goes to the random number itself.
  using solver = minimize(problem, { optimizer: 'sgd', learningRate: 0.5, steps: 3 }, { device });
  const state = solver.init();
  for (const last of [2, 5]) {
    await solver.step(state);
    t.true(Math.abs((state.v.v?.item() ?? Number.NaN) - uniform(9, last)) < 1e-6);
  }
});

test('an iteration of the penalty method keeps its key, the next has another, and a seed gives its run', async (t) => {
  const costs = async (seed: number): Promise<number[]> => {
    const stated = smallProblem({ batch: undefined, dropoutRatio: 0.5, seed });
    // Steps of no length leave the key as the only thing that changes.
    const still = { lowerLearningRate: 1e-30, upperLearningRate: 1e-30, lowerSteps: 2 } as const;
    using solver = penalty(stated, still, { device });
    const values: number[] = [];
    for await (const { g } of solver.run({ iterations: 3 })) values.push(g);
    return values;
  };
  const values = await costs(1);
  t.is(new Set(values).size, 3);
  t.deepEqual(await costs(1), values);
  t.notDeepEqual(await costs(2), values);
});
