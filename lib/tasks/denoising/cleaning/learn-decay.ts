import type { Device } from '../../../engine/index.js';
import { BilevelError } from '../../../errors.js';
import type { Network } from '../../../onnx/index.js';
import { cosine } from '../../../schedules/index.js';
import { methods } from '../../../solvers/index.js';
import type { Tensor } from '../../../tensor.js';
import { type CrossFitted, crossFit } from '../cross-fitting.js';
import { type Decay, givenProbabilities, penalized, type Trainer } from '../trainer.js';
import { dealt, decayProblem } from './problem.js';

/** Before anything is learned. */
export function firstDecay(network: Network): Decay {
  return Object.fromEntries(penalized(network.initialParameters()).map((name) => [name, 1e-3]));
}

/** First step of the logarithms; it falls to 0, so that 20 steps can change a coefficient by a factor of 20. */
const upperRate = 0.3;
/** Steps of v for one of u, all of them differentiated, plain ones that start at trained networks. */
const lowerSteps = 10;
const lowerRate = 0.03;
/** Shares of the way from the decay so far to what was found that are tried one after the other. */
const shares = [1, 0.5, 0.25] as const;

/** What came of learning the decay. */
export interface LearnedDecay {
  readonly decay: Decay;
  /** The upper cost by iteration, each on a mini-batch and with v on its way. */
  readonly costs: readonly number[];
  /** f(u, v*): the upper cost of networks that were trained anew, with the decay before and with the one learned. */
  readonly before: number;
  readonly after: number;
  /** Whether v ran away, so that nothing was learned: its steps were too large for the network. */
  readonly diverged: boolean;
}

/**
 * Learns weight decay by {@link decayProblem}: v starts at networks trained with the decay so far and follows u; the
 * hypergradient is that through the last steps of v (truncated reverse mode). Ten steps do not tell all that decay does
 * to a training from its start, so networks are trained anew with what was found: it is taken, or half or a quarter of
 * the way to it, only where they do better on the samples that they did not see.
 * @throws ABORTED; NON_FINITE by the trainings
 */
export async function learnDecay(
  network: Network,
  trainer: Trainer,
  trust: Float64Array,
  decay: Decay,
  options: {
    readonly iterations: number;
    readonly batch: number;
    /** Length of the trainings. */
    readonly share: number;
    readonly device: Device;
    readonly signal: AbortSignal | undefined;
    readonly onProgress: (done: number) => void;
  },
): Promise<LearnedDecay> {
  const { iterations, batch, share, device, signal, onProgress } = options;
  const { data, seed } = trainer;
  const before = await trainHeldOut(trainer, trust, { l2: decay, share });
  const problem = decayProblem(
    network,
    data,
    trust,
    { decay, ...before },
    { batch, seed, augmentation: trainer.augmentation },
  );
  const rates = { lowerLearningRate: lowerRate, upperLearningRate: cosine(upperRate, 0, iterations) };
  using solver = methods.reverse(
    problem,
    { lowerSteps, backwardSteps: lowerSteps, upperOptimizer: 'adam', ...rates },
    { device },
  );
  const state = solver.init();
  const costs: number[] = [];
  const unchanged = { decay, costs, before: before.cost, after: before.cost };
  try {
    for await (const { iteration, f } of solver.run({ state, iterations, ...(signal && { signal }) })) {
      costs.push(f);
      onProgress(iteration);
    }
  } catch (error) {
    if (!(error instanceof BilevelError && error.code === 'NON_FINITE')) throw error;
    return { ...unchanged, diverged: true };
  }
  const learned = state.u.logDecay?.toArray() ?? [];
  for (const part of shares) {
    const tried = Object.fromEntries(
      penalized(network.initialParameters()).map((name, at) => {
        const from = Math.log(decay[name] ?? 1);
        return [name, Math.exp(from + part * ((learned[at] ?? from) - from))];
      }),
    );
    const { cost } = await trainHeldOut(trainer, trust, { l2: tried, share });
    if (cost < before.cost) return { ...unchanged, decay: tried, after: cost, diverged: false };
  }
  return { ...unchanged, diverged: false };
}

/**
 * The networks of the bilevel problem, trained from their start, and how they do on the samples that they did not see:
 * the upper cost of {@link decayProblem}, on all of them.
 */
async function trainHeldOut(
  trainer: Trainer,
  trust: Float64Array,
  { l2, share }: { readonly l2: Decay; readonly share: number },
): Promise<CrossFitted & { readonly cost: number }> {
  const { train, validation } = trainer.data;
  const fitted = await crossFit(trainer, { weights: trust, l2, share, ...dealt, dealValidation: true });
  let [sum, total] = [0, 0];
  const judge = (
    probabilities: Tensor<'float32'>,
    labels: Tensor<'int64'>,
    folds: Int32Array | undefined,
    weightOf: (row: number) => number,
  ): void => {
    for (const [row, p] of givenProbabilities(probabilities, labels).entries()) {
      if (!((folds?.[row] ?? dealt.networks) < dealt.networks)) continue;
      sum -= weightOf(row) * Math.log(Math.max(p, 1e-12));
      total += weightOf(row);
    }
  };
  judge(fitted.train, train.labels, fitted.trainFolds, (row) => trust[row] ?? 0);
  if (fitted.validation !== undefined) judge(fitted.validation, validation.labels, fitted.validationFolds, () => 1);
  return { ...fitted, cost: sum / total };
}
