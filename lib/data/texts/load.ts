import { checkKeys, checkRecord, invalidArgument } from '../../errors.js';
import { drawParts } from '../sources/parts.js';
import { readTextFolder } from './text-folder.js';
import { readTextTable } from './text-table.js';

/** Texts with their labels. */
export interface LabelledTexts {
  readonly texts: readonly string[];
  /** Numbers of their classes, from 0 on. */
  readonly labels: Int32Array;
}

/** Texts in two parts, of the same classes. */
export interface TextDataset {
  /** The specification it was loaded by. */
  readonly name: string;
  /** Names of the classes; label i is `classes[i]`. */
  readonly classes: readonly string[];
  readonly train: LabelledTexts;
  /** Texts kept apart for the test, of which there may be none. */
  readonly test: LabelledTexts;
}

/** Options of {@link loadTexts}. */
export interface TextOptions {
  /** Of a table the column with the texts, which has to be given. */
  readonly text?: string | undefined;
  /** Of a table the column with the labels, which has to be given. */
  readonly label?: string | undefined;
  /** Of a file of separated values whose first line is a text already the names of its columns. */
  readonly columns?: readonly string[] | undefined;
  /** Of a folder: `strip` leaves out what stands before the first empty line of each text; `keep` by default. */
  readonly headers?: 'keep' | 'strip' | undefined;
  /** Share of the texts that is drawn for the test, from 0, the default, to below 1. The others keep their order. */
  readonly test?: number | undefined;
  /** Seed of that draw: an integer from 0 to 2^53 - 1; 0 by default. */
  readonly seed?: number | undefined;
}

const prefix = 'text:';
const tables = /\.(csv|tsv|txt|parquet)(\.gz)?$/i;

/** What {@link loadTexts} takes, as messages and help texts say it. */
export const textSpecifications = `${prefix}DIR, or a table FILE.csv, .tsv or .parquet with the option text`;

/** Whether {@link loadTexts} takes it: a folder of texts, or a table of which a column of texts is named. */
export const isTexts = (specification: string, text?: string): boolean =>
  (specification.startsWith(prefix) && specification.length > prefix.length) ||
  (text !== undefined && tables.test(specification));

/**
 * Loads texts and labels: `text:DIR`, a folder with a folder for each class, named as the class, with a file for each
 * text (the layout of 20 Newsgroups); or a table with a column of texts and one of labels.
 * @throws INVALID_ARGUMENT for what is none of these, and for an option that has to be given or is out of range;
 *   UNKNOWN_OPTION for one that it does not take; NOT_FOUND, IO_ERROR, INVALID_FILE, LIMIT_EXCEEDED and INVALID_DATA
 *   naming file, row and column
 */
export async function loadTexts(specification: string, options: TextOptions = {}): Promise<TextDataset> {
  checkRecord(options, 'the options of loadTexts');
  const { text, label, columns, headers, test = 0, seed = 0 } = options;
  if (typeof specification !== 'string' || !isTexts(specification, text)) {
    throw invalidArgument('the texts', textSpecifications, specification);
  }
  const isFolder = specification.startsWith(prefix);
  const known = isFolder ? ['headers'] : ['text', 'label', 'columns'];
  checkKeys(options, [...known, 'test', 'seed'], `the texts ${specification}`);
  const check = (name: keyof TextOptions, holds: boolean, expected: string): void => {
    if (options[name] !== undefined && !holds) throw invalidArgument(`the option ${name}`, expected, options[name]);
  };
  check('headers', headers === 'keep' || headers === 'strip', '"keep" or "strip"');
  check('test', Number.isFinite(test) && test >= 0 && test < 1, 'a share from 0 to below 1');
  check('seed', Number.isSafeInteger(seed) && seed >= 0, 'an integer from 0 to 2^53 - 1');
  const { texts, labels, classes } = isFolder
    ? await readTextFolder(specification.slice(prefix.length), headers === 'strip')
    : await readTextTable(specification, { text: text ?? '', label, columns });
  const parts = drawParts(texts.length, { test, seed });
  const part = (rows: Int32Array): LabelledTexts => ({
    texts: Array.from(rows, (row) => texts[row] ?? ''),
    labels: rows.map((row) => labels[row] ?? 0),
  });
  return { name: specification, classes, train: part(parts.train), test: part(parts.test) };
}
