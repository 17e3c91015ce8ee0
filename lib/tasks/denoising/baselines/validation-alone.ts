import { givenProbabilities } from '../trainer.js';
import type { Baseline } from './baseline.js';

export const validationAlone: Baseline = {
  name: 'validation',
  title: 'Val-only',
  note: 'validation samples alone',
  async run(trainer) {
    const { train } = trainer.data;
    const weights = new Float64Array(trainer.count);
    const parameters = await trainer.trainTuned({ weights });
    const trust = givenProbabilities(await trainer.probabilities(train.inputs, parameters), train.labels);
    return { trust, flagged: trust.map((p) => Number(p < 0.5)), parameters };
  },
};
