/** A cost and its derivative along a line. */
export interface Slope {
  readonly cost: number;
  readonly slope: number;
}

/** What is known at a length. */
export interface Trial extends Slope {
  readonly length: number;
}

export interface LineSearchOptions {
  /** The first length that is tried. */
  readonly length: number;
  /** The largest that is. */
  readonly most: number;
  /** The cost that must not be exceeded by more than rounding; that of the start by default. */
  readonly reference?: number;
}

/**
 * The constants of Hager and Zhang 2005: how far the cost must fall, how flat it must become, and what counts as
 * rounding.
 */
const [fall, flatness, rounding] = [0.1, 0.9, 1e-6];
const mostTrials = 40;

/**
 * A length at which the cost has fallen and its slope is flatter: the Wolfe conditions, or near a minimum, where the
 * fall is lost in rounding, the approximate ones, which compare slopes (Hager and Zhang 2005, conditions T1 and T2).
 * Costs that are not finite are too far.
 * @param at the cost and slope at a length
 * @returns undefined when none is found
 */
export async function lineSearch(
  start: Slope,
  at: (length: number) => Promise<Slope>,
  { length: first, most, reference = start.cost }: LineSearchOptions,
): Promise<Trial | undefined> {
  const limit = reference + rounding * Math.abs(reference);
  const isLow = ({ cost, slope }: Slope): boolean => cost <= limit && Number.isFinite(slope);
  const isGood = (trial: Trial): boolean => {
    if (!isLow(trial) || trial.slope < flatness * start.slope) return false;
    const falls = trial.cost <= reference + fall * trial.length * start.slope;
    return falls || trial.slope <= (2 * fall - 1) * start.slope;
  };
  let low: Trial = { ...start, length: 0 };
  let high: Trial | undefined;
  let length = Math.min(first, most);
  for (let trials = 0; trials < mostTrials; trials++) {
    const trial = { ...(await at(length)), length };
    if (isGood(trial)) return trial;
    if (isLow(trial) && trial.slope < 0) {
      // It goes on falling: nothing better is to be had within the limit.
      if (length === most) return trial;
      low = trial;
    } else {
      high = trial;
    }
    const next = high === undefined ? Math.min(most, extrapolated(low, start)) : between(low, high);
    if (next === length || next === low.length) break;
    length = next;
  }
  // Lower than the start is better than nothing.
  return low.length > 0 ? low : undefined;
}

/** Where the slope would vanish if it went on as from the start, but 2 to 10 times as far. */
function extrapolated({ length, slope }: Trial, start: Slope): number {
  const secant = (length * start.slope) / (start.slope - slope);
  return Math.min(10 * length, Math.max(2 * length, secant > 0 ? secant : 10 * length));
}

/** Where the slope would vanish between two lengths, away from both; in the middle where that cannot be told. */
function between(low: Trial, high: Trial): number {
  const width = high.length - low.length;
  const share = high.slope > 0 && Number.isFinite(high.cost) ? low.slope / (low.slope - high.slope) : 0.5;
  const kept = Number.isFinite(high.cost) ? Math.min(0.9, Math.max(0.1, share)) : 0.1;
  return low.length + kept * width;
}
