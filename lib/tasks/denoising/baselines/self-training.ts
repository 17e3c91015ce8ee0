import { crossFittedGiven } from '../cross-fitting.js';
import type { Baseline } from './baseline.js';

const rounds = 4;

/**
 * Weights are the probabilities of the given labels under networks that were trained with the weights before on other
 * samples, from 1/2 on; the last network is trained on the samples above 1/2.
 */
export const selfTraining: Baseline = {
  name: 'selfTraining',
  title: 'Self-training',
  note: 'cross-fitted, 4 rounds',
  async run(trainer) {
    let trust: Float64Array = new Float64Array(trainer.count).fill(0.5);
    for (let round = 0; round < rounds; round++) {
      trust = await crossFittedGiven(trainer, { weights: trust, ...(await trainer.tune(trust)), round });
    }
    const weights = trust.map((p) => Number(p > 0.5));
    return { trust, flagged: weights.map((kept) => 1 - kept), parameters: await trainer.trainTuned({ weights }) };
  },
};
