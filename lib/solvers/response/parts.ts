import { invalidArgument } from '../../errors.js';

/** A feed whose rows are gone through part by part. */
export interface Divided {
  readonly name: string;
  /** Rows. */
  readonly size: number;
  /** Most rows of a part. */
  readonly batch: number;
}

/** How a pass over all rows of several feeds goes. */
export interface Division {
  readonly steps: number;
  /** In how many parts each feed is, which the steps take in turn, over and over: a divisor of `steps`. */
  readonly parts: readonly number[];
}

/**
 * How many times as long as one whose parts differ by a row a pass of equal parts may be. Of one feed both give the
 * mean over all rows; of several the other gives it only nearly, as a step has one weight for the parts of all of them.
 */
const [longestOfOne, longestOfSeveral] = [2, 8];

/**
 * The shortest pass in which every feed is in equal parts of at most its batch, and every part comes equally often; or,
 * where that is too long, in parts that differ by a row.
 * @param multiple what the number of steps is to be a multiple of
 * @throws INVALID_ARGUMENT when there is none that is short
 */
export function divide(feeds: readonly Divided[], multiple = 1): Division {
  const least = feeds.map(({ size, batch }) => Math.ceil(size / batch));
  const most = Math.max(1, ...least);
  const shortest = (isEqual: boolean, longest: number): Division | undefined => {
    for (let steps = Math.ceil(most / multiple) * multiple; steps <= longest; steps += multiple) {
      const parts = feeds.map(({ size }, index) =>
        divisors(steps, least[index] ?? 1, size).find((part) => !isEqual || size % part === 0),
      );
      if (!parts.includes(undefined)) return { steps, parts: parts as number[] };
    }
    return undefined;
  };
  const usual = shortest(false, 4 * most * multiple);
  const longest = feeds.length > 1 ? longestOfSeveral : longestOfOne;
  const division = usual && (shortest(true, longest * usual.steps) ?? usual);
  if (division !== undefined) return division;
  const sizes = feeds.map(({ name, size, batch }) => `${name}: ${batch} of ${size} rows`).join(', ');
  throw invalidArgument(
    'the feeds of one cost',
    'mini-batches with which a pass goes through all of them together',
    sizes,
  );
}

/** The divisors of `steps` from `least` to `most`, in order. */
function divisors(steps: number, least: number, most: number): number[] {
  const found: number[] = [];
  for (let part = least; part <= Math.min(steps, most); part++) if (steps % part === 0) found.push(part);
  return found;
}

/** First row, and the row behind the last one, of part `index` of so many. */
export function rowsOfPart(size: number, parts: number, index: number): readonly [start: number, end: number] {
  return [Math.floor((size * index) / parts), Math.floor((size * (index + 1)) / parts)];
}
