import { type BilevelProblem, isResident, type Variable } from '../../bilevel/index.js';
import { type Node, topologicalOrder } from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import { batchesOf } from './batches.js';

/** What the evaluations of an iteration can depend on besides a method's options. */
export interface ProblemFacts {
  /** Seed of the problem, from which random lengths are drawn. */
  readonly seed: number;
  /** Elements of u that the costs see at a time (U), those of one trial: of rows of samples those of a mini-batch. */
  readonly upperSize: number;
  /** Elements of v (V), those of one trial. */
  readonly lowerSize: number;
  /** Mini-batches in a pass of f, and of g, over all rows of its feeds. */
  readonly fBatches: number;
  readonly gBatches: number;
}

/** Without a problem those of the seed 0, of one element of each level and of single mini-batches. */
export function factsOf(problem?: BilevelProblem): ProblemFacts {
  if (problem === undefined) return { seed: 0, upperSize: 1, lowerSize: 1, fBatches: 1, gBatches: 1 };
  const { seed, upper, lower, trials = 1, feeds, f, g } = problem;
  const passOf = (cost: Node): number => {
    const used = new Set(topologicalOrder([cost]));
    const read = feeds.filter(isResident).filter(({ index }) => used.has(index));
    return Math.max(1, ...read.map(({ feed }) => batchesOf(feed)));
  };
  const sizeOf = (variables: readonly Variable[]): number =>
    variables.reduce((sum, { value }) => sum + elementCount(value.shape), 0) / trials;
  return { seed, upperSize: sizeOf(upper), lowerSize: sizeOf(lower), fBatches: passOf(f), gBatches: passOf(g) };
}
