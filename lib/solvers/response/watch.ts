import type { BilevelProblem } from '../../bilevel/index.js';
import type { Device } from '../../engine/index.js';
import { checkKeys, invalidArgument } from '../../errors.js';
import { type GivenOptions, validateOptions } from '../../options.js';
import { Tensor } from '../../tensor.js';
import type { Stated } from '../machine/stated-step.js';
import type { Configuration, SolverState } from '../state.js';
import { Pass } from './pass.js';
import { checkBatches, searchOptions } from './respond.js';
import { type Found, Responder, type Search } from './responder.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** How often a solver's results are judged, and when that ends a run. */
export interface WatchOptions {
  /**
   * Iterations after which the response to the present u is found each time, on g alone from where the problem lets v
   * start, and told in the report; never by default. It takes as long as `respond`, and does not change what the
   * iterations do.
   */
  readonly evaluateEvery?: number | undefined;
  /**
   * After how many responses in a row without a lower f(u, v*) `run` ends; never by default. The state then holds the
   * best point, as it does when `run` ends for another reason; going on goes on from the last one. The start counts as
   * a point too.
   */
  readonly patience?: number | undefined;
  /** How exactly the response is found, as by `respond`. */
  readonly response?: ResponseSearch | undefined;
}

/** How the response to u is found during a run. */
export interface ResponseSearch extends GivenOptions<typeof searchOptions> {
  /** Mini-batches that stand for a feed whose rows cannot be gone through, as with `respond`. */
  readonly batches?: number | undefined;
}

/** The response to the u that an iteration ended with. */
export interface ResponseReport extends Found {
  /** f(u, v*), all rows; with trials the mean over them: what u is worth. */
  readonly f: number;
  /** Wall time of finding it, in milliseconds, which is not part of that of the iteration. */
  readonly wallMs: number;
}

export const watchKeys = ['evaluateEvery', 'patience', 'response'] as const satisfies readonly (keyof WatchOptions)[];

/** What the state holds of the best point so far: all its tensors, and f(u, v*). */
const prefix = 'best/';
const bestValue = 'best.response';
/**
 * Counters: the iteration that it was found after, how many points up to the last judged one, and whether best and last
 * have changed places.
 */
const [bestIteration, judgedPoints, isShown] = ['best.iteration', 'best.judged', 'best.shown'];

/** Judges where a solver stands, and keeps the best. */
export class Watch implements Disposable {
  readonly #every: number;
  readonly #patience: number | undefined;
  /** Whether what a run does depends on the responses. */
  readonly #matters: boolean;
  readonly #search: Search;
  readonly #batches: number | undefined;
  readonly #device: Device;
  readonly #responder: Responder;
  readonly #f: Pass;

  /**
   * Undefined when nothing is to be judged.
   * @param isFollowed whether schedules follow the response
   * @throws UNKNOWN_OPTION, INVALID_ARGUMENT; as Pass
   */
  static of(problem: BilevelProblem, device: Device, given: WatchOptions, isFollowed: boolean): Watch | undefined {
    const { evaluateEvery, patience, response } = given;
    if (evaluateEvery !== undefined) return new Watch(problem, device, { ...given, evaluateEvery }, isFollowed);
    const other = patience !== undefined ? 'patience' : response !== undefined ? 'response' : undefined;
    if (other === undefined) return undefined;
    throw invalidArgument('evaluateEvery', `a number of iterations, without which ${other} has no use,`, undefined);
  }

  private constructor(
    problem: BilevelProblem,
    device: Device,
    { evaluateEvery, patience, response = {} }: WatchOptions & { readonly evaluateEvery: number },
    isFollowed: boolean,
  ) {
    this.#matters = isFollowed || patience !== undefined;
    checkKeys(response, [...Object.keys(searchOptions), 'batches'], 'response');
    const { batches, ...search } = response;
    for (const [name, value] of Object.entries({ evaluateEvery, patience })) {
      if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
      throw invalidArgument(name, 'a positive integer', value);
    }
    checkBatches(batches);
    this.#every = evaluateEvery;
    this.#patience = patience;
    this.#search = validateOptions(searchOptions, search, 'response');
    this.#batches = batches;
    this.#device = device;
    this.#responder = new Responder(problem, device, batches);
    this.#f = new Pass('f at the response', problem, ({ f }) => ({ values: { f } }), batches);
  }

  /** What is to be compiled. */
  get steps(): readonly Stated[] {
    return [...this.#responder.steps, ...this.#f.steps];
  }

  /** What a state has to belong to besides, because the best point and the end of a run depend on it. */
  get configuration(): Configuration {
    if (!this.#matters) return {};
    const { tolerance, maxSteps } = this.#search;
    return {
      'the option evaluateEvery': this.#every,
      ...(this.#patience !== undefined && { 'the option patience': this.#patience }),
      'the option tolerance of response': tolerance,
      'the option maxSteps of response': maxSteps,
      ...(this.#batches !== undefined && { 'the option batches of response': this.#batches }),
    };
  }

  /** What a state holds besides. */
  initial(tensors: Tensors): { readonly tensors: Tensors; readonly counters: Readonly<Record<string, number>> } {
    if (this.#patience === undefined) return { tensors: {}, counters: this.#matters ? { [judgedPoints]: 0 } : {} };
    const copies = Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor.clone()] as const);
    const best = Tensor.scalar(Number.POSITIVE_INFINITY);
    const counters = { [bestIteration]: 0, [judgedPoints]: 0, [isShown]: 0 };
    return { tensors: { ...Object.fromEntries(copies), [bestValue]: best }, counters };
  }

  /** Whether the point after so many iterations is judged. */
  isDue(iteration: number): boolean {
    return iteration % this.#every === 0;
  }

  /**
   * Whether a point of which the best depends has not been judged: the start, or one whose response a signal kept from
   * being found.
   */
  isPending({ counters }: SolverState): boolean {
    const { iteration = 0, [judgedPoints]: judged = 0 } = counters;
    return this.#matters && this.isDue(iteration) && judged <= iteration;
  }

  /** Finds the response. @throws as Responder */
  async judge({ tensors }: SolverState, signal: AbortSignal | undefined): Promise<ResponseReport> {
    const started = performance.now();
    const { found, v } = await this.#responder.find(tensors, undefined, this.#search, { signal });
    const { f = Number.NaN } = await this.#f.run([v, tensors], signal);
    return { f, ...found, wallMs: performance.now() - started };
  }

  /** Keeps the state, which has just been judged, if it is the best so far. */
  async keep(state: SolverState, { f }: ResponseReport): Promise<void> {
    const { iteration = 0 } = state.counters;
    if (this.#matters) state.counters[judgedPoints] = iteration + 1;
    if (this.#patience === undefined) return;
    const { memory } = this.#device;
    const best = state.tensors[bestValue];
    if (best === undefined) throw new RangeError('The state has no place for the best point.');
    await memory.pull([best]);
    const value = Tensor.scalar(f);
    if (!(value.item() < best.item())) return;
    memory.copy(value, best);
    for (const [tensor, copy] of pairs(state)) memory.copy(tensor, copy);
    state.counters[bestIteration] = iteration;
  }

  /** Whether so many responses in a row were no better than the best before. */
  isOver({ counters }: SolverState): boolean {
    if (this.#patience === undefined) return false;
    const { iteration = 0, [bestIteration]: best = 0 } = counters;
    return Math.floor(iteration / this.#every) - Math.floor(best / this.#every) >= this.#patience;
  }

  /**
   * Lets the best point and the last one change places, unless they have.
   * @param exchange exchanges the elements of two tensors
   */
  show(state: SolverState, isBest: boolean, exchange: (a: Tensor, b: Tensor) => void): void {
    const { iteration = 0, [isShown]: shown } = state.counters;
    if (this.#patience === undefined || shown === Number(isBest) || iteration === 0) return;
    for (const [tensor, copy] of pairs(state)) exchange(tensor, copy);
    state.counters[isShown] = Number(isBest);
  }

  [Symbol.dispose](): void {
    this.#responder[Symbol.dispose]();
    this.#f[Symbol.dispose]();
  }
}

/** The tensors of a state, with those for the best point. */
function pairs({ tensors }: SolverState): (readonly [tensor: Tensor, copy: Tensor])[] {
  return Object.entries(tensors).flatMap(([name, tensor]) => {
    const copy = tensors[prefix + name];
    return copy === undefined ? [] : [[tensor, copy] as const];
  });
}
