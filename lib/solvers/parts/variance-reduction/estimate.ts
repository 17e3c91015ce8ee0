import { type Oracles, plus, scaled, type Vector } from '../../../bilevel/index.js';
import { greater, type Node, where } from '../../../graph/index.js';
import type { MethodBuilder, MethodPhase, PhaseOptions } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign, type Update } from '../../machine/level.js';

/** What is estimated on a mini-batch, and what is done with the estimate. */
export interface EstimateSpec {
  readonly estimate: Vector;
  readonly result: (estimate: Vector) => Pick<MethodPhase, 'updates' | 'reports'>;
}

export interface EstimatePhase {
  /** Makes the estimate and what follows from it so many times, once by default. */
  run(iteration: Iteration, times?: number): Promise<void>;
  /** What the last run put out under a name. */
  output(name: string): readonly number[];
}

/**
 * A phase whose estimate is that of one mini-batch, or with the draws `all` the mean over the mini-batches of a pass
 * over all rows: over the whole data, when costs are means over rows and the batch divides them. What its outputs do
 * not take from the estimate is that of the last mini-batch.
 * @param cost whose rows a pass goes through
 */
export function estimatePhase(
  b: MethodBuilder,
  name: string,
  cost: 'f' | 'g',
  write: (o: Oracles) => EstimateSpec,
  options: PhaseOptions,
): EstimatePhase {
  const batches = options.draws === 'all' ? { f: b.facts.fBatches, g: b.facts.gBatches }[cost] : 1;
  const phase = b.phase(
    name,
    (o) => {
      const { estimate, result } = write(o);
      if (batches === 1) return result(estimate);
      const position = b.stepScalar(`position.${name}`, (_, step) => step % batches);
      const sums = estimate.map(({ shape }, index) => b.scratch(`sum.${name}/${index}`, shape));
      const begins = (sum: Node): Node => where(greater(position, 0), sum, 0);
      const total = plus(sums.map(begins), estimate);
      const ends = greater(position, batches - 1.5);
      const { updates = [], reports = {} } = result(scaled(1 / batches, total));
      return {
        updates: [...assign(sums, total), ...updates.map(([node, value]): Update => [node, where(ends, value, node)])],
        reports,
      };
    },
    options,
  );
  return {
    run: (iteration, times = 1) => iteration.run(phase, times * batches),
    output: (name) => phase.output(name),
  };
}
