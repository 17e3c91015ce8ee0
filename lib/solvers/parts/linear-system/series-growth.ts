import { BilevelError } from '../../../errors.js';
import type { Iteration } from '../../machine/iteration.js';

/** The step eta of a Neumann series. */
export interface SeriesRate {
  readonly option: string;
  /** Its value in iteration `index`. */
  readonly at: (index: number) => number;
}

/** How a series has gone in one trial. */
export interface SeriesGrowth {
  /** The length of its last term over that of the first. */
  readonly size: number;
  /** By what the last step has multiplied the term, negative where it has turned it round. */
  readonly factor: number;
  readonly trial: number;
}

/** Growth over a series that is only reported: in few steps it does little harm. */
const tolerated = 10;

/** Growth at which a series stops, before it leaves float32; less can be the chance of small mini-batches. */
export const hopeless = 1e6;

/**
 * Refuses a series that grows much. Without noise its terms shrink for every rate below 2 over the largest curvature,
 * unless there is negative curvature: a term that turns round as it grows tells of the rate, another one of the
 * curvature.
 * @param exact whether all factors are those of one and the same cost
 * @throws DIVERGED, INDEFINITE_HESSIAN
 */
export async function checkGrowth(
  growths: readonly SeriesGrowth[],
  { option, at }: SeriesRate,
  iteration: Iteration,
  exact: boolean,
): Promise<void> {
  const grown = growths.find(({ size }) => size > (exact ? tolerated : hopeless));
  if (grown === undefined) return;
  const { size, factor, trial } = grown;
  const { [trial]: limit = Number.POSITIVE_INFINITY } = await iteration.read('rateLimit');
  const rate = Math.min(at(iteration.index), limit);
  const curvature = (1 - factor) / rate;
  const growth = `The Neumann series grows in ${iteration.where}: its last term is ${short(size)} times as long as its first`;
  if (factor < 0) {
    throw new BilevelError(
      'DIVERGED',
      `${growth}, because its rate ${short(rate)} is too large for the curvature of g, about ${short(curvature)}. Lower the ` +
        `option ${option} below 2 over the curvature, to about ${short(1 / curvature)}.`,
    );
  }
  throw new BilevelError(
    'INDEFINITE_HESSIAN',
    `${growth}, because grad_vv g has negative curvature, about ${short(curvature)}. Make more lower steps, or add a ` +
      'regulariser to g.',
  );
}

const short = (value: number): string => String(Number(value.toPrecision(2)));
