import type { Vector } from '../../../bilevel/index.js';
import { minimum, mul, type Node, topologicalOrder } from '../../../graph/index.js';
import type { MethodBuilder } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import { estimatePhase } from '../variance-reduction/estimate.js';
import { type LinearSystem, type LinearSystemOptions, systemProduct } from './linear-system.js';
import { checkGrowth, type SeriesRate } from './series-growth.js';
import { SeriesPoint, type SeriesStep } from './series-point.js';

/** The step eta of a series in its graph. */
export interface NeumannRate extends SeriesRate {
  readonly node: Node | number;
}

/** The option neumannRate. */
export const constantRate = (rate: number): NeumannRate => ({ node: rate, option: 'neumannRate', at: () => rate });

export interface NeumannOptions extends LinearSystemOptions {
  /** Name of the phase of a step; `linearSystem` by default. */
  readonly name?: string;
  /**
   * For a random number of steps, uniform below this: z is then the last term alone times this number, without bias for
   * the sum of as many terms (Ghadimi and Wang 2018).
   */
  readonly stepsBelow?: number;
}

/** Sums a series for so many steps, Q. */
export interface NeumannSeries {
  /** @throws DIVERGED, INDEFINITE_HESSIAN */
  solve(iteration: Iteration, steps: number): Promise<void>;
}

/**
 * The Neumann series z = eta sum_{q=0}^{Q} (I - eta H)^q grad_v f for Q steps: r_0 = grad_v f, r_q = r_{q-1} - eta H
 * r_{q-1}, z = eta sum r_q. On full batches z = (I - (I - eta H)^(Q+1)) H^-1 grad_v f. With fresh draws every factor
 * has a mini-batch of its own (Ji, Yang and Liang 2021; Yang, Ji and Liang 2021), which all points share. The relative
 * residual is that of the first point, |r_Q| / |r_0|: of the sum without its last term.
 */
export function neumannSeriesAt(
  b: MethodBuilder,
  rate: NeumannRate,
  points: readonly SeriesPoint[],
  { tikhonov = 0, name = 'linearSystem', stepsBelow, ...options }: NeumannOptions = {},
): NeumannSeries {
  const eta = b.rateLimit === undefined ? rate.node : minimum(rate.node, b.rateLimit);
  const weight = stepsBelow === undefined ? eta : mul(stepsBelow, eta);
  const outputName = (what: keyof typeof firstOutputs, index: number): string =>
    index === 0 ? firstOutputs[what] : `${what}.${points[index]?.name}`;
  const outputsOf = (made: readonly SeriesStep[]): Record<string, Node> =>
    Object.fromEntries(
      made.flatMap(({ size, factor }, index) => [
        [outputName('size', index), size],
        [outputName('factor', index), factor],
      ]),
    );
  const start = estimatePhase(
    b,
    `${name}Start`,
    'f',
    (o) => {
      const gradients = points.map((point) => point.oracles(o).fGradient());
      return {
        estimate: gradients.flatMap(({ u, v }) => [...u, ...v]),
        result: (estimate) => {
          const parts = partsOf(
            estimate,
            gradients.flatMap(({ u, v }) => [u.length, v.length]),
          );
          const begun = points.map((point, index) =>
            point.begin({ u: parts[2 * index] ?? [], v: parts[2 * index + 1] ?? [] }, weight),
          );
          return { updates: begun.flatMap(({ updates }) => updates), reports: { f: o.f }, outputs: outputsOf(begun) };
        },
      };
    },
    options,
  );
  const step = estimatePhase(
    b,
    name,
    'g',
    (o) => ({
      estimate: points.flatMap((point) => systemProduct(point.oracles(o), point.term, tikhonov)),
      result: (estimate) => {
        const parts = partsOf(
          estimate,
          points.map(({ term }) => term.length),
        );
        const sums = stepsBelow === undefined;
        const made = points.map((point, index) => point.proceed(parts[index] ?? [], { eta, weight, sums }));
        return { updates: made.flatMap(({ updates }) => updates), outputs: outputsOf(made) };
      },
    }),
    options,
  );
  // With fresh draws the factors differ by their rows and by what g draws at random.
  const { g, key } = b.problem;
  const drawsAnew = b.facts.gBatches > 1 || topologicalOrder([g]).includes(key);
  const exact = options.draws !== 'fresh' || !drawsAnew;
  return {
    async solve(iteration, steps) {
      await start.run(iteration);
      await step.run(iteration, steps);
      if (steps === 0) return;
      const growths = points.flatMap((_, index) => {
        const factors = step.output(outputName('factor', index));
        return step
          .output(outputName('size', index))
          .map((size, trial) => ({ size, factor: factors[trial] ?? 1, trial }));
      });
      await checkGrowth(growths, rate, iteration, exact);
    },
  };
}

/** What is put out of the first point, the variables themselves. */
const firstOutputs = { size: 'linearResidual', factor: 'seriesFactor' } as const;

/** A vector in consecutive parts of these lengths. */
function partsOf(vector: Vector, lengths: readonly number[]): Vector[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return vector.slice(end - length, end);
  });
}

/** The Neumann series at the variables, as {@link neumannSeriesAt}. */
export function neumannSeries(b: MethodBuilder, rate: NeumannRate, options: NeumannOptions = {}): LinearSystem {
  const point = new SeriesPoint(b, 'present');
  const { z, upperGradient } = point;
  return { z, upperGradient, ...neumannSeriesAt(b, rate, [point], options) };
}
