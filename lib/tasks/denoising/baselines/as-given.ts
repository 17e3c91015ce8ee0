import { givenProbabilities } from '../trainer.js';
import type { Baseline } from './baseline.js';

export const asGiven: Baseline = {
  name: 'given',
  title: 'Train+Val',
  note: 'all samples as given',
  async run(trainer) {
    const { train } = trainer.data;
    const parameters = await trainer.trainTuned({});
    const trust = givenProbabilities(await trainer.probabilities(train.inputs, parameters), train.labels);
    return { trust, flagged: trust.map((p) => Number(p < 0.5)), parameters };
  },
};
