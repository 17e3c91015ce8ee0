import type { Baseline } from './baseline.js';

export const oracle: Baseline = {
  name: 'oracle',
  title: 'Oracle',
  note: 'knows the wrong labels and leaves them out',
  async run(trainer) {
    const flagged = trainer.data.corrupted.data;
    const weights = Float64Array.from(flagged, (wrong) => 1 - wrong);
    return { trust: weights, flagged, parameters: await trainer.trainTuned({ weights }) };
  },
};
