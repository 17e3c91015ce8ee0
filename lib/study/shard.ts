import { invalidArgument } from '../errors.js';
import { shardOfTask } from './scheduler.js';

/** A part of the jobs of a study: each `count`-th, from the `index`-th on, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `2/4`, or `auto` and `auto/4`, which ask the environment of a scheduler. Nothing else does: a variable that
 * happens to be set changes no run.
 * @throws INVALID_ARGUMENT
 */
export function parseShard(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Shard {
  const [, index = '', count] = /^(\d{1,9}|auto)(?:\/(\d{1,9}))?$/.exec(text) ?? [];
  const parts = count === undefined ? undefined : Number(count);
  if (index === 'auto' && parts !== 0) return shardOfTask(environment, parts);
  if (parts === undefined || Number(index) < 1 || !(Number(index) <= parts)) {
    throw invalidArgument('--shard', 'a part and the number of parts, such as 1/4, auto or auto/4', text);
  }
  return { index: Number(index), count: parts };
}

/** A part as {@link parseShard} reads it. */
export const shardText = ({ index, count }: Shard): string => `${index}/${count}`;

/** What the names of a part's files end with, such as report-2-of-4.html: parts can be copied into one folder. */
export const suffixOf = (shard: Shard | undefined): string =>
  shard === undefined ? '' : `-${shard.index}-of-${shard.count}`;

/** Which of `count` parts the job at a position belongs to: in turns, whoever runs it. */
export const partOf = (position: number, count: number): number => (position % count) + 1;

/** Jobs in turns, so that the parts take about as long as each other where jobs that are alike follow one another. */
export function jobsOf<J>(jobs: readonly J[], { index, count }: Shard): J[] {
  return jobs.filter((_, position) => partOf(position, count) === index);
}
