import { adviseName, BilevelError, checkRecord, describe, invalidArgument } from '../errors.js';
import { evaluate, gather, input, type Node } from '../graph/index.js';
import { Tensor, unravel } from '../tensor.js';
import { checkReal } from './check-tensor.js';
import { type FeedInputs, isResident } from './inputs.js';
import { type ConvexSet, checkSet } from './sets/index.js';

/** An upper variable with one row per sample of a feed; f and g see the rows of the present batch. */
export interface PerSample<F extends string = string> {
  readonly tensor: Tensor;
  readonly feed: F;
}

/** States that `tensor` has one row for each row of the feed of that name. @throws INVALID_ARGUMENT */
export function perSample<F extends string>(tensor: Tensor, feed: F): PerSample<F> {
  if (!(tensor instanceof Tensor)) throw invalidArgument('tensor of perSample', 'a Tensor', tensor);
  if (typeof feed !== 'string') throw invalidArgument('feed of perSample', 'the name of a feed', feed);
  return Object.freeze({ tensor, feed });
}

/** A variable in the graph of a problem. */
export interface Variable {
  readonly name: string;
  /** Where it starts. */
  readonly initial: Tensor;
  /** The input that holds all of it, updated in place by a step. */
  readonly whole: Node;
  /** What the costs see and are differentiated by: the whole, or the rows of the present batch. */
  readonly value: Node;
  /** Row numbers of the batch, for a variable whose rows belong to samples. */
  readonly index: Node | undefined;
  /** What it is projected to after every step. */
  readonly set: ConvexSet | undefined;
}

/**
 * The variables of one level.
 * @param prefix of the level's binding names: `u` or `v`
 * @param batchAxes how many first axes of a variable only count independent problems, to each of which a set applies
 */
export function stateVariables(
  prefix: string,
  given: Readonly<Record<string, Tensor | PerSample>>,
  feeds: readonly FeedInputs[],
  sets: Readonly<Record<string, ConvexSet | undefined>> = {},
  batchAxes = 0,
): readonly Variable[] {
  checkRecord(given, `the variables ${prefix}`);
  checkRecord(sets, `the sets of the variables ${prefix}`);
  for (const name of Object.keys(sets)) {
    if (Object.hasOwn(given, name)) continue;
    throw invalidArgument('sets', `names of variables: ${Object.keys(given).join(', ')}`, name);
  }
  const variables = Object.entries(given).map(([name, variable]): Variable => {
    const [initial, feedName] = isPerSample(variable) ? [variable.tensor, variable.feed] : [variable, undefined];
    const what = `the variable ${prefix}.${name}`;
    checkReal(what, initial);
    const whole = input(`${prefix}/${name}`, initial.shape);
    const { index, size } = feedName === undefined ? {} : findFeed(feeds, feedName, name);
    if (size !== undefined && initial.shape[0] !== size) {
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `The variable ${prefix}.${name} needs one row for each of the ${size} samples of ${feedName} but has the shape ` +
          `[${initial.shape.join(', ')}].`,
      );
    }
    const value = index === undefined ? whole : gather(whole, index, 0);
    const set = sets[name];
    if (set !== undefined) checkMember(what, initial, set, batchAxes, feedName !== undefined);
    return { name, initial, whole, value, index, set };
  });
  if (variables.length === 0) throw invalidArgument(`the variables ${prefix}`, 'at least one tensor', given);
  return variables;
}

function isPerSample(variable: Tensor | PerSample): variable is PerSample {
  return typeof variable === 'object' && variable !== null && 'feed' in variable;
}

function findFeed(
  feeds: readonly FeedInputs[],
  feedName: string,
  variable: string,
): { index: Node | undefined; size: number } {
  const found = feeds.find(({ name }) => name === feedName);
  if (found === undefined) {
    const advice = adviseName(
      feedName,
      feeds.map(({ name }) => name),
    );
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `There is no feed ${describe(feedName)}, the feed of ${variable}. ${advice}`,
    );
  }
  if (!isResident(found)) {
    const expected = 'the name of a feed of tensors, whose rows are numbered,';
    throw invalidArgument(`the feed of ${variable}`, expected, feedName);
  }
  const { batch, size, sampler } = found.feed;
  if (sampler.distinct !== true) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The rows of ${variable} belong to samples of the feed ${feedName}, whose sampler (${sampler.description}) may draw a sample ` +
        'twice in a mini-batch; use one that does not, such as samplers.shuffled().',
    );
  }
  return { index: batch === undefined ? undefined : found.index, size };
}

/** How far a start may lie outside its set, relative to its largest element: room for numbers rounded to float32. */
const startTolerance = 1e-6;

/** Refuses a set that does not suit a variable, and a start that lies outside its set. */
function checkMember(what: string, initial: Tensor, set: ConvexSet, batchAxes: number, perSample: boolean): void {
  checkSet(`the set of ${what}`, set);
  if (perSample && !set.rowwise) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `Expected a set that treats every sample alike, such as sets.box(0, 1) or sets.rows(sets.simplex()), for ${what} but received ` +
        `${set.description}: a step sees only the rows of its batch.`,
    );
  }
  set.check(what, initial.shape.slice(batchAxes));
  const whole = input('start', initial.shape);
  const start = Float64Array.from(initial.toArray());
  const [nearest = start] = evaluate([set.project(whole, batchAxes)], new Map([[whole, start]]));
  const distances = start.map((value, index) => Math.abs(value - (nearest[index] ?? Number.NaN)));
  const largest = start.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const outside = distances.findIndex((distance) => !(distance <= startTolerance * largest));
  if (outside < 0) return;
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `Expected a start in ${set.description} for ${what} but element [${unravel(outside, initial.shape).join(', ')}] is ` +
      `${start[outside]}, and ${nearest[outside]} at the nearest point of the set.`,
  );
}
