import type { BilevelProblem } from '../../bilevel/index.js';
import type { Device } from '../../engine/index.js';
import { residualText } from '../../report/format.js';
import {
  evaluate,
  findMethod,
  type MethodSolver,
  type MethodState,
  respond,
  type SavedState,
} from '../../solvers/index.js';
import type { Run, Step } from '../../study/index.js';
import type { Judge, Quantity, Task } from '../task.js';
import type { Judgement, Measurement } from './curves.js';
import type { Budget, MethodRun } from './settings.js';

interface Position {
  readonly iteration: number;
  readonly seconds: number;
  readonly evaluations: number;
  readonly linearResidual?: number;
}

/** What does not change along a run. */
export interface RunSettings {
  readonly budget: Budget;
  /** How often points are judged. */
  readonly measurements: number;
  readonly signal?: AbortSignal;
}

/** How exactly the response is found to the u that a run ends with. */
const search = { tolerance: 1e-3, maxSteps: 100 };

/** One method on the problem of a task, measured now and then. */
export class ComparisonRun<S extends { readonly seed: number }, D> implements Run<Judgement> {
  readonly #settings: RunSettings;
  readonly #device: Device;
  readonly #problem: BilevelProblem;
  /** Shown as the run goes on. */
  readonly #shown: readonly [name: string, quantity: Quantity];
  readonly #solver: MethodSolver;
  readonly #state: MethodState;
  readonly #judge: Judge;
  #last: Measurement | undefined;

  /**
   * @param earlier where the run was saved, and its measurement there; by default it starts anew
   * @throws INVALID_ARGUMENT when the method cannot solve the problem, STATE_MISMATCH for a state of other settings
   */
  constructor(
    task: Task<S, D>,
    inputs: { readonly settings: S; readonly data: D; readonly device: Device },
    { method, batch, options }: MethodRun,
    settings: RunSettings,
    earlier?: { readonly state: SavedState; readonly measurement: Measurement },
  ) {
    const { data, device } = inputs;
    this.#settings = settings;
    this.#shown = Object.entries(task.quantities)[0] as [string, Quantity];
    this.#device = device;
    this.#problem = task.problem(data, inputs.settings, batch);
    this.#solver = findMethod(method)(this.#problem, options, { device });
    this.#judge = task.judge(data, inputs.settings, device);
    this.#last = earlier?.measurement;
    try {
      this.#state = earlier === undefined ? this.#solver.init() : this.#solver.restore(earlier.state);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  save(): SavedState {
    return this.#solver.serialize(this.#state);
  }

  /**
   * Trains until the budget is used up, measuring at the start and then at times that lie closer together early on,
   * when costs fall fastest.
   * @throws ABORTED and NON_FINITE: to go on after either, make a run from what was saved at the last measurement
   */
  async *steps(): AsyncGenerator<Step & { readonly row: Measurement }, void, undefined> {
    const { budget, measurements } = this.#settings;
    const { unit, amount } = budget;
    if (this.#last === undefined) {
      this.#last = await this.#measured({ iteration: 0, seconds: 0, evaluations: 0 });
      yield this.#step(this.#last);
    }
    let last = this.#last;
    while (last[unit] < amount) {
      const part = Math.floor(measurements * Math.sqrt(last[unit] / amount)) + 1;
      const next = amount * Math.min(1, part / measurements) ** 2;
      let position: Position = last;
      do {
        position = await this.#iterate(position);
      } while (position[unit] < next);
      last = await this.#measured(position);
      this.#last = last;
      yield this.#step(last);
    }
  }

  /** @throws as `respond` */
  async end(): Promise<Judgement> {
    const { u } = this.#state;
    const given = { device: this.#device, signal: this.#settings.signal };
    const { v, residual } = await respond(this.#problem, u, { ...search, ...given });
    const { f } = await evaluate(this.#problem, { u, v }, given);
    return { response: f, responseResidual: residual };
  }

  #step(row: Measurement): Step & { readonly row: Measurement } {
    const { unit, amount } = this.#settings.budget;
    const [name, { chart, title }] = this.#shown;
    const detail = `${(chart ?? title).toLowerCase()} ${row[name]?.toFixed(3)}${residualText({ linearResidual: row.linearResidual })}`;
    // What was measured belongs to the state, so each measurement is a checkpoint.
    return { row, done: Math.min(row[unit], amount), total: amount, detail, keep: true };
  }

  async #iterate({ seconds }: Position): Promise<Position> {
    const { signal } = this.#settings;
    const { iteration, wallMs, evaluations, linearResidual } = await this.#solver.step(this.#state, { signal });
    const total = Object.values(evaluations).reduce((sum, count) => sum + count, 0);
    const position = { iteration, seconds: seconds + wallMs / 1000, evaluations: total };
    return { ...position, ...(linearResidual !== undefined && { linearResidual }) };
  }

  async #measured({ iteration, seconds, evaluations, linearResidual }: Position): Promise<Measurement> {
    const quantities = await this.#judge.of(this.#state);
    const solved = linearResidual !== undefined && { linearResidual };
    return { iteration, seconds, evaluations, ...quantities, ...solved };
  }

  [Symbol.dispose](): void {
    this.#solver.dispose();
    this.#judge[Symbol.dispose]();
  }
}
