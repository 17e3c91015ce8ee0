import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { type ProgramCase, ProgramInputs } from './programs.js';

/**
 * A random graph of what passes over memory are made of: elementwise operations, factors for each channel, means that
 * are subtracted, masks, elements of the planes that are picked and put back, and products in between. In one of three
 * all axes have lengths of 1 or 2: there rules that take an axis for a long one go wrong.
 */
export function randomProgram(seed: number): ProgramCase {
  const random = Random.fromSeed(seed, 'random programs');
  const short = (): number => 1 + random.integer(2);
  const [batch, channels, plane, picked] =
    seed % 3 === 0 ? ([short(), short(), short(), short()] as const) : ([3, 4, 6, 2] as const);
  const full = [batch, channels, plane];
  const inputs = new ProgramInputs();
  const values = [inputs.real('a', full), inputs.real('b', full)];
  const factors = [inputs.real('c', [channels, 1]), inputs.real('d', [channels, 1], 0.5, 1.5)];
  const square = inputs.real('m', [plane, plane]);
  const indices = inputs.index('indices', [batch, channels, picked], plane);
  const parts = [inputs.real('p', [batch, channels, picked])];
  const sums: g.Node[] = [];
  const pick = (from: readonly g.Node[]): g.Node => from[Math.max(0, from.length - 1 - random.integer(5))] as g.Node;
  const channelSum = (x: g.Node): g.Node => g.reduceSum(x, [0, 2], { keepDims: true });
  const axes = [[0, 2], [2], [0], [0, 1, 2]];
  const steps: (() => void)[] = [
    () => values.push(g.add(pick(values), pick(values))),
    () => values.push(g.mul(pick(values), pick(factors))),
    () => values.push(g.mul(g.add(g.tanh(pick(values)), 1.5), pick(values))),
    () => values.push(g.relu(pick(values))),
    () => values.push(g.neg(pick(values))),
    () => values.push(g.where(g.greater(pick(values), 0), pick(values), 0)),
    () => values.push(centered(pick(values))),
    () => values.push(g.reshape(g.matmul(g.reshape(pick(values), [batch * channels, plane]), square), full)),
    () => parts.push(g.gatherElements(pick(values), indices)),
    () => parts.push(g.mul(pick(parts), g.gatherElements(pick(values), indices))),
    () => values.push(g.scatterAddElements(pick(parts), indices, { size: plane })),
    () => factors.push(factor(pick(values))),
    () => factors.push(factor(g.mul(pick(values), pick(values)))),
    () => sums.push(g.reduceSum(pick(values), axes[random.integer(axes.length)] as number[])),
  ];
  function factor(x: g.Node): g.Node {
    return g.add(g.tanh(g.reshape(channelSum(x), [channels, 1])), 1.5);
  }
  // Not quite the mean: sums that are nothing but rounding could not be compared.
  function centered(x: g.Node): g.Node {
    return g.sub(x, g.mul(channelSum(x), 0.9 / (batch * plane)));
  }
  for (let step = 0; step < 40; step++) (steps[random.integer(steps.length)] as () => void)();
  return {
    name: `random graph ${seed}`,
    spec: {
      outputs: Object.fromEntries([
        ...sums.slice(-3).map((node, index) => [`sum${index}`, node]),
        ['part', parts.at(-1) as g.Node],
        ['last', values.at(-1) as g.Node],
        ['sum', g.reduceSum(pick(values), [1])],
      ]),
      updates: [[values[0] as g.Node, g.tanh(pick(values))]],
    },
    inputs: inputs.feeds,
  };
}
