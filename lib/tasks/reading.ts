import { parseSizes } from '../data/sizes.js';
import type { DatasetOptions } from '../data/sources/source.js';
import type { TextOptions } from '../data/texts/load.js';
import type { Options, OptionTable } from '../options.js';

/** How a data set of one's own is read. */
export const formatOptions = {
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
} as const satisfies OptionTable;

/**
 * What was given of {@link formatOptions}, as loadDataset takes it. @throws INVALID_ARGUMENT for a shape that is none
 */
export function datasetOptions(settings: Options<typeof formatOptions>): DatasetOptions {
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

/** How texts of one's own are read. */
export const textFormatOptions = {
  text: { kind: 'text', default: '', text: 'Column of a table with texts, of whose words the inputs are made.' },
  columns: {
    kind: 'text',
    default: '',
    text: 'Names of the columns of such a table, with commas between them, where its first line is a text already.',
  },
  headers: {
    kind: 'choice',
    values: ['keep', 'strip'],
    default: 'keep',
    text: 'What is done with the lines before the first empty one of each text of a folder.',
  },
  minDf: { kind: 'integer', min: 1, default: 1, text: 'Training texts that a word has to be in to be an input.' },
} as const satisfies OptionTable;

/** What was given of {@link textFormatOptions} and of the split, as loadTexts takes it. */
export function textOptions({
  text,
  label,
  columns,
  headers,
  test,
  seed,
}: Options<typeof textFormatOptions> & {
  readonly label: string;
  readonly test: number;
  readonly seed: number;
}): TextOptions {
  return {
    ...(text !== '' && { text }),
    ...(label !== '' && { label }),
    ...(columns !== '' && { columns: columns.split(',').map((name) => name.trim()) }),
    ...(headers === 'strip' && { headers }),
    test,
    seed,
  };
}
