import { invalidArgument } from '../errors.js';

/** A part of the jobs of a study: each `count`-th, from the `index`-th on, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Reads `2/4`. @throws INVALID_ARGUMENT */
export function parseShard(text: string): Shard {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw invalidArgument('--shard', 'a part and the number of parts, such as 1/4', text);
  }
  return { index, count };
}

/** What the names of a part's files end with, such as report-2-of-4.html: parts can be copied into one folder. */
export const suffixOf = (shard: Shard | undefined): string =>
  shard === undefined ? '' : `-${shard.index}-of-${shard.count}`;

/** Jobs in turns, so that the parts take about as long as each other where jobs that are alike follow one another. */
export function jobsOf<J>(jobs: readonly J[], { index, count }: Shard): J[] {
  return jobs.filter((_, position) => position % count === index - 1);
}
