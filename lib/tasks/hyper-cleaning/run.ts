import { detection } from '../../data/detection.js';
import type { Device } from '../../engine/index.js';
import { findMethod, type MethodSolver, type MethodState, type SavedState } from '../../solvers/index.js';
import type { Tensor } from '../../tensor.js';
import type { HyperCleaningData } from './data.js';
import { Evaluation, type Quality } from './evaluation.js';
import { hyperCleaningProblem } from './problem.js';
import type { MethodRun, TaskSettings } from './settings.js';

/** How long a method may train: so many seconds, or so many evaluations of all four kinds together. */
export interface Budget {
  readonly unit: 'seconds' | 'evaluations';
  readonly amount: number;
}

/** Where a run stands and how good its model is. */
export interface Measurement extends Quality {
  readonly iteration: number;
  /** Of training alone: compiling and measuring take none of them. */
  readonly seconds: number;
  /** Gradients of f and g, Hessian- and Jacobian-vector products since the start, each on one mini-batch. */
  readonly evaluations: number;
  /** Probability that a sample with a wrong label weighs less than one with a right label. */
  readonly auc: number;
  /** Relative residual of the linear system in the last iteration, of a method that solves one. */
  readonly linearResidual?: number;
}

type Position = Pick<Measurement, 'iteration' | 'seconds' | 'evaluations' | 'linearResidual'>;

/** One method on the hyper-cleaning problem, measured now and then. */
export class HyperCleaningRun implements Disposable {
  readonly #measurements: number;
  readonly #corrupted: Tensor<'bool'>;
  readonly #solver: MethodSolver;
  readonly #state: MethodState;
  readonly #evaluation: Evaluation;
  #last: Measurement | undefined;

  /**
   * @param earlier where the run was saved, and its measurement there; by default it starts anew
   * @throws INVALID_ARGUMENT when the method cannot solve the problem, STATE_MISMATCH for a state of other settings
   */
  constructor(
    settings: TaskSettings,
    { method, batch, options }: MethodRun,
    data: HyperCleaningData,
    device: Device,
    earlier?: { readonly state: SavedState; readonly measurement: Measurement },
  ) {
    this.#measurements = settings.measurements;
    this.#corrupted = data.corrupted;
    this.#solver = findMethod(method)(hyperCleaningProblem(data, settings, batch), options, { device });
    this.#evaluation = new Evaluation(data, device);
    this.#last = earlier?.measurement;
    try {
      this.#state = earlier === undefined ? this.#solver.init() : this.#solver.restore(earlier.state);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** What to keep for going on later; valid until the next measurement is asked for. */
  save(): SavedState {
    return this.#solver.serialize(this.#state);
  }

  /** The weight sigmoid(x_i) of every training sample, [n]. */
  get weights(): Float64Array {
    return Float64Array.from(this.#variable('u', 'x').toArray(), (x) => 1 / (1 + Math.exp(-x)));
  }

  /**
   * Trains until the budget is used up, measuring at the start and then at times that lie closer together early on, when
   * losses fall fastest.
   * @throws ABORTED and NON_FINITE: to go on after either, make a run from what was saved at the last measurement
   */
  async *measure({ unit, amount }: Budget, signal?: AbortSignal): AsyncGenerator<Measurement, void, undefined> {
    if (this.#last === undefined) {
      this.#last = await this.#measured({ iteration: 0, seconds: 0, evaluations: 0 });
      yield this.#last;
    }
    let last = this.#last;
    while (last[unit] < amount) {
      const part = Math.floor(this.#measurements * Math.sqrt(last[unit] / amount)) + 1;
      const next = amount * Math.min(1, part / this.#measurements) ** 2;
      let position: Position = last;
      do {
        position = await this.#step(position, signal);
      } while (position[unit] < next);
      last = await this.#measured(position);
      this.#last = last;
      yield last;
    }
  }

  async #step({ seconds }: Position, signal: AbortSignal | undefined): Promise<Position> {
    const { iteration, wallMs, evaluations, linearResidual } = await this.#solver.step(this.#state, { signal });
    const total = Object.values(evaluations).reduce((sum, count) => sum + count, 0);
    const position = { iteration, seconds: seconds + wallMs / 1000, evaluations: total };
    return { ...position, ...(linearResidual !== undefined && { linearResidual }) };
  }

  async #measured({ iteration, seconds, evaluations, ...solved }: Position): Promise<Measurement> {
    const quality = await this.#evaluation.of(this.#variable('v', 'w'));
    const { auc } = detection(this.weights, this.#corrupted.data);
    return { iteration, seconds, evaluations, ...quality, auc, ...solved };
  }

  #variable(level: 'u' | 'v', name: string): Tensor {
    const tensor = this.#state[level][name];
    if (tensor === undefined) throw new RangeError(`The state has no ${level}.${name}.`);
    return tensor;
  }

  dispose(): void {
    this.#solver.dispose();
    this.#evaluation.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
