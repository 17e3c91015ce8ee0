import type { Device } from '../../engine/index.js';
import { residualText } from '../../report/format.js';
import type { MethodReport, MethodSolver, MethodState, SavedState } from '../../solvers/index.js';
import type { Run, Step } from '../../study/index.js';
import type { Instance } from './instance.js';
import { type StudyMethodName, studyMethods } from './methods.js';
import { representationProblem } from './problem.js';
import type { StudyRun } from './settings.js';

const lowerLearningRate = 1e-3;

/** One outer step of one run: a line of its metrics. */
export interface StudyReport extends Omit<MethodReport, 'iteration' | 'evaluations'> {
  /** Seed of the instance. */
  readonly instance: number;
  readonly method: StudyMethodName;
  readonly lowerSteps: number;
  /** Outer steps made before; f and the norms belong to the point that they led to. */
  readonly step: number;
}

/** One method on one instance. */
export class RepresentationRun implements Run<object> {
  readonly #run: StudyRun;
  readonly #iterations: number;
  readonly #seed: number;
  readonly #signal: AbortSignal | undefined;
  readonly #solver: MethodSolver;
  readonly #state: MethodState;

  /** @throws STATE_MISMATCH for a state of another run */
  constructor(
    run: StudyRun,
    instance: Instance,
    { iterations, smoothing }: { readonly iterations: number; readonly smoothing: number },
    { device, signal }: { readonly device: Device; readonly signal?: AbortSignal },
    saved?: SavedState,
  ) {
    const { method, ...options } = run;
    const given = { lowerLearningRate, ...options, smoothing };
    this.#run = run;
    this.#iterations = iterations;
    this.#seed = instance.seed;
    this.#signal = signal;
    this.#solver = studyMethods[method].open(representationProblem(instance), given, { device });
    this.#state = saved === undefined ? this.#solver.init() : this.#solver.restore(saved);
  }

  async *steps(): AsyncGenerator<Step & { readonly row: StudyReport }, void, undefined> {
    const { method, lowerSteps } = this.#run;
    while (this.#state.counters.iteration < this.#iterations) {
      const { iteration, evaluations, ...report } = await this.#solver.step(this.#state, { signal: this.#signal });
      yield {
        row: { instance: this.#seed, method, lowerSteps, step: iteration - 1, ...report, ...evaluations },
        done: iteration,
        total: this.#iterations,
        detail: `f ${report.f.toPrecision(4)}${residualText(report)}`,
      };
    }
  }

  save(): SavedState {
    return this.#solver.serialize(this.#state);
  }

  async end(): Promise<object> {
    return {};
  }

  [Symbol.dispose](): void {
    this.#solver.dispose();
  }
}
