import type { Node } from '../graph/index.js';
import { byQuantity, type Computed, feedsOf } from './evaluation.js';
import type { CheckPoint } from './point.js';
import type { Quantities, QuantityName } from './quantities.js';
import { evaluateRounded, float32Unit } from './rounding.js';
import { type Errors, ratio, sizeOf, toleranceOf } from './tolerance.js';
import { difference } from './vectors.js';

/** What computed values are compared with: another implementation, evaluation in float64, a reference file. */
export type Source = 'oracle' | 'float64' | 'reference';

/** How far a computed quantity is from what is expected of it. */
export interface Distance {
  readonly name: QuantityName;
  readonly from: Source;
  readonly actual: Float64Array;
  readonly expected: Float64Array;
  readonly distance: number;
}

export function distancesOf(computed: Computed, expected: Computed, from: Source): Distance[] {
  return [...expected].map(([name, values]) => {
    const actual = computed.get(name) as Float64Array;
    return { name, from, actual, expected: values, distance: sizeOf(name, difference(actual, values)) };
  });
}

/** An engine that adds in another order may be off by this many times what the trials of rounding were. */
export const roundingFactor = 5;

export const usualTrials = 2;

/**
 * Where rounding decides on which side of a kink an element falls, most trials tell little and a few tell all, so an error
 * above its tolerance is only judged after this many.
 */
const mostTrials = 16;

/** How far rounding to float32 moves each quantity, by the largest distance of a few trials. */
export class RoundingTrials {
  readonly #quantities: Quantities;
  readonly #feeds: ReadonlyMap<Node, Float64Array>;
  readonly #exact: Computed;
  readonly #distances = new Map<QuantityName, number>();
  #trials = 0;

  constructor(quantities: Quantities, point: CheckPoint, exact: Computed) {
    this.#quantities = quantities;
    this.#feeds = feedsOf(quantities, point);
    this.#exact = exact;
  }

  run(): void {
    const seed = this.#trials++;
    const trial = byQuantity(this.#quantities, (nodes) => evaluateRounded(nodes, this.#feeds, float32Unit, seed));
    for (const [name, value] of this.#exact) {
      const distance = sizeOf(name, difference(trial.get(name) as Float64Array, value));
      this.#distances.set(name, Math.max(this.#distances.get(name) ?? 0, distance));
    }
  }

  /** Makes more trials while one of the distances is too large for those that there were. */
  explain(distances: readonly Distance[]): void {
    const excess = (): number => Math.max(...distances.map((each) => this.errorOf(each) / toleranceOf(each.name)));
    while (excess() > 1 && this.#trials < mostTrials) this.run();
  }

  /**
   * A distance relative to the size of what is expected. Where rounding explains more than the tolerance, the size counts as so
   * large that the tolerance is what rounding explains.
   */
  errorOf({ name, expected, distance }: Distance): number {
    const floor = (roundingFactor * (this.#distances.get(name) ?? 0)) / toleranceOf(name);
    return ratio(distance, Math.max(sizeOf(name, expected), floor));
  }

  /** The largest distances relative to the sizes of the quantities. */
  shares(): Errors {
    return Object.fromEntries(
      [...this.#exact].map(([name, value]) => [name, ratio(this.#distances.get(name) ?? 0, sizeOf(name, value))]),
    );
  }
}
