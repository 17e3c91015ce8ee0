import type { BilevelProblem } from '../bilevel/index.js';
import type { Device } from '../engine/index.js';
import type { GivenOptions, OptionTable } from '../options.js';
import type { MethodState } from '../solvers/index.js';
import type { AnyStudy } from '../study/index.js';

/** A number that tells how good a point is. */
export interface Quantity {
  /** Head of its column. */
  readonly title: string;
  readonly format: (value: number) => string;
  /** Title of its curves; without one it is not drawn. */
  readonly chart?: string;
  /**
   * What curves and JSON show times as much of, where their unit is another: 100 for a share in per cent; default 1.
   */
  readonly factor?: number;
}

/** Judges points of a problem. */
export interface Judge extends Disposable {
  /** The task's quantities at a state. */
  of(state: MethodState): Promise<Readonly<Record<string, number>>>;
}

/** With which settings a method is compared. */
export interface ChosenSettings {
  /** Samples of a mini-batch of either set; infinite for all of them in every step. */
  readonly batch: number;
  /** What differs from the method's own defaults. */
  readonly options: GivenOptions<OptionTable>;
  readonly source: string;
  /** The method, where the settings have a name of their own: then they are used only when asked for. */
  readonly method?: string;
}

/** A statement of a paper, and what was found. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
  /** The numbers that decide. */
  readonly found: string;
}

/** What a paper shows of a comparison: the main quantity by method at some seconds. */
export interface PublishedCurves {
  readonly seconds: readonly number[];
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** What the reader of the figures should know. */
  readonly note: string;
}

/** A ready-made problem: its options, its data, how points are judged, and the settings of methods on it. */
export interface Task<S extends { readonly seed: number }, D> {
  /** Its folder in lib/tasks/ and its page in docs/. */
  readonly name: string;
  readonly title: string;
  readonly options: OptionTable;
  /** The study that has a command of its own, if there is one. */
  readonly study?: AnyStudy;
  /** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
  validate(given: Readonly<Record<string, unknown>>): S;
  /** One sentence on the problem, for pages. */
  describe(settings: S): string;
  /** Everything that is drawn or read, by the seed of the settings. */
  load(settings: S, device: Device): Promise<D>;
  /** Training samples, which a mini-batch is a part of; 0 without samples. */
  rows(settings: S): number;
  problem(data: D, settings: S, batch: number): BilevelProblem;
  judge(data: D, settings: S, device: Device): Judge;
  /** By name; the lower the first one, the better. */
  readonly quantities: Readonly<Record<string, Quantity>>;
  /** What the first quantity is, and what the others are, in sentences. */
  readonly notes: { readonly first: string; readonly others: string };
  /** A value of the first quantity for which tables say when it was reached. */
  readonly target?: number;
  /** Settings by name. A method without an entry is compared with its own defaults and mini-batches of `batch`. */
  readonly methods: Readonly<Record<string, ChosenSettings>>;
  readonly batch: number;
  published?(settings: S): PublishedCurves | undefined;
  /** What a paper claims of the first quantity, given at some moments for each method that came so far. */
  claims?(values: ReadonlyMap<string, readonly number[]>): readonly Claim[];
}

export type AnyTask = Task<{ readonly seed: number }, unknown>;

/** Checks a record's types against each other. */
export function defineTask<S extends { readonly seed: number }, D>(task: Task<S, D>): Task<S, D> {
  return task;
}
