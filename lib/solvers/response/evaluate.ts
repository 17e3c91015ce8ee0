import {
  type AnyFeed,
  type AnyPoint,
  type BilevelProblem,
  type FeedNodes,
  requireProblem,
} from '../../bilevel/index.js';
import { checkKeys, checkRecord } from '../../errors.js';
import type { Node } from '../../graph/index.js';
import type { Tensor } from '../../tensor.js';
import { compileStatedElsewhere, smallGraph } from '../machine/compile-stated.js';
import { Evaluator, type PointValues } from './evaluator.js';
import { checkMetrics, type Metrics } from './metrics.js';
import { bindLevel } from './point.js';
import { onAllRows, type WholeOptions } from './respond.js';

type Feeds = Readonly<Record<string, AnyFeed>>;
type Tensors = Readonly<Record<string, Tensor>>;

/** Options of {@link evaluate}. */
export interface EvaluateOptions<P extends AnyPoint, F extends Feeds, M extends string> extends WholeOptions {
  /** Feeds in place of the problem's own of these names, or beside them for metrics, such as a test set. */
  readonly feeds?: F | undefined;
  /**
   * Other quantities, by name, in the nodes of a point as costs are written: a number, or one for each sample of a
   * mini-batch, of which the mean over all rows is taken.
   * `accuracy: ({ v, test: { x, y } }) => accuracy(network.apply(x, v), y)`
   */
  readonly metrics?: Readonly<Record<M, (point: P & FeedNodes<F>) => Node>> | undefined;
}

/** The costs, and what else was asked for, at a point. */
export interface Evaluation<M extends string = string> extends PointValues {
  /** By name, means over all rows. */
  readonly metrics: Readonly<Record<M, number>>;
}

/**
 * Evaluates f, g, |grad_v g| and other quantities at a point on all rows of their feeds, in mini-batches of the feeds'
 * sizes (weighted by their rows), natively.
 * @param at variables of both levels by name, such as a solver's state, or u with the v of `respond`
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, SHAPE_MISMATCH, INVALID_DATA for what is given; ABORTED
 */
export async function evaluate<
  P extends AnyPoint,
  const F extends Feeds = Record<never, never>,
  M extends string = never,
>(
  problem: BilevelProblem<P>,
  at: { readonly u: Tensors; readonly v: Tensors },
  options: EvaluateOptions<P, F, M> = {},
): Promise<Evaluation<M>> {
  requireProblem(problem, 'bilevelProblem');
  checkRecord(at, 'the point');
  checkKeys(options, ['feeds', 'metrics', 'batches', 'device', 'signal'], 'evaluate');
  const { metrics, ...whole } = options;
  if (metrics !== undefined) checkMetrics(metrics);
  // A metric finds the nodes of the point with all feeds, as its type says.
  const written = (metrics ?? {}) as Metrics;
  const { batches, signal } = whole;
  return onAllRows(problem, whole, async (onFeeds, device) => {
    const point = { ...bindLevel('u', onFeeds.upper, at.u), ...bindLevel('v', onFeeds.lower, at.v) };
    using evaluator = new Evaluator(onFeeds, written, device, batches);
    await compileStatedElsewhere(evaluator.steps, device, { what: 'The evaluation', signal, small: smallGraph });
    // The metrics have the names that they were given under.
    return (await evaluator.at(point, signal)) as Evaluation<M>;
  });
}
