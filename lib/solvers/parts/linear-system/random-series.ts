import { Random } from '../../../data/random.js';
import { neumannRateOption } from '../level-options.js';

/** Rows of an option table for a Neumann series of which a single random term is computed. */
export function randomSeriesOptions(rate: number, terms: number, source: string) {
  return {
    neumannRate: neumannRateOption(rate, source),
    neumannTerms: {
      kind: 'integer',
      min: 1,
      max: 100_000,
      default: terms,
      text: 'Terms of the Neumann series, of which one is drawn (Q).',
      source,
    },
  } as const;
}

/**
 * Factors p of the term of an iteration, uniform from 0 to Q - 1 for Q terms: a pure function of seed and iteration.
 * The term Q eta (I - eta H_1) ... (I - eta H_p) grad_v f has the mean of the sum of all (Ghadimi and Wang 2018).
 */
export function drawFactors(seed: number, iteration: number, terms: number): number {
  return Random.fromSeed(seed, `Neumann series of iteration ${iteration}`).integer(terms);
}
