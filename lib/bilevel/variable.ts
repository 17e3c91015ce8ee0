import { adviseName, BilevelError, checkRecord, describe, invalidArgument } from '../errors.js';
import { gather, input, type Node } from '../graph/index.js';
import { Tensor } from '../tensor.js';
import { checkTensor } from './feed.js';
import type { FeedInputs } from './inputs.js';

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

/** Smallest and largest value of every element of a variable; infinite where it is free. */
export type Bounds = readonly [low: number, high: number];

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
  readonly bounds: Bounds | undefined;
}

/** The variables of one level, under the prefix of that level's binding names: `u` or `v`. */
export function stateVariables(
  prefix: string,
  given: Readonly<Record<string, Tensor | PerSample>>,
  feeds: readonly FeedInputs[],
  bounds: Readonly<Record<string, Bounds | undefined>> = {},
): readonly Variable[] {
  checkRecord(given, `the variables ${prefix}`);
  checkRecord(bounds, `the bounds of the variables ${prefix}`);
  for (const name of Object.keys(bounds)) {
    if (Object.hasOwn(given, name)) continue;
    throw invalidArgument('bounds', `names of variables: ${Object.keys(given).join(', ')}`, name);
  }
  const variables = Object.entries(given).map(([name, variable]): Variable => {
    const [initial, feedName] = isPerSample(variable) ? [variable.tensor, variable.feed] : [variable, undefined];
    checkVariable(`the variable ${prefix}.${name}`, initial, bounds[name]);
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
    return { name, initial, whole, value, index, bounds: bounds[name] };
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
  return { index: found.feed.batch === undefined ? undefined : found.index, size: found.feed.size };
}

function checkVariable(what: string, tensor: Tensor, bounds: Bounds | undefined): void {
  checkTensor(what, tensor);
  if (tensor.dtype !== 'float32') throw invalidArgument(what, 'a float32 tensor', tensor.dtype);
  if (bounds === undefined) return;
  const isPair = Array.isArray(bounds) && bounds.length === 2 && bounds.every((bound) => typeof bound === 'number');
  if (!isPair || !(bounds[0] <= bounds[1])) {
    throw invalidArgument(`the bounds of ${what}`, '[low, high] with low <= high', bounds);
  }
  const [low, high] = bounds;
  const outside = tensor.toArray().find((value) => value < Math.fround(low) || value > Math.fround(high));
  if (outside !== undefined) throw invalidArgument(what, `initial values from ${low} to ${high}`, outside);
}
