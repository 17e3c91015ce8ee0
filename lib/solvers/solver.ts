import type { Draws } from '../bilevel/index.js';
import { Device } from '../engine/index.js';
import { aborted, BilevelError, checkKeys, checkSignal, describe, invalidArgument, isRecord } from '../errors.js';
import { formatType, Tensor } from '../tensor.js';
import { Batches } from './machine/batches.js';
import { type CompileProgress, compileStated, compileStatedElsewhere } from './machine/compile-stated.js';
import type { Stated } from './machine/stated-step.js';
import { type ResponseReport, type WatchOptions, watchKeys } from './response/watch.js';
import {
  type Configuration,
  requireFitting,
  restoreState,
  type SavedState,
  SolverState,
  serializeState,
  type VariableNames,
} from './state.js';

/** Numbers that every report holds. */
export interface StepReport {
  /** Iterations made so far. */
  readonly iteration: number;
  /** Wall time of the iteration, in milliseconds. */
  readonly wallMs: number;
  /** The response to the u that the iteration ended with: only where `evaluateEvery` asks for it. */
  readonly response?: ResponseReport;
}

/** Options of one iteration. */
export interface StepOptions {
  /** Stops the iteration within a step of the engine; the state is then as it was before the iteration. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a run. */
export interface RunOptions<S, R = StepReport> extends StepOptions {
  /** Iterations to make; without end by default. */
  readonly iterations?: number;
  /** The state to go on from, changed in place; a new one by default. */
  readonly state?: S;
  /**
   * Called after every iteration, before its report is yielded, with the report and the state, which it may save or
   * copy; it is awaited, and what it throws ends the run. For what goes along with runs, such as a log; none by
   * default.
   */
  readonly onReport?: ((report: R, state: S) => void | Promise<void>) | undefined;
}

/** What a solver is constructed with, beside its options. */
export interface SolverResources {
  /** The device to run on, which stays the caller's; by default the solver makes and disposes its own CPU device. */
  readonly device?: Device;
}

/** Options of a construction in another thread. */
export interface CreateOptions extends MethodResources {
  /** Ends the construction, which then rejects with ABORTED. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a program is there. */
  readonly onProgress?: ((progress: CompileProgress) => void) | undefined;
}

/** What a bilevel method is constructed with: where it runs, and how its results are judged. */
export interface MethodResources extends SolverResources, WatchOptions {}

/**
 * For options that are given together with those of a method, or to a run, where many look for them.
 * @throws UNKNOWN_OPTION that says where they belong
 */
export function refuseResources(given: object, where: string): void {
  const key = ['device', ...watchKeys].find((each) => isRecord(given) && Object.hasOwn(given, each));
  if (key === undefined) return;
  const place = `It is given when the solver is made, after the options: method(problem, options, { ${key} }).`;
  throw new BilevelError('UNKNOWN_OPTION', `${where} has no option ${describe(key)}. ${place}`);
}

/**
 * The options of a construction, apart.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT; ABORTED when the signal was aborted before
 */
export function checkCreateOptions(options: CreateOptions): {
  readonly resources: MethodResources;
  readonly course: Pick<CreateOptions, 'signal' | 'onProgress'>;
} {
  checkKeys(options, ['device', ...watchKeys, 'signal', 'onProgress'], 'create');
  const { signal, onProgress, ...resources } = options;
  checkSignal(signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress', 'a function', onProgress);
  }
  if (signal?.aborted) throw aborted(`${what} was stopped`, signal.reason);
  return { resources, course: { signal, onProgress } };
}

const what = 'The construction of the solver';

/**
 * What every method offers. Whoever wants to own the loop calls init and step; run is the plain loop over them. A
 * method is a subclass that says where it starts and what one iteration does.
 */
export abstract class Solver<C extends string, R extends StepReport, N extends VariableNames = VariableNames>
  implements Disposable
{
  /** What a state of this solver belongs to. */
  abstract readonly configuration: Configuration;
  /** What it runs on. */
  readonly device: Device;
  protected readonly batches: Batches;
  readonly #ownsDevice: boolean;
  readonly #owned: Disposable[] = [];
  /** Copies of what an interrupted iteration has to put back. */
  readonly #copies = new Map<string, Tensor>();
  #busy = false;
  readonly #fitting = new WeakSet<SolverState>();
  /** Milliseconds of the present step that are not the iteration's. */
  protected asideMs = 0;

  constructor(draws: Draws, resources: SolverResources) {
    checkKeys(resources, ['device'], 'the resources of a solver');
    const { device } = resources;
    if (device !== undefined && !(device instanceof Device)) throw invalidArgument('device', 'a Device', device);
    this.batches = this.own(new Batches(draws));
    this.#ownsDevice = device === undefined;
    this.device = device ?? Device.cpu();
    this.own(this.device.memory.fix(Object.values(this.batches.arrays)));
  }

  /** What is to be compiled before a step. */
  protected abstract get steps(): readonly Stated[];

  /** Compiles a step on this thread. */
  protected compileStep(step: Stated): void {
    compileStated([step], this.device);
  }

  /** Compiles the steps on this thread. @throws as `compile`, after disposing of the solver */
  protected compile(): this {
    try {
      compileStated(this.steps, this.device);
    } catch (error) {
      this.dispose();
      throw error;
    }
    return this;
  }

  /**
   * Compiles the steps on another thread, program by program.
   * @throws as `compile`; ABORTED; after disposing of the solver
   */
  protected async compileInBackground({
    signal,
    onProgress,
  }: Pick<CreateOptions, 'signal' | 'onProgress'>): Promise<this> {
    try {
      await compileStatedElsewhere(this.steps, this.device, { what, signal, onProgress });
    } catch (error) {
      this.dispose();
      throw error;
    }
    return this;
  }

  /** A new state at the problem's starting point. */
  abstract init(): SolverState<C, N>;

  /** One iteration, in place. */
  protected abstract iterate(state: SolverState<C, N>, signal: AbortSignal | undefined): Promise<Omit<R, 'wallMs'>>;

  /**
   * One iteration, in place.
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; STATE_MISMATCH for a state of another problem or method; ABORTED, with
   * the state as before the iteration; NON_FINITE naming quantity and cause (a NonFiniteError), with the state as
   * before too unless rows of samples had been changed, after which only a state saved before is of use; TENSOR_IN_USE
   * while another iteration of this solver is under way; DISPOSED
   */
  async step(state: SolverState<C, N>, options: StepOptions = {}): Promise<R> {
    this.#checkState(state);
    checkKeys(options, ['signal'], 'step');
    if (this.#busy) {
      throw new BilevelError(
        'TENSOR_IN_USE',
        'The solver is in the middle of an iteration; wait for its promise first.',
      );
    }
    const started = performance.now();
    this.#busy = true;
    this.asideMs = 0;
    try {
      const { ranks } = this.device;
      const signal = options.signal && (ranks?.agreed(options.signal) ?? options.signal);
      await ranks?.agree();
      const report = await this.lend(state, () => this.iterate(state, signal));
      return { ...report, wallMs: performance.now() - started - this.asideMs } as R;
    } finally {
      this.#busy = false;
    }
  }

  /** Remembers a state that this solver has made, or that was found to fit. */
  protected fitting<S extends SolverState>(state: S): S {
    this.#fitting.add(state);
    return state;
  }

  #checkState(state: SolverState<C, N>): void {
    if (!(state instanceof SolverState)) throw invalidArgument('state', 'a state of this solver', state);
    if (this.#fitting.has(state)) return;
    requireFitting(state, this.init());
    this.fitting(state);
  }

  /**
   * Reports of one iteration after the other.
   * @throws as {@link step}; INVALID_ARGUMENT for the number of iterations
   */
  async *run(options: RunOptions<SolverState<C, N>, R> = {}): AsyncGenerator<R, void, undefined> {
    refuseResources(options, 'run');
    checkKeys(options, ['iterations', 'state', 'signal', 'onReport'], 'run');
    const { iterations = Number.POSITIVE_INFINITY, state = this.init(), signal, onReport } = options;
    if (onReport !== undefined && typeof onReport !== 'function')
      throw invalidArgument('onReport', 'a function', onReport);
    if (iterations !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(iterations) && iterations >= 0)) {
      throw invalidArgument('iterations', 'a non-negative integer or Infinity', iterations);
    }
    let isDone = true;
    try {
      for (let iteration = 0; iteration < iterations && !this.isOver(state); iteration++) {
        isDone = false;
        const report = await this.step(state, { signal });
        isDone = true;
        await onReport?.(report, state);
        yield report;
      }
    } finally {
      if (isDone) await this.end(state);
    }
  }

  /** Whether a run has come to its end by itself. */
  protected isOver(_state: SolverState<C, N>): boolean {
    return false;
  }

  /** After a run that did not fail. */
  protected async end(_state: SolverState<C, N>): Promise<void> {
    return;
  }

  /** The state as a record that shares its tensors: write or copy it before the next step. */
  serialize(state: SolverState<C, N>): SavedState {
    return serializeState(state, this.configuration);
  }

  /**
   * A copy of a state, with tensors and samplers of its own: both go on with the same bits, whatever becomes of the
   * other. Its memory is freed when nobody has it any more; streams that are read for it are closed with the solver.
   * @throws INVALID_ARGUMENT for what is no state; STATE_MISMATCH for one of another problem or method
   */
  copy(state: SolverState<C, N>): SolverState<C, N> {
    this.#checkState(state);
    return this.restore(this.serialize(state));
  }

  /** A state from a record. @throws STATE_MISMATCH when it belongs to another configuration */
  restore(saved: SavedState): SolverState<C, N> {
    return restoreState(this.init(), saved, this.configuration);
  }

  /** Frees the programs, and the device unless it was given; the iterators of its feeds are closed (`return`). */
  dispose(): void {
    for (const part of this.#owned) part[Symbol.dispose]();
    if (this.#ownsDevice) this.device.dispose();
  }

  /** As `dispose`, at the end of the block of `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Takes over something that is to be freed with the solver. */
  protected own<P extends Disposable>(part: P): P {
    this.#owned.push(part);
    return part;
  }

  /**
   * Does the work; when it fails, the named tensors, the samplers and the counters are put back as they were.
   * @param undoable asked after a failure: whether that is all that the work has changed
   */
  protected async transaction<T>(
    state: SolverState<C, N>,
    names: readonly string[],
    work: () => Promise<T>,
    undoable: () => boolean = () => true,
  ): Promise<T> {
    const { memory } = this.device;
    const changed = names.flatMap((name) => {
      const tensor = state.tensors[name];
      return tensor === undefined ? [] : [{ tensor, copy: this.#copyOf(name, tensor) }];
    });
    for (const { tensor, copy } of changed) memory.copy(tensor, copy);
    const samplers = Object.values(state.samplers).map((sampler) => ({ sampler, start: sampler.state }));
    const counters = { ...state.counters };
    try {
      return await work();
    } catch (error) {
      if (!undoable()) throw error;
      for (const { tensor, copy } of changed) memory.copy(copy, tensor);
      for (const { sampler, start } of samplers) sampler.restore(start);
      Object.assign(state.counters, counters);
      throw error;
    }
  }

  /** Does the work and puts the named tensors, the samplers and the counters back as they were. */
  protected async rehearse(
    state: SolverState<C, N>,
    names: readonly string[],
    work: () => Promise<unknown>,
  ): Promise<void> {
    const done = new Error('done');
    try {
      await this.transaction(state, names, async () => {
        await work();
        throw done;
      });
    } catch (error) {
      if (error !== done) throw error;
    }
  }

  /** Does the work while the device has the tensors of the state, which are the host's again when it has ended. */
  protected async lend<T>(state: SolverState<C, N>, work: () => Promise<T>): Promise<T> {
    const { memory } = this.device;
    const tensors = Object.values(state.tensors);
    using _kept = memory.keep(tensors);
    try {
      return await work();
    } finally {
      await memory.pull(tensors);
    }
  }

  /** Exchanges the elements of two tensors of one type, each where the device has them. */
  protected exchange(a: Tensor, b: Tensor): void {
    const { memory } = this.device;
    const between = this.#copyOf(`between ${formatType(a)}`, a);
    memory.copy(a, between);
    memory.copy(b, a);
    memory.copy(between, b);
  }

  /** A tensor to copy the one of this name to. */
  #copyOf(name: string, { shape, dtype }: Tensor): Tensor {
    const known = this.#copies.get(name);
    if (known !== undefined) return known;
    const made = Tensor.zeros(shape, dtype);
    this.#copies.set(name, made);
    this.own(this.device.memory.keep([made]));
    return made;
  }
}
