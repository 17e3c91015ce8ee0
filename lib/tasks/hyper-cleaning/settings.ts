import { experimentSpecifications } from '../../data/dataset.js';
import { type GivenOptions, type Options, validateOptions } from '../../options.js';

const source = 'Yang, Ji and Liang 2021, released code';

/** Options of the hyper-cleaning task itself. */
export const hyperCleaningOptions = {
  data: { kind: 'text', default: 'mnist', text: `Data set: ${experimentSpecifications}.` },
  train: { kind: 'integer', min: 1, default: 20_000, text: 'Training samples, the first of the data set.', source },
  validation: { kind: 'integer', min: 1, default: 5000, text: 'Validation samples, its last ones.', source },
  noise: { kind: 'number', min: 0, max: 1, default: 0.1, text: 'Share of wrong training labels.', source },
  decay: { kind: 'number', min: 0, default: 0.001, text: 'Weight of |w|^2 in the lower cost.', source },
  seed: { kind: 'integer', min: 0, max: 2 ** 31 - 1, default: 0, text: 'Seed of noise, first model and mini-batches.' },
} as const;

export type TaskSettings = Options<typeof hyperCleaningOptions>;

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
export function validateTask(given: GivenOptions<typeof hyperCleaningOptions>): TaskSettings {
  return validateOptions(hyperCleaningOptions, given, 'compare');
}
