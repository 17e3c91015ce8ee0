import type { BilevelProblem, Evaluations } from '../../bilevel/index.js';
import type { GivenOptions, Options, OptionTable } from '../../options.js';
import type { MethodBuilder } from './builder.js';
import type { Iteration } from './iteration.js';

/**
 * How the memory of a method grows with the number T of lower steps; whatever T is, `matrices` is V (U + V) and
 * `tangents` U (U + V).
 */
export type MemoryOrder = 'constant' | 'squareRoot' | 'linear' | 'matrices' | 'tangents';

/** What is to be said where the f of such a method is shown. */
export const lowerDescendsUpperNote = 'Its v descends f as well, so f in its reports can lie far below f(u, v*).';

/** Everything about a method, in one record: what it is written in, and what it claims. */
export interface MethodDefinition<T extends OptionTable, Q extends object> {
  /** As in code: `penalty`. */
  readonly name: string;
  /** As in text: `the penalty method`. */
  readonly title: string;
  /** Authors, year and the place of its equations. */
  readonly source: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly options: T;
  /** Whether u is moved by the rows of the mini-batch alone where it has a row per sample; else by all of them. */
  readonly rows?: boolean;
  /**
   * Whether mini-batches are the blocks of a fixed partition of a feed's rows, to each of which a memory can belong:
   * the batch must divide the rows, and a cost read at most one feed with mini-batches.
   */
  readonly blocks?: boolean;
  /**
   * Whether it rests on grad_v g = 0 at the solution, so that the lower level takes no sets but boxes that do not stop
   * v there.
   */
  readonly interior?: boolean;
  /** Whether v starts at u, so that u has an effect even where no cost depends on it. */
  readonly startsAtUpper?: boolean;
  /** Whether v descends f besides g, so that the f of its reports is not f(u, v*) and can be far below it. */
  readonly lowerDescendsUpper?: boolean;
  /** Whether it takes account of equality and inequality constraints of either level. */
  readonly handlesConstraints?: boolean;
  /**
   * Coefficient of the identity that it adds to grad_vv g where it solves with it: curvature that g itself need not
   * have.
   */
  readonly addedCurvature?: (options: Options<T>) => number;
  /** Fills in defaults that depend on other options; by the table alone if absent. */
  readonly validate?: (given: GivenOptions<T>) => Options<T>;
  /** Refuses a problem that the method cannot solve, naming what is in the way. */
  readonly check?: (problem: BilevelProblem, options: Options<T>) => void;
  /**
   * What iteration `index`, counted from 0, evaluates: the method's place in complexity tables. Random lengths and full
   * passes depend on the problem too; without one they are those of the seed 0 and of a single mini-batch.
   */
  readonly evaluations: (options: Options<T>, index: number, problem?: BilevelProblem) => Evaluations;
  readonly memory: (options: Options<T>) => MemoryOrder;
  /** Writes the phases and returns what runs them in an iteration; what it resolves to is added to the report. */
  readonly build: (builder: MethodBuilder, options: Options<T>) => (iteration: Iteration) => Promise<Q>;
}
