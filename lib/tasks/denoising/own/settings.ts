import { datasetFiles, loadDataset } from '../../../data/dataset.js';
import { parseSizes } from '../../../data/sizes.js';
import type { Dataset, DatasetOptions } from '../../../data/sources/source.js';
import { BilevelError } from '../../../errors.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../../options.js';
import { parseAugmentation } from '../augmentation.js';
import { ownOptions } from '../settings.js';

/** How a data set of one's own is read. */
export const readingOptions = {
  label: { kind: 'text', default: '', text: 'Column of a table, or array of a file, with the labels.' },
  inputs: { kind: 'text', default: '', text: 'Array of a file with the samples, where its name does not tell.' },
  ignore: { kind: 'text', default: '', text: 'Columns of a table to leave out, with commas between them.' },
  categories: { kind: 'text', default: '', text: 'Columns whose numbers are names, with commas between them.' },
  missing: {
    kind: 'choice',
    values: ['error', 'impute'],
    default: 'error',
    text: 'What is done where a table has nothing.',
  },
  scale: {
    kind: 'choice',
    values: ['standard', 'none'],
    default: 'standard',
    text: 'Gives the columns of a table or of an array of floats mean 0 and deviation 1, images of floats as a whole, or leaves them.',
  },
  shape: {
    kind: 'text',
    default: '',
    text: 'Sizes of a sample, such as 1,28,28: what images are scaled to, and other data taken as.',
  },
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
  const own = Object.fromEntries(asked) as GivenOptions<typeof ownDataOptions>;
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

/**
 * What was given of {@link readingOptions}, as loadDataset takes it. @throws INVALID_ARGUMENT for a shape that is none
 */
export function datasetOptions(settings: Options<typeof readingOptions>): DatasetOptions {
  const { label, inputs, ignore, categories, missing, scale, shape } = settings;
  const names = (text: string): string[] => text.split(',').map((name) => name.trim());
  return {
    ...(label !== '' && { label }),
    ...(inputs !== '' && { inputs }),
    ...(ignore !== '' && { ignore: names(ignore) }),
    ...(categories !== '' && { categories: names(categories) }),
    ...(missing === 'impute' && { missing }),
    ...(scale === 'none' && { scale }),
    ...(shape !== '' && { shape: parseSizes(shape) }),
  };
}
