import { BilevelError, checkKeys, checkRecord, invalidArgument } from '../errors.js';
import { input, type Node, poolFirst, requireNode, type SparseNodes, writtenIn } from '../graph/index.js';
import { formatType, sameShape, type Tensor } from '../tensor.js';
import { type Constraint, type ConstraintStatement, type Constraints, stateConstraints } from './constraints.js';
import type { AnyFeed, EpisodeFeed, Feed } from './feed.js';
import { type FeedInputs, stateFeeds } from './inputs.js';
import { checkLabels } from './labels.js';
import { named } from './named.js';
import type { ConvexSet } from './sets/index.js';
import type { StreamFeed } from './stream.js';
import { type PerSample, stateVariables, type Variable } from './variable.js';

type Tensors = Readonly<Record<string, Tensor>>;
type Feeds = Readonly<Record<string, AnyFeed>>;
type UpperTensors<F extends Feeds> = Readonly<Record<string, Tensor | PerSample<keyof F & string>>>;

type Nodes<T> = { readonly [K in keyof T]: Node };
type RowNodes<A extends string, S = never> = { readonly [K in A | 'index']: K extends S ? SparseNodes : Node };
type Rows<F> =
  F extends EpisodeFeed<infer A>
    ? { readonly support: RowNodes<A>; readonly query: RowNodes<A> }
    : F extends Feed<infer A, infer S>
      ? RowNodes<A, S>
      : F extends StreamFeed<infer A>
        ? { readonly [K in A]: Node }
        : never;

/**
 * What a cost is written in: for each feed, by its name, the rows of the present batch and their numbers, `index`, with
 * sparse rows as `sparseMatmul` takes them; of a feed of episodes those of the sets `support` and `query`, each [tasks,
 * ways * samples, ...], with the classes of a task numbered from 0; of a stream the arrays of the present batch alone.
 */
export type FeedNodes<F extends Feeds> = { readonly [K in keyof F]: Rows<F[K]> };

/** What the cost of a single level is written in: the variables v by name, the random key, and each feed's rows. */
export type LowerPoint<V, F extends Feeds> = {
  readonly v: Nodes<V>;
  /**
   * Random key of the present mini-batch, int32 [2], for dropout and other noise; it changes when new rows are drawn.
   */
  readonly key: Node;
} & FeedNodes<F>;

/** What f and g are written in: as for one level, and the variables u by name. */
export type Point<U, V, F extends Feeds> = { readonly u: Nodes<U> } & LowerPoint<V, F>;

/** What {@link bilevelProblem} is told. */
export interface BilevelStatement<F extends Feeds, U extends UpperTensors<F>, V extends Tensors>
  extends ConstraintStatement<Point<U, V, F>> {
  /** The upper variables u and where they start, float32. */
  readonly upper: U;
  /** The lower variables v and where they start, float32. */
  readonly lower: V;
  readonly feeds?: F;
  /**
   * Number of independent trials that are solved side by side in one program. Every variable then has a first axis of
   * this length, and the costs are [trials], each of its own trial's variables alone. By default the problem is a
   * single one.
   */
  readonly trials?: number;
  /** The upper cost: a float32 scalar, or one for each trial. */
  readonly f: (point: Point<U, V, F>) => Node;
  /** The lower cost: a float32 scalar, or one for each trial; twice differentiable in v. */
  readonly g: (point: Point<U, V, F>) => Node;
  /** Convex sets that variables are projected to after every step, such as `box(0, 1)`. */
  readonly sets?: {
    readonly upper?: { readonly [K in keyof U]?: ConvexSet };
    readonly lower?: { readonly [K in keyof V]?: ConvexSet };
  };
  /** Seed of the random keys, an integer from 0 to 2^31 - 1; 0 by default. */
  readonly seed?: number;
}

/** What a problem draws anew in every iteration. */
export interface Draws {
  readonly feeds: readonly FeedInputs[];
  /** The input for the random key: the seed and the number of the draw. */
  readonly key: Node;
  readonly seed: number;
}

/** The nodes of any point. */
export type AnyPoint = {
  readonly u: Readonly<Record<string, Node>>;
  readonly v: Readonly<Record<string, Node>>;
  readonly key: Node;
};

/** minimise over u f(u, v*) subject to v* = argmin over v g(u, v), as one graph over named inputs. */
export interface BilevelProblem<P extends AnyPoint = AnyPoint> extends Draws {
  readonly upper: readonly Variable[];
  readonly lower: readonly Variable[];
  readonly f: Node;
  readonly g: Node;
  readonly constraints: Constraints;
  /** Number of independent trials; undefined for a single problem without an axis of trials. */
  readonly trials: number | undefined;
  /** What the costs were written in: other quantities of a point are written in the same nodes. */
  readonly point: P;
  /**
   * The same problem on other data: these feeds replace those of their names, and others are added. The costs are
   * written anew.
   * @throws INVALID_ARGUMENT for a feed without an array of the one that it replaces; what `bilevelProblem` throws
   */
  withFeeds<G extends Feeds>(feeds: G): BilevelProblem<P & FeedNodes<G>>;
}

/**
 * States a bilevel problem. The costs are called once, with the nodes of the point they are to be written in.
 * @throws UNKNOWN_OPTION for an unknown part; INVALID_ARGUMENT, SHAPE_MISMATCH or INVALID_DATA naming the variable,
 *   feed or cost at fault
 */
export function bilevelProblem<const F extends Feeds, const U extends UpperTensors<F>, const V extends Tensors>(
  statement: BilevelStatement<F, U, V>,
): BilevelProblem<Point<U, V, F>> {
  const parts = ['upper', 'lower', 'feeds', 'trials', 'f', 'g', 'sets', 'equalities', 'inequalities', 'seed'];
  checkKeys(statement, parts, 'bilevelProblem');
  const { sets = {} } = statement;
  checkKeys(sets, ['upper', 'lower'], 'sets of bilevelProblem');
  const draws = stateDraws(statement);
  const { feeds } = draws;
  const { trials } = statement;
  const batchAxes = trials === undefined ? 0 : 1;
  const upper = stateVariables('u', statement.upper, feeds, sets.upper, batchAxes);
  const lower = stateVariables('v', statement.lower, feeds, sets.lower, batchAxes);
  if (trials !== undefined) checkTrials(trials, upper, lower);
  const variables = { u: valuesByName('upper', upper), v: valuesByName('lower', lower) };
  const point = named({ ...rowsByFeed(draws), ...variables }, 'feed') as Point<U, V, F>;
  const f = writeCost('f', statement.f, point, feeds, trials);
  const g = writeCost('g', statement.g, point, feeds, trials);
  const constraints = stateConstraints(statement, point, trials);
  const withFeeds = <G extends Feeds>(other: G) => {
    checkReplaced(feeds, other);
    const all = { ...statement.feeds, ...other };
    // The nodes of the feeds that are not replaced are there again, of those that are under the same names.
    return bilevelProblem({ ...statement, feeds: all as never }) as BilevelProblem<never>;
  };
  return Object.freeze({ ...draws, upper, lower, trials, point, withFeeds, ...forDerivatives({ f, g, constraints }) });
}

/** @throws INVALID_ARGUMENT for a feed that lacks an array that costs may read */
function checkReplaced(present: readonly FeedInputs[], other: Feeds): void {
  checkRecord(other, 'feeds');
  const namesOf = (feed: AnyFeed | undefined): string[] =>
    Object.keys(feed === undefined ? {} : 'types' in feed ? feed.types : feed.arrays);
  for (const { name, feed } of present) {
    if (!Object.hasOwn(other, name)) continue;
    const names = namesOf(other[name]);
    const missing = namesOf(feed).find((array) => !names.includes(array));
    if (missing === undefined) continue;
    throw invalidArgument(
      `the feed ${name} in place of the one stated`,
      `an array ${missing} among its arrays`,
      names.join(', '),
    );
  }
}

/** Derivatives are taken by the variables alone, which no pool goes around. */
function forDerivatives({ f, g, constraints }: Pick<BilevelProblem, 'f' | 'g' | 'constraints'>) {
  const { upper, lower } = constraints;
  const stated = [f, g, ...[...upper, ...lower].map(({ value }) => value)];
  const replaced = new Map(poolFirst(stated).map((node, index) => [stated[index], node]));
  const inPlaceOf = (node: Node): Node => replaced.get(node) ?? node;
  const all = (list: readonly Constraint[]) => list.map((each) => ({ ...each, value: inPlaceOf(each.value) }));
  return { f: inPlaceOf(f), g: inPlaceOf(g), constraints: { upper: all(upper), lower: all(lower) } };
}

/** What {@link minimizationProblem} is told. */
export interface MinimizationStatement<F extends Feeds, V extends Tensors> {
  /** The variables v and where they start, float32. */
  readonly lower: V;
  readonly feeds?: F;
  /** The cost: a float32 scalar. */
  readonly g: (point: LowerPoint<V, F>) => Node;
  /** Convex sets that variables are projected to after every step, such as `box(0, 1)`. */
  readonly sets?: { readonly [K in keyof V]?: ConvexSet };
  /** Seed of the random keys, an integer from 0 to 2^31 - 1; 0 by default. */
  readonly seed?: number;
}

/** minimise over v g(v): the lower level alone. */
export interface MinimizationProblem extends Draws {
  readonly lower: readonly Variable[];
  readonly g: Node;
}

/** States a problem of one level. @throws as {@link bilevelProblem} */
export function minimizationProblem<const F extends Feeds, const V extends Tensors>(
  statement: MinimizationStatement<F, V>,
): MinimizationProblem {
  checkKeys(statement, ['lower', 'feeds', 'g', 'sets', 'seed'], 'minimizationProblem');
  const draws = stateDraws(statement);
  const lower = stateVariables('v', statement.lower, draws.feeds, statement.sets);
  const point = named({ ...rowsByFeed(draws), v: valuesByName('lower', lower) }, 'feed') as LowerPoint<V, F>;
  const written = writeCost('g', statement.g, point, draws.feeds);
  const [g = written] = poolFirst([written]);
  return Object.freeze({ ...draws, lower, g });
}

/** Refuses what does not come from `maker`. @throws INVALID_ARGUMENT */
export function requireProblem(problem: Draws, maker: 'bilevelProblem' | 'minimizationProblem'): void {
  const parts = ['feeds', 'key', 'lower', 'g', ...(maker === 'bilevelProblem' ? ['upper', 'f'] : [])];
  if (typeof problem !== 'object' || problem === null || !parts.every((part) => part in problem)) {
    throw invalidArgument('problem', `what ${maker}(statement) returns`, problem);
  }
  if (maker === 'minimizationProblem' && 'f' in problem) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      'Expected a problem of one level, as minimizationProblem(statement) returns, but received a bilevel problem. ' +
        'Solve it with a method, such as penalty(problem); respond(problem, u) minimises its lower level alone.',
    );
  }
}

function valuesByName(level: 'upper' | 'lower', variables: readonly Variable[]): Readonly<Record<string, Node>> {
  return named(Object.fromEntries(variables.map(({ name, value }) => [name, value])), `${level} variable`);
}

function stateDraws({ feeds = {}, seed = 0 }: { readonly feeds?: Feeds; readonly seed?: number }): Draws {
  if (!Number.isSafeInteger(seed) || seed < 0 || seed >= 2 ** 31) {
    throw invalidArgument('seed', 'an integer from 0 to 2^31 - 1', seed);
  }
  return { feeds: stateFeeds(feeds), key: input('key', [2], 'int32'), seed };
}

function rowsByFeed({ feeds, key }: Draws): Readonly<Record<string, FeedInputs['seen'] | Node>> {
  return { ...Object.fromEntries(feeds.map(({ name, seen }) => [name, seen])), key };
}

function writeCost<P>(
  name: string,
  write: (point: P) => Node,
  point: P,
  feeds: readonly FeedInputs[],
  trials?: number,
): Node {
  if (typeof write !== 'function') throw invalidArgument(`the cost ${name}`, 'a function that returns a node', write);
  const written = writtenIn(`the cost ${name}`, () => write(point));
  const cost = requireNode(written, `the value of ${name}`);
  if (cost.dtype !== 'float32' || !sameShape(cost.shape, trials === undefined ? [] : [trials])) {
    const expected = trials === undefined ? 'a float32 scalar' : `float32[${trials}], one for each trial,`;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The cost ${name} must be ${expected} but is ${formatType(cost)}; reduce it with mean or reduceSum.`,
    );
  }
  checkLabels(name, cost, feeds);
  return cost;
}

function checkTrials(trials: number, upper: readonly Variable[], lower: readonly Variable[]): void {
  if (!Number.isSafeInteger(trials) || trials < 1) throw invalidArgument('trials', 'a positive integer', trials);
  for (const { name, whole, index } of [...upper, ...lower]) {
    if (index !== undefined) throw invalidArgument('trials', `no rows per sample, which ${name} has`, trials);
    if (whole.shape[0] === trials) continue;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The variable ${name} needs a first axis of the ${trials} trials but is ${formatType(whole)}.`,
    );
  }
}
