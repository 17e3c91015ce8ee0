import type { Device } from '../../../engine/index.js';
import { mean } from '../../../numbers.js';
import type { Network } from '../../../onnx/index.js';
import { cosine } from '../../../schedules/index.js';
import { methods } from '../../../solvers/index.js';
import { type Decay, penalized, type Trainer } from '../trainer.js';
import { decayProblem, halves, halvesOf } from './problem.js';

/** Before anything is learned. */
export function firstDecay(network: Network): Decay {
  return Object.fromEntries(penalized(network.initialParameters()).map((name) => [name, 1e-3]));
}

/** First step of the logarithms; it falls to 0, so that 60 steps can change a coefficient by a factor of 20. */
const upperRate = 0.1;
/**
 * Steps of v for one of u, all of them differentiated: plain steps, whose rate suits networks that are trained to their
 * end.
 */
const lowerSteps = 10;
const lowerRate = 0.03;

/**
 * Learns weight decay by {@link decayProblem}: v starts at networks trained with the decay so far and follows u; the
 * hypergradient is that through the last steps of v (truncated reverse mode).
 * @returns the decay, and the upper cost by iteration, each on a mini-batch
 * @throws ABORTED; NON_FINITE where the plain steps of v are too large for the network
 */
export async function learnDecay(
  network: Network,
  trainer: Trainer,
  trust: Float64Array,
  decay: Decay,
  options: {
    readonly iterations: number;
    readonly batch: number;
    readonly device: Device;
    readonly signal: AbortSignal | undefined;
    readonly onProgress: (done: number) => void;
  },
): Promise<{ readonly decay: Decay; readonly costs: readonly number[] }> {
  const { iterations, batch, device, signal, onProgress } = options;
  const { data, seed } = trainer;
  const half = halvesOf(trainer.count, seed, 'train');
  const validationHalf = halvesOf(data.validation.labels.size, seed, 'validation');
  const parameters = [];
  for (const held of halves) {
    const weights = trust.map((each, row) => (half[row] === held ? 0 : each));
    const validation = (row: number): boolean => validationHalf[row] !== held;
    parameters.push(await trainer.train({ weights, validation, l2: decay }));
  }
  const problem = decayProblem(network, data, trust, { decay, parameters }, { batch, seed });
  const rates = { lowerLearningRate: lowerRate, upperLearningRate: cosine(upperRate, 0, iterations) };
  using solver = methods.reverse(
    problem,
    { lowerSteps, backwardSteps: lowerSteps, upperOptimizer: 'adam', ...rates },
    { device },
  );
  const state = solver.init();
  const costs: number[] = [];
  for await (const { iteration, f } of solver.run({ state, iterations, ...(signal && { signal }) })) {
    costs.push(f);
    onProgress(iteration);
  }
  const learned = state.u.logDecay?.toArray() ?? [];
  const names = penalized(network.initialParameters());
  return { decay: Object.fromEntries(names.map((name, at) => [name, Math.exp(learned[at] ?? 0)])), costs };
}

/** Mean cost of the first and of the last tenth of the iterations. */
export function costsAtEnds(costs: readonly number[]): { readonly first: number; readonly last: number } {
  const tenth = Math.max(1, Math.floor(costs.length / 10));
  return { first: mean(costs.slice(0, tenth)), last: mean(costs.slice(-tenth)) };
}
