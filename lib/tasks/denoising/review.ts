import { join } from 'node:path';
import { loadDataset } from '../../data/dataset.js';
import { readBytes } from '../../data/files.js';
import type { Dataset } from '../../data/sources/source.js';
import { readCsv } from '../../data/tables/csv-table.js';
import type { Table } from '../../data/tables/table.js';
import { BilevelError, isRecord } from '../../errors.js';
import { validateOptions } from '../../options.js';
import { imageDataUri } from '../../report/gallery.js';
import type { Decisions, Review, ReviewSample } from '../../review/index.js';
import { parseRecord } from '../../study/record.js';
import { holdsRun } from '../../study/run-files.js';
import { datasetOptions } from '../reading.js';
import { readingOptions } from './own/settings.js';

export interface ReviewOptions {
  /** Samples that weigh less are put before the reader. */
  readonly below: number;
  /** Most of them, the lightest. */
  readonly count: number;
  /** What was decided before: these samples come last. */
  readonly decided?: Decisions;
}

/** A run that has ended: its data set, and what it says of each sample. */
export interface EndedRun {
  /** What the data were asked for by. */
  readonly data: string;
  readonly dataset: Dataset;
  readonly samples: readonly ReviewSample[];
}

/**
 * Reads the folder of a denoising run that has ended.
 * @throws NOT_FOUND when the folder holds no run, or one that has not ended; INVALID_FILE; what loadDataset throws
 */
export async function readEndedRun(folder: string): Promise<EndedRun> {
  if (!holdsRun(folder)) {
    throw new BilevelError(
      'NOT_FOUND',
      `${folder} holds no run of bilevel denoise. Of several seeds each has a folder.`,
    );
  }
  const path = join(folder, 'config.json');
  const { task } = parseRecord(new TextDecoder().decode(await readBytes(path)), path);
  if (!isRecord(task) || typeof task.data !== 'string') {
    throw new BilevelError('INVALID_FILE', `${path} is not the configuration of a run of bilevel denoise.`);
  }
  const { data } = task;
  const importance = await readCsv(join(folder, 'importance.csv')).catch((cause: unknown) => {
    if (!(cause instanceof BilevelError && cause.code === 'NOT_FOUND')) throw cause;
    const message = `${folder} holds no weights: the run has not ended. Go on with it by --resume.`;
    throw new BilevelError('NOT_FOUND', message, { cause });
  });
  const dataset = await loadDataset(data, datasetOptions(readingOf(task)));
  const samples = samplesOf(importance);
  for (const { index, given, suggested } of samples) {
    if (index < dataset.train.count && Math.max(given, suggested) < dataset.classes.length) continue;
    throw new BilevelError('INVALID_FILE', `${folder} tells of samples or classes that ${data} does not have.`);
  }
  return { data, dataset, samples };
}

/** What there is to review in a run: its suspicious samples, lightest first, and at last those that are decided. */
export function reviewIn(
  { data, dataset, samples }: EndedRun,
  { below, count, decided = new Map() }: ReviewOptions,
): Review {
  const chosen = samples
    .filter(({ weight }) => weight < below)
    .sort(
      (a, b) => Number(decided.has(a.index)) - Number(decided.has(b.index)) || a.weight - b.weight || a.index - b.index,
    )
    .slice(0, count);
  const named = chosen.map((sample) => {
    const name = dataset.records?.name?.(sample.index);
    return name === undefined ? sample : { ...sample, name };
  });
  return { title: `Review of ${data}`, classes: dataset.classes, samples: named, show: showerOf(dataset) };
}

/** {@link reviewIn} of the run in a folder. @throws what readEndedRun throws */
export async function reviewOf(folder: string, options: ReviewOptions): Promise<Review> {
  return reviewIn(await readEndedRun(folder), options);
}

/** How the run read data of its owner's. @throws INVALID_ARGUMENT for what is no value of an option */
function readingOf(task: Readonly<Record<string, unknown>>) {
  const names = Object.keys(readingOptions);
  const given = Object.fromEntries(Object.entries(task).filter(([name]) => names.includes(name)));
  return validateOptions(readingOptions, given, 'denoise');
}

function samplesOf({ source, columns, size, place }: Table): ReviewSample[] {
  const cells = new Map(columns.map((column) => [column.name, column.cells]));
  const number = (column: string, row: number): number => {
    const value = Number(cells.get(column)?.[row] || Number.NaN);
    if (value >= 0 && (column === 'weight' || Number.isSafeInteger(value))) return value;
    throw new BilevelError('INVALID_FILE', `${source}, ${place(row)}: expected a number in the column ${column}.`);
  };
  return Array.from({ length: size }, (_, row) => ({
    index: number('index', row),
    given: number('given_label', row),
    suggested: number('predicted_label', row),
    weight: number('weight', row),
  }));
}

/** A sample as its owner knows it: its picture, the row of a table that it came from, or its numbers. */
function showerOf({ train, records, encoding }: Dataset): Review['show'] {
  return (index) => {
    const { inputs } = train.take([index], { scaled: false });
    if (inputs.shape.length === 4 && inputs.dtype === 'float32') return imageDataUri(inputs, 0);
    if (records !== undefined && encoding !== undefined) {
      return records.row(index).map((cell, column) => [records.columns[column] ?? '', cell] as const);
    }
    return Array.from(
      inputs.data as ArrayLike<number | bigint>,
      (value, position) => [String(position), String(value)] as const,
    );
  };
}
