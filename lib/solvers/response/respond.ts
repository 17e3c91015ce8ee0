import { type AnyFeed, type AnyPoint, type BilevelProblem, requireProblem } from '../../bilevel/index.js';
import { Device } from '../../engine/index.js';
import { aborted, checkSignal, invalidArgument } from '../../errors.js';
import { type GivenOptions, validateOptions } from '../../options.js';
import type { Tensor } from '../../tensor.js';
import { compileStatedElsewhere, smallGraph } from '../machine/compile-stated.js';
import type { LowerOf } from '../state.js';
import { bindLevel } from './point.js';
import { type Found, type OnStep, Responder } from './responder.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** How exactly v* is found. */
export const searchOptions = {
  tolerance: {
    kind: 'number',
    above: 0,
    below: 1,
    default: 1e-4,
    text: 'Largest |grad_v g|, relative to what it is where the problem lets v start.',
  },
  maxSteps: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: 1000,
    text: 'Most steps of v, each of one pass over all rows or a few.',
  },
} as const;

/** What the functions that look at all rows take. */
export interface WholeOptions {
  /** Feeds in place of the problem's own of these names, or beside them. */
  readonly feeds?: Readonly<Record<string, AnyFeed>> | undefined;
  /**
   * Mini-batches that stand for a feed whose rows cannot be gone through: a stream, or one whose sampler is not
   * `shuffled` or `full`. The first that it gives are taken, and kept in memory. Without it such a feed is refused.
   */
  readonly batches?: number | undefined;
  /** The device to run on; by default one made for this call. */
  readonly device?: Device | undefined;
  /** Stops the computation within a pass. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link respond}. */
export interface RespondOptions extends GivenOptions<typeof searchOptions>, WholeOptions {
  /** Where v starts, by name; where the problem lets it start by default. Where g is not convex, v* depends on it. */
  readonly start?: Tensors | undefined;
  /** Called after every step of v. */
  readonly onProgress?: OnStep | undefined;
}

/** The response to u. */
export interface Response<P extends AnyPoint = AnyPoint> extends Found {
  /** v* by name, new tensors. */
  readonly v: LowerOf<P>;
}

/**
 * Finds the response v* to u: minimises g alone over v, on all rows, until its gradient is within a tolerance, by
 * L-BFGS (or, where v is kept in sets, projected gradients) with a line search: nothing is drawn at random and nothing
 * is to be tuned. What is good about u is f(u, v*), which `evaluate` tells: a method's own v may not minimise g, and
 * with some methods descends f as well.
 *
 * Not converging is a result: see `status`. Over a feed with a batch, g is the mean of the costs of mini-batches of at
 * most its size, which are weighted by their rows.
 * @param u the upper variables by name, such as `state.u`
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, SHAPE_MISMATCH, INVALID_DATA for what is given, and for constraints of the
 * lower level; NON_FINITE when g is not finite where v starts; ABORTED
 */
export async function respond<P extends AnyPoint>(
  problem: BilevelProblem<P>,
  u: Tensors,
  options: RespondOptions = {},
): Promise<Response<P>> {
  requireProblem(problem, 'bilevelProblem');
  const { start, onProgress, feeds, batches, device, signal, ...search } = options;
  const settings = validateOptions(searchOptions, search, 'respond');
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress', 'a function', onProgress);
  }
  return onAllRows(problem, { feeds, batches, device, signal }, async (whole, onDevice) => {
    const upper = bindLevel('u', whole.upper, u);
    const from = start && bindLevel('v', whole.lower, start);
    using responder = new Responder(whole, onDevice, batches);
    await compileStatedElsewhere(responder.steps, onDevice, { what: 'The search for v*', signal, small: smallGraph });
    const { found, v } = await responder.find(upper, from, settings, { signal, onStep: onProgress });
    const named = whole.lower.map(({ name }): [string, Tensor] => [name, (v[`v/${name}`] as Tensor).clone()]);
    return { v: Object.fromEntries(named) as LowerOf<P>, ...found };
  });
}

/** @throws INVALID_ARGUMENT */
export function checkBatches(batches: number | undefined): void {
  if (batches === undefined || (Number.isSafeInteger(batches) && batches >= 1)) return;
  throw invalidArgument('batches', 'a positive integer', batches);
}

/** Checks what is common, and does the work on the problem with other feeds, on the given device or one of its own. */
export async function onAllRows<T>(
  problem: BilevelProblem,
  { feeds, batches, device, signal }: WholeOptions,
  work: (problem: BilevelProblem, device: Device) => Promise<T>,
): Promise<T> {
  checkBatches(batches);
  if (device !== undefined && !(device instanceof Device)) throw invalidArgument('device', 'a Device', device);
  checkSignal(signal);
  const whole = feeds === undefined ? problem : problem.withFeeds(feeds);
  if (signal?.aborted) throw aborted('The computation was stopped', signal.reason);
  const onDevice = device ?? Device.cpu();
  try {
    return await work(whole, onDevice);
  } finally {
    if (device === undefined) onDevice.dispose();
  }
}
