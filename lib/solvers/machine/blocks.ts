import { type BilevelProblem, isResident, type ResidentInputs } from '../../bilevel/index.js';
import { shuffled } from '../../data/samplers/shuffled.js';
import { BilevelError } from '../../errors.js';
import { constant, div, type Node, slice, topologicalOrder } from '../../graph/index.js';
import { batchesOf } from './batches.js';

/** The blocks of a fixed partition of the rows that a cost reads. */
export interface Blocks {
  readonly count: number;
  /** Number of the present block, int32 [1]. */
  readonly present: Node;
}

/** The feeds with mini-batches that a cost reads. */
function feedsOf({ feeds }: BilevelProblem, cost: Node): readonly ResidentInputs[] {
  const used = new Set(topologicalOrder([cost]));
  return feeds.filter(isResident).filter(({ index, feed }) => feed.batch !== undefined && used.has(index));
}

/** The blocks that a cost is a mean over; one that never changes when it reads no mini-batches. */
export function blocksOf(problem: BilevelProblem, cost: 'f' | 'g'): Blocks {
  const [read] = feedsOf(problem, problem[cost]);
  if (read === undefined) return { count: 1, present: constant([0], [1], 'int32') };
  const { index, feed } = read;
  const first = slice(index, { starts: [0], limits: [1] });
  const batch = constant([feed.batch ?? feed.size], [1], 'int32');
  return { count: batchesOf(feed), present: div(first, batch) };
}

/**
 * Refuses batches that do not divide the rows, and costs over the mini-batches of more than one feed.
 * @throws INVALID_ARGUMENT
 */
export function checkBlocks(method: string, problem: BilevelProblem): void {
  const why = `${method} keeps a memory for every block of rows`;
  for (const inputs of problem.feeds) {
    const { name } = inputs;
    if (!isResident(inputs)) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `${why}, so the feed ${name} must be of tensors, whose rows are numbered.`,
      );
    }
    const { size, batch = size, sampler } = inputs.feed;
    if (inputs.feed.batch !== undefined && sampler !== shuffled) {
      const received = `the sampler of the feed ${name} must be samplers.shuffled() but is ${sampler.description}`;
      throw new BilevelError('INVALID_ARGUMENT', `${why}, so ${received}.`);
    }
    if (size % batch === 0) continue;
    const expected = `the batch of the feed ${name} must divide its ${size} rows but is ${batch}`;
    throw new BilevelError('INVALID_ARGUMENT', `${why}, so ${expected}.`);
  }
  for (const cost of ['f', 'g'] as const) {
    const names = feedsOf(problem, problem[cost]).map(({ name }) => name);
    if (names.length < 2) continue;
    const expected = `the cost ${cost} may read at most one feed with mini-batches but reads ${names.join(' and ')}`;
    throw new BilevelError('INVALID_ARGUMENT', `${why}, so ${expected}; give all but one of them without a batch.`);
  }
}
