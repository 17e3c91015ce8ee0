import { datasetFiles, loadDataset } from '../../../data/dataset.js';
import type { Dataset } from '../../../data/sources/source.js';
import { BilevelError } from '../../../errors.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../../options.js';
import { datasetOptions, formatOptions } from '../../reading.js';
import { parseAugmentation } from '../augmentation.js';
import { ownOptions } from '../settings.js';

/** How a data set of one's own is read, and what is known of its labels. */
export const readingOptions = {
  ...formatOptions,
  clean: {
    kind: 'text',
    default: '',
    text: 'Data set of the same form whose labels are known to be right; there need be none.',
  },
  decisions: {
    kind: 'text',
    default: '',
    text: 'What bilevel review has written: labels that were kept or fixed count as right, and dropped samples as nothing.',
  },
} as const satisfies OptionTable;

const { data, network, output, seed, batch, trainSteps, trainLearningRate, augment } = ownOptions;

/** Options of cleaning a data set of one's own. */
const ownDataOptions = {
  data,
  network,
  output,
  seed,
  batch,
  trainSteps,
  trainLearningRate,
  augment,
  ...readingOptions,
} as const;

export type OwnDataSettings = Options<typeof ownDataOptions>;

/** How labels are cleaned, by the names of the flags of `bilevel denoise`. */
export type GivenOwnDataSettings = GivenOptions<typeof ownDataOptions>;

/**
 * @throws INVALID_ARGUMENT for an option of the experiments, which make wrong labels themselves, and for an
 *   augmentation that is none
 */
export function validateOwnData(given: Readonly<Record<string, unknown>>): OwnDataSettings {
  // What the command line can only turn off is on without being asked for.
  const asked = Object.entries(given).filter(([, value]) => value !== undefined && value !== true);
  const other = asked.map(([name]) => name).find((name) => !Object.hasOwn(ownDataOptions, name));
  if (other !== undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The option ${other} has no use for data of your own, which have their own wrong labels: all rows are judged, by cross-fitting. ` +
        `Leave it out. These have: ${Object.keys(ownDataOptions).join(', ')}.`,
    );
  }
  const own = Object.fromEntries(asked) as GivenOwnDataSettings;
  const settings = validateOptions(ownDataOptions, own, 'denoise');
  parseAugmentation(settings.augment);
  return settings;
}

/** The data set, and another one of right labels where it is asked for. @throws what loadDataset throws */
export async function loadOwnData(
  settings: OwnDataSettings,
): Promise<{ readonly doubtful: Dataset; readonly clean?: Dataset }> {
  const doubtful = await loadDataset(settings.data, datasetOptions(settings));
  if (settings.clean === '') return { doubtful };
  const { label, inputs } = datasetOptions(settings);
  const names = { ...(label && { label }), ...(inputs && { inputs }) };
  return { doubtful, clean: await loadDataset(settings.clean, { ...names, like: doubtful }) };
}

/** Paths of what is read, where they are those of files. */
export const filesOf = ({ data, clean, decisions }: OwnDataSettings): string[] =>
  [...datasetFiles(data), ...datasetFiles(clean), decisions].filter((path) => path !== '');
