import { checkKeys, checkRecord, invalidArgument } from '../errors.js';
import { checkShape } from '../tensor.js';
import { distributed, formats, sources } from './sources/index.js';
import type { Dataset, DatasetOptions } from './sources/source.js';

const list = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const names = sources.map(({ name }) => name);

/** What {@link loadDataset} takes, as messages and help texts say it. */
export const datasetSpecifications = list([...names, ...formats.flatMap((format) => format.specifications)]);

/** The data sets of {@link isForExperiments}, in the same way. */
export const experimentSpecifications = list([...names, ...distributed.flatMap((format) => format.specifications)]);

/** Whether {@link loadDataset} takes it, as far as its name tells. */
export const isDataset = (specification: string): boolean =>
  names.includes(specification) || formats.some((format) => format.accepts(specification));

/** Paths that a specification names, where it names files: those of the data set, which may hold it whole or a part. */
export const datasetFiles = (specification: string): string[] => [
  ...new Set([specification, ...specification.split(',')].map((path) => path.trim())),
];

/**
 * Whether a data set is one to experiment with, known by name or in the files that it is distributed in, and not the
 * reader's own.
 */
export const isForExperiments = (specification: string): boolean =>
  names.includes(specification) || distributed.some((format) => format.accepts(specification));

/**
 * Refuses data of readers' own where an experiment draws samples, makes wrong labels and judges by a test part.
 * @throws INVALID_ARGUMENT
 */
export function checkForExperiments(specification: string): void {
  if (isForExperiments(specification)) return;
  throw invalidArgument('the option data of an experiment', experimentSpecifications, specification);
}

/**
 * Loads samples and labels: `loadDataset('mnist')`, `loadDataset('flowers.csv', { label: 'species' })`.
 * @param specification the name of a source, `mnist`, `fashion-mnist` or `cifar10`; or data of your own: a table
 *   FILE.csv, .tsv or .parquet with a row for each sample; `folder:DIR`, a folder of images for each class; arrays in
 *   INPUTS.npy,LABELS.npy, FILE.npz, FILE.safetensors or a pair of IDX files; `idx:DIR`, a folder of four IDX files as
 *   MNIST has them, `svhn:DIR`, one of the two MATLAB files of SVHN's cropped digits, and `omniglot:DIR`, one of the
 *   drawings of Omniglot
 * @throws INVALID_ARGUMENT for what is none of these, and for an option that has to be given or is out of range;
 *   UNKNOWN_OPTION for one that the format does not take; NOT_FOUND, IO_ERROR, INVALID_FILE, LIMIT_EXCEEDED and
 *   INVALID_DATA naming file, row and column
 */
export async function loadDataset(specification: string, options: DatasetOptions = {}): Promise<Dataset> {
  if (typeof specification !== 'string') throw invalidArgument('the data set', datasetSpecifications, specification);
  checkRecord(options, 'the options of loadDataset');
  const source = sources.find(({ name }) => name === specification);
  const format = formats.find((each) => each.accepts(specification));
  checkKeys(options, source ? [] : (format?.options ?? Object.keys(options)), `the data set ${specification}`);
  if (source !== undefined) return source.load();
  if (format === undefined) throw invalidArgument('data', datasetSpecifications, specification);
  checkOptions(options);
  return format.load(specification, options);
}

/** @throws INVALID_ARGUMENT for an option of a wrong type or out of range */
function checkOptions(options: DatasetOptions): void {
  const { label, inputs, ignore, categories, missing, scale, shape, test, seed, like } = options;
  const check = (name: keyof DatasetOptions, holds: boolean, expected: string): void => {
    if (options[name] !== undefined && !holds) throw invalidArgument(`the option ${name}`, expected, options[name]);
  };
  const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');
  check('label', typeof label === 'string', 'the name of a column or array');
  check('inputs', typeof inputs === 'string', 'the name of an array');
  check('ignore', isNames(ignore), 'a list of names of columns');
  check('categories', isNames(categories), 'a list of names of columns');
  check('missing', missing === 'error' || missing === 'impute', '"error" or "impute"');
  check('scale', scale === 'standard' || scale === 'none', '"standard" or "none"');
  if (shape !== undefined) checkShape(shape, 'the option shape');
  check('shape', shape?.every((size) => size > 0) === true, 'sizes above 0');
  check('test', Number.isFinite(test) && Number(test) >= 0 && Number(test) < 1, 'a share from 0 to below 1');
  check('seed', Number.isSafeInteger(seed) && Number(seed) >= 0, 'an integer from 0 to 2^53 - 1');
  check('like', typeof like === 'object' && like !== null && 'train' in like, 'a data set from loadDataset');
  if (like !== undefined && (ignore ?? categories ?? missing ?? scale ?? test) !== undefined) {
    throw invalidArgument(
      'the options beside like',
      'neither ignore, categories, missing, scale nor test, which are those of that data set',
      options,
    );
  }
}
