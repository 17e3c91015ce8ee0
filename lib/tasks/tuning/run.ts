import { SparseRows } from '../../data/sparse-rows.js';
import { BilevelError, invalidArgument, isRecord } from '../../errors.js';
import type { ResponseStatus, SavedState } from '../../solvers/index.js';
import type { Resources, Rows, Run, Step } from '../../study/index.js';
import type { RunFolder } from '../../study/run-folder.js';
import type { Tensor } from '../../tensor.js';
import { type Approach, type ApproachName, approaches } from './approaches.js';
import type { TuningInputs } from './data.js';
import { decayImage, type FoundValues, numbersOf, summaryOf } from './found.js';
import { isOfSteps } from './hyperparameters.js';
import { firstHyperparameters, tuningProblem } from './problem.js';
import { budgetOf, type TuningSettings } from './settings.js';
import { type Tested, testNetwork } from './test-network.js';
import { type Trained, trainBySteps, trainToOptimum } from './training.js';
import { type Tuner, tunerOf } from './tuner.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Largest |grad_v g| of a training in the end, relative to what it is at the start. */
const tolerance = 1e-3;

/** A line of a run's metrics: hyperparameters that were judged. */
export interface TuningRow {
  /** Iterations of the method, or trainings of the search. */
  readonly iteration: number;
  /** Wall time so far, judging included. */
  readonly seconds: number;
  /** f(u, v*); NaN for a candidate whose training ran away */
  readonly response: number;
  /** The lowest so far, and how the network that was trained for it does on the test samples. */
  readonly best: number;
  readonly testLoss: number;
  readonly accuracy: number;
  /** f where the method stands. */
  readonly f?: number;
}

/** What a run has come to, with networks that are trained anew on what it found. */
export interface TuningEnding extends Tested {
  /** f(u, v*) */
  readonly response: number;
  readonly status: ResponseStatus;
  /** Iteration and time of the best hyperparameters. */
  readonly iteration: number;
  readonly seconds: number;
  readonly values: Readonly<Record<string, FoundValues>>;
  /** Numbers of each input of a network on images, as an image in a data URI: bright for strong decay. */
  readonly image?: string;
}

interface Best extends Tested {
  readonly response: number;
  readonly iteration: number;
  readonly seconds: number;
}

const [ofTuner, ofBest, ofStart] = ['tuner/', 'best/', 'start/'];

/** One way to choose hyperparameters, with one seed. */
export class TuningRun implements Run<TuningEnding> {
  readonly #inputs: TuningInputs;
  readonly #settings: TuningSettings;
  readonly #resources: Pick<Resources, 'device' | 'signal'>;
  readonly #approach: Approach;
  readonly #problem: ReturnType<typeof tuningProblem>;
  readonly #saved: SavedState | undefined;
  #tuner: Tuner | undefined;
  #u: Tensors;
  /** Parameters where methods let v start, which some of them go by. */
  #start: Tensors;
  #best: Best | undefined;
  readonly #last: TuningRow | undefined;
  /** How long the last training took. */
  #trainingSeconds = 0;

  /** @throws INVALID_ARGUMENT when a method cannot solve the problem; STATE_MISMATCH for a state of another run */
  constructor(
    name: ApproachName,
    inputs: TuningInputs,
    settings: TuningSettings,
    { device, signal }: Pick<Resources, 'device' | 'signal'>,
    saved?: { readonly state: SavedState; readonly rows: Rows },
  ) {
    const { network, facts } = inputs;
    const { tuned, seed, spread } = settings;
    this.#inputs = inputs;
    this.#settings = settings;
    this.#resources = { device, signal };
    this.#approach = approaches[name];
    this.#problem = tuningProblem(network, inputs, tuned, facts, { seed, spread });
    const parts = saved && partsOf(saved.state);
    this.#saved = parts?.tuner;
    this.#best = parts?.best;
    this.#u = parts?.u ?? firstHyperparameters(tuned, facts);
    this.#start = parts?.start ?? network.initialParameters();
    this.#last = saved && readRows(name, saved.rows).at(-1);
  }

  /**
   * Goes on until the budget is used up. First the start is judged, as the first candidate of all; methods begin at the
   * network that was trained for it.
   */
  async *steps(): AsyncGenerator<Step & { readonly row: TuningRow }, void, undefined> {
    const { unit, amount } = budgetOf(this.#settings);
    const { signal, device } = this.#resources;
    if (device.ranks !== undefined && unit !== 'iteration') {
      const expected = 'iterations as the budget where several processes compute together, whose clocks differ,';
      throw invalidArgument('the budget', expected, `${amount} ${unit}`);
    }
    const isFirst = this.#last === undefined;
    let last = this.#last ?? (await this.#begin());
    const tuner = this.#makeTuner();
    this.#tuner = tuner;
    if (isFirst) yield this.#step(last);
    while (this.#isTuned && last[unit] < amount) {
      const started = performance.now();
      const next = tuner.judgesAll ? 0 : this.#nextMeasurement(last[unit]);
      let [iteration, f] = [last.iteration, Number.NaN];
      do {
        f = await tuner.step(signal);
        iteration++;
      } while ((unit === 'iteration' ? iteration : last.seconds + secondsSince(started)) < next);
      const { row } = await this.#judged(tuner.u, { ...last, iteration }, started);
      last = Number.isFinite(f) ? { ...row, f } : row;
      yield this.#step(last);
    }
  }

  async #begin(): Promise<TuningRow> {
    const { row, v } = await this.#judged(this.#u, { iteration: 0, seconds: 0 }, performance.now());
    this.#start = v;
    return row;
  }

  #makeTuner(): Tuner {
    const { network, facts } = this.#inputs;
    const { tuned, seed, batch, spread } = this.#settings;
    const given = { seed, spread, start: this.#start, ...(batch > 0 && { batch }) };
    const problem = tuningProblem(network, this.#inputs, tuned, facts, given);
    return tunerOf(this.#approach, problem, facts, this.#settings, this.#resources.device, this.#saved);
  }

  get #isTuned(): boolean {
    return this.#approach.kind !== 'untuned';
  }

  /**
   * Where to judge next: closer together early on, when f falls fastest, but not before a method has worked as long as
   * the last training took.
   */
  #nextMeasurement(present: number): number {
    const { unit, amount } = budgetOf(this.#settings);
    const { measurements } = this.#settings;
    const part = Math.floor(measurements * Math.sqrt(present / amount)) + 1;
    const next = amount * Math.min(1, part / measurements) ** 2;
    return unit === 'iteration' ? next : Math.min(amount, Math.max(next, present + this.#trainingSeconds));
  }

  async #judged(
    u: Tensors,
    { iteration, seconds }: Pick<TuningRow, 'iteration' | 'seconds'>,
    started: number,
  ): Promise<{ readonly row: TuningRow; readonly v: Tensors }> {
    const training = performance.now();
    const { f: response, v, parameters } = await this.#tried(u);
    this.#trainingSeconds = secondsSince(training);
    const now = Number((seconds + secondsSince(started)).toFixed(6));
    if (response < (this.#best?.response ?? Number.POSITIVE_INFINITY)) {
      // The test is no part of what is timed, nor of what is chosen by.
      const { testLoss, accuracy } = await testNetwork(this.#inputs, parameters, this.#resources);
      this.#best = { response, iteration, seconds: now, testLoss, accuracy };
      this.#u = Object.fromEntries(Object.entries(u).map(([name, tensor]) => [name, tensor.clone()]));
    }
    const { response: best = Number.NaN, testLoss = Number.NaN, accuracy = Number.NaN } = this.#best ?? {};
    return { row: { iteration, seconds: now, response, best, testLoss, accuracy }, v };
  }

  /** As `#train`; f is NaN for a search's candidate whose training runs away, which is no reason to end the search. */
  async #tried(u: Tensors): Promise<Pick<Trained, 'f' | 'v' | 'parameters'>> {
    try {
      return await this.#train(u);
    } catch (error) {
      const goesOn = this.#tuner?.judgesAll && error instanceof BilevelError && error.code === 'NON_FINITE';
      if (!goesOn) throw error;
      return { f: Number.NaN, v: {}, parameters: {} };
    }
  }

  /** A network that is trained from its first parameters on g alone. @throws as `respond` and `adapt` */
  #train(u: Tensors): Promise<Trained> {
    const { trainSteps: maxSteps, steps, tuned } = this.#settings;
    return isOfSteps(tuned)
      ? trainBySteps(this.#problem, u, { steps, ...this.#resources }, this.#inputs.facts)
      : trainToOptimum(this.#problem, u, { tolerance, maxSteps, ...this.#resources });
  }

  #step(row: TuningRow): Step & { readonly row: TuningRow } {
    const { unit, amount } = budgetOf(this.#settings);
    // What was measured belongs to the state, so each line is a checkpoint.
    return {
      row,
      done: this.#isTuned ? Math.min(row[unit], amount) : amount,
      total: amount,
      detail: `f(u, v*) ${row.best.toFixed(4)}`,
      keep: true,
    };
  }

  save(): SavedState {
    const { tensors, values } = this.#tuner?.save() ?? this.#saved ?? { tensors: new Map(), values: {} };
    const named = (prefix: string, of: Iterable<readonly [string, Tensor]>): [string, Tensor][] =>
      Array.from(of, ([name, tensor]) => [`${prefix}${name}`, tensor]);
    return {
      tensors: new Map([
        ...named(ofTuner, tensors),
        ...named(ofBest, Object.entries(this.#u)),
        ...named(ofStart, Object.entries(this.#start)),
      ]),
      values: { tuner: values, best: this.#best ?? null },
    };
  }

  /** Trains with the best hyperparameters, tests the network, and writes both. @throws ABORTED */
  async end(folder: Pick<RunFolder, 'networkPath' | 'writeTables'>): Promise<TuningEnding> {
    const { network, facts, train } = this.#inputs;
    const { parameters: trained, status, f } = await this.#train(this.#u);
    const { parameters, testLoss, accuracy } = await testNetwork(this.#inputs, trained, this.#resources);
    await network.save(folder.networkPath, parameters);
    const values = numbersOf(this.#u, this.#settings.tuned, facts);
    await folder.writeTables({ values: `${JSON.stringify(values, null, 2)}\n` });
    const { iteration = 0, seconds = 0 } = this.#best ?? {};
    const image = train.inputs instanceof SparseRows ? undefined : decayImage(this.#u, train.inputs.shape.slice(1));
    return {
      response: f,
      status,
      testLoss,
      accuracy,
      iteration,
      seconds,
      values: Object.fromEntries(Object.entries(values).map(([name, each]) => [name, summaryOf(each)])),
      ...(image !== undefined && { image }),
    };
  }

  [Symbol.dispose](): void {
    this.#tuner?.[Symbol.dispose]();
  }
}

const secondsSince = (started: number): number => (performance.now() - started) / 1000;

/**
 * Undefined for a run that was stopped before anything was judged.
 * @throws STATE_MISMATCH for a state of another run
 */
function partsOf({ tensors, values }: SavedState) {
  if (!isRecord(values) || !('tuner' in values) || !isBest(values.best)) {
    throw new BilevelError('STATE_MISMATCH', 'The saved state is not that of a tuning run.');
  }
  if (values.best === null) return undefined;
  const named = (prefix: string): [string, Tensor][] =>
    [...tensors].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : []));
  return {
    tuner: { tensors: new Map(named(ofTuner)), values: values.tuner },
    u: Object.fromEntries(named(ofBest)),
    start: Object.fromEntries(named(ofStart)),
    best: values.best,
  };
}

function isBest(value: unknown): value is Best | null {
  if (value === null || !isRecord(value)) return value === null;
  return [value.response, value.iteration, value.seconds, value.testLoss, value.accuracy].every(Number.isFinite);
}

/** @throws INVALID_FILE for lines of something else */
export function readRows(name: string, rows: Rows): readonly TuningRow[] {
  return rows.map((row) => {
    const { iteration, seconds, response, best, testLoss, accuracy } = row;
    const isRow = typeof response === 'number' && [iteration, seconds, best, testLoss, accuracy].every(Number.isFinite);
    if (isRow) return row as unknown as TuningRow;
    throw new BilevelError('INVALID_FILE', `The metrics of ${name} have a line of something else.`);
  });
}
