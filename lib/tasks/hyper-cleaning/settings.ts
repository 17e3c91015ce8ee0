import { datasetSpecifications } from '../../data/dataset.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../options.js';
import { findMethod } from '../../solvers/index.js';
import { chosenSettings } from './method-settings.js';

const source = 'Yang, Ji and Liang 2021, released code';

/** Options of the hyper-cleaning task itself. */
export const hyperCleaningOptions = {
  data: { kind: 'text', default: 'mnist', text: `Data set: ${datasetSpecifications}.` },
  train: { kind: 'integer', min: 1, default: 20_000, text: 'Training samples, the first of the data set.', source },
  validation: { kind: 'integer', min: 1, default: 5000, text: 'Validation samples, its last ones.', source },
  noise: { kind: 'number', min: 0, max: 1, default: 0.1, text: 'Share of wrong training labels.', source },
  decay: { kind: 'number', min: 0, default: 0.001, text: 'Weight of |w|^2 in the lower cost.', source },
  seed: { kind: 'integer', min: 0, max: 2 ** 31 - 1, default: 0, text: 'Seed of noise, first model and mini-batches.' },
  measurements: { kind: 'integer', min: 1, default: 40, text: 'How often the losses are measured in a run.' },
} as const;

export type TaskSettings = Options<typeof hyperCleaningOptions>;

/** A method with all its options, and the mini-batch that it sees of either set. */
export interface MethodRun {
  readonly method: string;
  readonly batch: number;
  /** All options, and those that differ from the method's own defaults. */
  readonly options: Options<OptionTable>;
  readonly chosen: GivenOptions<OptionTable>;
  /** Where the settings come from. */
  readonly source: string;
}

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
export function validateTask(given: GivenOptions<typeof hyperCleaningOptions>): TaskSettings {
  return validateOptions(hyperCleaningOptions, given, 'compare');
}

/**
 * The settings with which a method takes part.
 * @param batch in place of the method's own
 * @throws INVALID_ARGUMENT for a name that is no method's
 */
export function methodRun(name: string, batch?: number): MethodRun {
  const method = findMethod(name);
  const { options, source, ...own } = chosenSettings(name);
  return {
    method: name,
    batch: batch ?? own.batch,
    options: method.validate(options),
    chosen: options,
    source: batch === undefined || batch === own.batch ? source : `${source}; other mini-batch`,
  };
}
