import type { BilevelProblem } from '../../bilevel/index.js';
import type { Device } from '../../engine/index.js';
import { BilevelError, isRecord } from '../../errors.js';
import type { MethodSolver, MethodState, SavedState } from '../../solvers/index.js';
import type { Tensor } from '../../tensor.js';
import type { Approach } from './approaches.js';
import { gridCandidate, randomCandidate } from './candidates.js';
import type { Facts } from './hyperparameters.js';
import { stepOfOffsets } from './offsets.js';
import { firstHyperparameters } from './problem.js';
import type { TuningSettings } from './settings.js';

/** What proposes hyperparameters. */
export interface Tuner extends Disposable {
  /** Whether every proposal is to be judged, because nothing else tells what it is worth. */
  readonly judgesAll: boolean;
  /** The present proposal. */
  readonly u: Readonly<Record<string, Tensor>>;
  /** The next proposal. @returns f where a method stands, NaN of a search @throws ABORTED, NON_FINITE */
  step(signal: AbortSignal): Promise<number>;
  save(): SavedState;
}

type Settings = Pick<TuningSettings, 'tuned' | 'rate' | 'seed' | 'spread' | 'steps' | 'tikhonov'>;

/**
 * @param saved where it stood; by default it starts anew
 * @throws INVALID_ARGUMENT when a method cannot solve the problem; STATE_MISMATCH for a state of another tuner
 */
export function tunerOf(
  approach: Approach,
  problem: BilevelProblem,
  facts: Facts,
  settings: Settings,
  device: Device,
  saved?: SavedState,
): Tuner {
  const { tuned, rate, steps, tikhonov } = settings;
  if (approach.kind === 'method') {
    const { method } = approach;
    const options = {
      ...approach.options,
      ...('tikhonov' in method.options && { tikhonov }),
      ...(approach.of === 'steps' && { lowerSteps: steps, warmStart: false, lowerLearningRate: stepOfOffsets }),
      upperOptimizer: 'adam',
      upperLearningRate: rate,
    };
    return tunerBy(method(problem, options, { device }), saved);
  }
  const first = firstHyperparameters(tuned, facts);
  const candidate = (index: number): Readonly<Record<string, Tensor>> =>
    index === 0
      ? first
      : approach.kind === 'grid'
        ? gridCandidate(index - 1, tuned, facts)
        : randomCandidate(index - 1, tuned, facts, settings);
  let index = saved === undefined ? 0 : indexOf(saved);
  return {
    judgesAll: true,
    get u() {
      return candidate(index);
    },
    step: async () => {
      index++;
      return Number.NaN;
    },
    save: () => ({ tensors: new Map(), values: { index } }),
    [Symbol.dispose]: () => undefined,
  };
}

function tunerBy(solver: MethodSolver, saved: SavedState | undefined): Tuner {
  const state: MethodState = saved === undefined ? solver.init() : solver.restore(saved);
  return {
    judgesAll: false,
    get u() {
      return state.u;
    },
    step: async (signal) => (await solver.step(state, { signal })).f,
    save: () => solver.serialize(state),
    [Symbol.dispose]: () => solver.dispose(),
  };
}

function indexOf({ values }: SavedState): number {
  if (isRecord(values) && Number.isSafeInteger(values.index)) return Number(values.index);
  throw new BilevelError('STATE_MISMATCH', 'The saved state is not that of a search.');
}
