import { geometric } from '../../../schedules/index.js';
import type { MethodBuilder } from '../../machine/builder.js';
import { atIteration } from '../../machine/builder.js';
import type { Rate } from '../../machine/level.js';
import type { SolverState } from '../../state.js';
import type { PenaltySettings } from './options.js';

/** Numbers that move on together. */
export type Growing = 'gamma' | 'epsilon' | 'lambda' | 'upperDecay' | 'lowerDecay';

/** Whether v solves its system, does not come to it in its steps, or has left the solutions of the lower level. */
export type Following = 'follows' | 'lags' | 'departed';

/** Growths of a weight that was too small to keep v at the lower level: with the factor 1.2 it is doubled. */
const growthsAtDeparture = 4;

/** How often a weight that is balanced may have fallen: with the factor 1.2 to 1/38 of the first. */
const mostFalls = 20;

/** What a growth needs of the iteration in which it happens. */
export interface GrowthSteps {
  /** nu <- nu + step r with the given step of each trial. */
  stepMultipliers(steps: readonly number[]): Promise<void>;
  /** Evaluates the residuals anew and says which trials pass the convergence test. */
  test(): Promise<readonly boolean[]>;
}

/** How often gamma has grown, less how often it has fallen, in each trial, and the numbers that follow from it. */
export class Growth {
  readonly #options: PenaltySettings;
  /** The counters of each trial. */
  readonly #counters: readonly { readonly growths: string; readonly falls: string | undefined }[];
  readonly #schedules;
  /** Values of the schedules by the number of growths. */
  readonly #known = new Map<Growing, Map<number, number>>();
  /**
   * What every number was last, with the growths that it belongs to: between growths nothing has to be put together.
   */
  readonly #last = new Map<Growing, { readonly counts: readonly number[]; readonly values: readonly number[] }>();

  constructor(b: MethodBuilder, options: PenaltySettings) {
    this.#options = options;
    const falls = options.growth === 'balanced' ? b.count('falls') : [];
    this.#counters = b.count('growths').map((growths, trial) => ({ growths, falls: falls[trial] }));
    this.#schedules = {
      gamma: geometric(options.gamma, options.gammaFactor),
      epsilon: geometric(options.epsilon, options.epsilonFactor),
      lambda: geometric(options.lambda, options.lambdaFactor),
      upperDecay: geometric(1, options.upperDecay),
      lowerDecay: geometric(1, options.lowerDecay),
    };
  }

  /** Growths so far less falls, of each trial. */
  counts({ counters }: SolverState): readonly number[] {
    return this.#counters.map(
      ({ growths, falls }) => (counters[growths] ?? 0) - (falls === undefined ? 0 : (counters[falls] ?? 0)),
    );
  }

  /** A number as it is after the growths so far, of each trial. */
  at(name: Growing, state: SolverState): readonly number[] {
    const last = this.#last.get(name);
    const counts = this.counts(state);
    if (last?.counts.every((count, trial) => count === counts[trial])) return last.values;
    const known = this.#known.get(name) ?? new Map<number, number>();
    this.#known.set(name, known);
    const values = counts.map((count) => {
      const value = known.get(count) ?? this.#schedules[name].at(count);
      known.set(count, value);
      return value;
    });
    this.#last.set(name, { counts, values });
    return values;
  }

  /** The learning rate of a level with its decay. */
  rate(level: 'upper' | 'lower'): Rate {
    const learningRate = this.#options[`${level}LearningRate`];
    return (state) => {
      const rate = atIteration(learningRate)(state);
      return this.at(`${level}Decay`, state).map((decay) => rate * decay);
    };
  }

  /** Lets the weights of trials fall once where v lags behind, as far as they may, and grow where it has departed. */
  balance(state: SolverState, trials: readonly Following[]): void {
    const counts = this.counts(state);
    for (const [trial, { growths, falls = '' }] of this.#counters.entries()) {
      const count = counts[trial] ?? 0;
      const move = (name: string, times: number): void => {
        state.counters[name] = (state.counters[name] ?? 0) + Math.max(times, 0);
      };
      if (trials[trial] === 'departed') move(growths, Math.min(growthsAtDeparture, this.#options.growthLimit - count));
      if (trials[trial] === 'lags') move(falls, Math.min(1, count + mostFalls));
    }
  }

  /** Moves the numbers and nu of the trials that are due on, as often as they are. */
  async grow(state: SolverState, passed: readonly boolean[], steps: GrowthSteps): Promise<void> {
    const { growth, growthLimit, multiplierGamma } = this.#options;
    const belowLimit = (due: readonly boolean[]): boolean[] => {
      const counts = this.counts(state);
      return due.map((value, trial) => value && (counts[trial] ?? 0) < growthLimit);
    };
    const stepMultipliers = (due: readonly boolean[]): Promise<void> =>
      steps.stepMultipliers(this.at('gamma', state).map((gamma, trial) => (due[trial] ? gamma : 0)));
    let due = belowLimit(passed.map((value) => growth === 'everyIteration' || (growth !== 'never' && value)));
    while (due.includes(true)) {
      if (multiplierGamma === 'old') await stepMultipliers(due);
      for (const [trial, { growths }] of this.#counters.entries()) {
        state.counters[growths] = (state.counters[growths] ?? 0) + Number(due[trial]);
      }
      if (multiplierGamma === 'new') await stepMultipliers(due);
      if (growth !== 'untilTestFails') return;
      const still = await steps.test();
      due = belowLimit(due.map((value, trial) => value && (still[trial] ?? false)));
    }
  }
}
