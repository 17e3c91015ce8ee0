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
 * Where rounding decides on which side of a kink an element falls, most trials tell little and a few tell all, so an
 * error above its tolerance is only judged after this many.
 */
const mostTrials = 16;

/** A quantity of which most trials move more than this share has no digit left that could be compared. */
const lostShare = 0.1;

/**
 * Trials whose largest distance is this many times that of half of them tell how rounding may end, but not how it may
 * not.
 */
const lostSpread = 10;

/** How far rounding to float32 moves each quantity, by the largest distance of a few trials. */
export class RoundingTrials {
  readonly #quantities: Quantities;
  readonly #feeds: ReadonlyMap<Node, Float64Array>;
  readonly #exact: Computed;
  /** Of every trial, by quantity. */
  readonly #distances = new Map<QuantityName, number[]>();
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
      this.#distances.set(name, [...(this.#distances.get(name) ?? []), distance]);
    }
  }

  /** Makes more trials while one of the distances is too large for those that there were. */
  explain(distances: readonly Distance[]): void {
    const excess = (): number => Math.max(...distances.map((each) => this.errorOf(each) / toleranceOf(each.name)));
    while (!(excess() <= 1) && this.#trials < mostTrials) this.run();
  }

  /**
   * A distance relative to the size of what is expected. Where rounding explains more than the tolerance, the size
   * counts as so large that the tolerance is what rounding explains.
   */
  errorOf({ name, expected, distance }: Distance): number {
    const floor = (roundingFactor * this.#largest(name)) / toleranceOf(name);
    return ratio(distance, Math.max(sizeOf(name, expected), floor));
  }

  /**
   * Whether nothing can be said of a quantity at this point: most trials move it by a good part of its size, and some
   * of them far more than others, so that another order of adding may give any value.
   */
  isLost(name: QuantityName): boolean {
    while (this.#trials < mostTrials) this.run();
    const distances = (this.#distances.get(name) ?? []).toSorted((a, b) => a - b);
    const middle = distances[distances.length >> 1] ?? 0;
    const size = sizeOf(name, this.#exact.get(name) ?? new Float64Array());
    return this.#largest(name) > lostSpread * middle && middle > lostShare * size;
  }

  /** The largest distances relative to the sizes of the quantities. */
  shares(): Errors {
    return Object.fromEntries(
      [...this.#exact].map(([name, value]) => [name, ratio(this.#largest(name), sizeOf(name, value))]),
    );
  }

  #largest(name: QuantityName): number {
    return Math.max(0, ...(this.#distances.get(name) ?? []));
  }
}
