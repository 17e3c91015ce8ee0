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
 * The shortest pass in which every feed is in parts of at most its batch, as equal as they can be, and every part comes
 * equally often.
 * @param multiple what the number of steps is to be a multiple of
 * @throws INVALID_ARGUMENT when there is none that is short
 */
export function divide(feeds: readonly Divided[], multiple = 1): Division {
  const least = feeds.map(({ size, batch }) => Math.ceil(size / batch));
  const most = Math.max(1, ...least);
  for (let steps = Math.ceil(most / multiple) * multiple; steps <= 4 * most * multiple; steps += multiple) {
    const parts = feeds.map(({ size }, index) => divisor(steps, least[index] ?? 1, size));
    if (!parts.includes(undefined)) return { steps, parts: parts as number[] };
  }
  const sizes = feeds.map(({ name, size, batch }) => `${name}: ${batch} of ${size} rows`).join(', ');
  throw invalidArgument(
    'the feeds of one cost',
    'mini-batches with which a pass goes through all of them together',
    sizes,
  );
}

function divisor(steps: number, least: number, most: number): number | undefined {
  for (let part = least; part <= Math.min(steps, most); part++) if (steps % part === 0) return part;
  return undefined;
}

/** First row, and the row behind the last one, of part `index` of so many. */
export function rowsOfPart(size: number, parts: number, index: number): readonly [start: number, end: number] {
  return [Math.floor((size * index) / parts), Math.floor((size * (index + 1)) / parts)];
}
