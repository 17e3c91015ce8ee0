import type { Device } from '../../engine/index.js';
import { BilevelError } from '../../errors.js';
import { median } from '../../numbers.js';
import { findMethod, type MethodSolver, type MethodState, type SavedState } from '../../solvers/index.js';
import type { Rows, Run, Step } from '../../study/index.js';
import type { Tensor } from '../../tensor.js';
import { drawData, type SyntheticData } from './data.js';
import { DistanceMeter, syntheticProblem } from './problems.js';
import { methodOptions, nameOfRun, type RunKey, type SyntheticSettings } from './settings.js';

/** Distances are taken before the first iteration, after every tenth, and after the last. */
const recordEvery = 10;

/** What a run gave. */
export interface RunResult extends RunKey {
  /** Iterations after which distances were taken, [records]. */
  readonly iterations: readonly number[];
  /** Distance to the solution set of every trial, [records][trials]. */
  readonly distances: readonly (readonly number[])[];
  /** Wall time of all iterations. */
  readonly seconds: number;
  /** Wall time of the median iteration, which other programs on the machine disturb least. */
  readonly medianMilliseconds: number;
  /** The last penalty weight, mean over the trials, of a method that has one. */
  readonly gamma?: number;
}

/** One line of a run's metrics. */
interface Record {
  readonly iteration: number;
  /** By trial, rounded to float32. */
  readonly distances: readonly number[];
  /** Wall time of each iteration since the line before. */
  readonly milliseconds: readonly number[];
  readonly gamma?: number;
}

/** One method on all trials of one problem at once. */
export class SyntheticRun implements Run<object> {
  readonly #settings: SyntheticSettings;
  readonly #signal: AbortSignal | undefined;
  readonly #meter: DistanceMeter;
  readonly #solver: MethodSolver;
  readonly #state: MethodState;

  constructor(
    { problem, method: name, lowerSteps }: RunKey,
    settings: SyntheticSettings,
    { device, signal }: { readonly device: Device; readonly signal?: AbortSignal },
    saved?: SavedState,
  ) {
    const data = drawData(settings);
    const method = findMethod(name);
    this.#settings = settings;
    this.#signal = signal;
    this.#meter = new DistanceMeter(problem, data);
    this.#solver = method(syntheticProblem(problem, data), methodOptions(method, lowerSteps), { device });
    this.#state = saved === undefined ? this.#solver.init() : this.#solver.restore(saved);
  }

  async *steps(): AsyncGenerator<Step & { readonly row: Record }, void, undefined> {
    const { iterations: total } = this.#settings;
    const { counters } = this.#state;
    const step = (row: Omit<Record, 'distances'>) => ({
      row: { ...row, distances: this.#distances() },
      done: row.iteration,
      total,
    });
    if (counters.iteration === 0) yield step({ iteration: 0, milliseconds: [] });
    while (counters.iteration < total) {
      const milliseconds: number[] = [];
      let report: object = {};
      do {
        // Stopped between two lines, so that a checkpoint belongs to the last one.
        const signal = milliseconds.length === 0 ? this.#signal : undefined;
        const made = await this.#solver.step(this.#state, { signal });
        milliseconds.push(Number(made.wallMs.toFixed(4)));
        report = made;
      } while (counters.iteration % recordEvery !== 0 && counters.iteration !== total);
      const gamma = 'gamma' in report ? { gamma: Number(report.gamma) } : {};
      yield step({ iteration: counters.iteration, milliseconds, ...gamma });
    }
  }

  #distances(): number[] {
    const { u, v } = this.#state;
    // Nine digits tell a float32.
    return this.#meter.measure(valuesOf(u.u), valuesOf(v.v)).map((value) => Number(Math.fround(value).toPrecision(9)));
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

const valuesOf = (variable: Tensor | undefined): readonly number[] => variable?.toArray() ?? [];

/** What the lines of a run's metrics tell. @throws INVALID_FILE when they are not those of such a run */
export function readRun(key: RunKey, rows: Rows): RunResult {
  const records = rows.map((row): Record => {
    if (isRecord(row)) return row;
    throw new BilevelError('INVALID_FILE', `The metrics of ${nameOfRun(key)} have a line of something else.`);
  });
  const milliseconds = records.flatMap((record) => record.milliseconds);
  const gamma = records.at(-1)?.gamma;
  return {
    ...key,
    iterations: records.map(({ iteration }) => iteration),
    distances: records.map(({ distances }) => distances.map(Math.fround)),
    seconds: milliseconds.reduce((sum, each) => sum + each, 0) / 1e3,
    medianMilliseconds: median(milliseconds),
    ...(gamma !== undefined && Number.isFinite(gamma) && { gamma }),
  };
}

function isRecord(row: object): row is Record {
  const { iteration, distances, milliseconds, gamma }: { readonly [K in keyof Record]?: unknown } = row;
  return (
    Number.isSafeInteger(iteration) && [distances, milliseconds].every(isNumbers) && typeof (gamma ?? 0) === 'number'
  );
}

const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.every((each) => typeof each === 'number');

/** Smallest eigenvalue of A' A that is not 0, of every matrix: where it is small the penalty of P4 has no minimiser. */
export function smallestEigenvalues(key: RunKey, data: SyntheticData): number[] {
  return new DistanceMeter(key.problem, data).rowSpaces.map(({ smallestEigenvalue }) => smallestEigenvalue);
}
