import { types } from 'node:util';
import { BilevelError } from '../../errors.js';
import { type IdxArray, readIdx } from '../idx.js';
import { type NpyArray, readNpy } from '../npy.js';
import { readNpz } from '../npz.js';
import { readSafetensors } from '../safetensors.js';
import { fitScaling, isReal, type Scaling } from '../scaling.js';
import { encodeLabels, labelNames } from '../tables/labels.js';
import type { Table } from '../tables/table.js';
import { drawParts, samplesOf } from './parts.js';
import type { Dataset, DatasetFormat, DatasetOptions } from './source.js';

type Arrays = ReadonlyMap<string, NpyArray>;

const containers = /\.(npz|safetensors)$/i;
const single = /(\.npy|\.idx|-ubyte|\.idx\d-ubyte)(\.gz)?$/i;

/** The two files of a pair, or undefined. */
function pairOf(specification: string): readonly [inputs: string, labels: string] | undefined {
  const [inputs, labels, ...others] = specification.split(',').map((path) => path.trim());
  if (inputs === undefined || labels === undefined || others.length > 0) return undefined;
  return single.test(inputs) && single.test(labels) ? [inputs, labels] : undefined;
}

/** Arrays with a row for each sample: one of the samples, one of their labels. */
export const arrayFiles: DatasetFormat = {
  specifications: ['FILE.npz', 'FILE.safetensors', 'INPUTS.npy,LABELS.npy'],
  accepts: (specification) => containers.test(specification) || pairOf(specification) !== undefined,
  options: ['inputs', 'label', 'scale', 'shape', 'test', 'seed', 'like'],
  async load(name, options) {
    const pair = pairOf(name);
    if (pair !== undefined) {
      const [inputs, labels] = await Promise.all(pair.map(readArray));
      return datasetOf(name, { inputs: inputs as NpyArray, labels: labels as NpyArray }, undefined, options);
    }
    const arrays = /\.npz$/i.test(name) ? await readNpz(name) : (await readSafetensors(name)).tensors;
    const { train, test } = chooseArrays(name, arrays, options);
    return datasetOf(name, train, test, options);
  },
};

interface Pair {
  readonly inputs: NpyArray;
  readonly labels: NpyArray;
}

async function readArray(path: string): Promise<NpyArray> {
  return /\.npy(\.gz)?$/i.test(path) ? readNpy(path) : readIdx(path);
}

/** How files call samples and labels. */
const usualNames = [
  ['x', 'y'],
  ['X', 'y'],
  ['inputs', 'labels'],
  ['images', 'labels'],
  ['data', 'labels'],
  ['data', 'target'],
] as const;

/** The same for files with a part for training and one for the test. */
const usualParts = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['X_train', 'y_train', 'X_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
] as const;

/** @throws INVALID_ARGUMENT with the arrays that there are, when it is not clear which ones are meant */
function chooseArrays(source: string, arrays: Arrays, { inputs, label }: DatasetOptions): { train: Pair; test?: Pair } {
  const pairOfNames = (first: string, second: string): Pair | undefined => {
    const [samples, labels] = [arrays.get(first), arrays.get(second)];
    return samples && labels && { inputs: samples, labels };
  };
  if (inputs !== undefined && label !== undefined) {
    const given = pairOfNames(inputs, label);
    if (given !== undefined) return { train: given };
  }
  if (inputs === undefined && label === undefined) {
    for (const [x, y, testX, testY] of usualParts) {
      const [train, test] = [pairOfNames(x, y), pairOfNames(testX, testY)];
      if (train && test) return { train, test };
    }
    const known = usualNames.map(([x, y]) => pairOfNames(x, y)).find((pair) => pair !== undefined);
    if (known !== undefined) return { train: known };
  }
  const names = [...arrays.keys()].slice(0, 100).map((name) => JSON.stringify(name));
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `${source} needs the options inputs and label, the names of the arrays with the samples and with the labels; it has ` +
      `${names.join(', ') || 'no arrays'}.`,
  );
}

function datasetOf(name: string, train: Pair, test: Pair | undefined, options: DatasetOptions): Dataset {
  const { like } = options;
  if (test !== undefined && options.test !== undefined) {
    throw new BilevelError('INVALID_ARGUMENT', `${name} has a part for the test already; leave out the option test.`);
  }
  const [label, testLabel] = [train, test].map((part) => part && labelTable(name, part));
  const classes = like?.classes ?? labelNames(joined([label, testLabel]), 'label');
  const shape = options.shape ?? like?.train.inputShape;
  const read = (pair: Pair, labels: Table, partOptions: DatasetOptions, known?: Scaling) => {
    const parts = drawParts(labels.size, partOptions);
    const samples = { inputs: samplesIn(name, pair.inputs), labels: encodeLabels(labels, 'label', classes) };
    const scaled = isReal(pair.inputs);
    const scaling = known ?? (scaled ? scalingOf(samples.inputs, parts.train, options) : undefined);
    if (scaling !== undefined && !scaled) {
      throw new BilevelError(
        'INVALID_DATA',
        `${name}: the samples are integers, but those that they should be like are floats. Save both as floats.`,
      );
    }
    return { rows: parts.train, scaling, ...samplesOf(name, samples, parts, classes, shape, scaling) };
  };
  const first = read(train, label as Table, options, like?.scaling);
  const second = test && read(test, testLabel as Table, {}, first.scaling);
  return {
    name,
    classes,
    train: first.train,
    test: second?.train ?? first.test,
    ...(first.scaling && { scaling: first.scaling }),
    records: {
      columns: ['index', 'label'],
      label: 'label',
      row: (sample) => {
        const index = first.rows[sample] ?? -1;
        return [String(index), label?.columns[0]?.cells[index] ?? ''];
      },
    },
  };
}

/** That of floats, unless they are to be left as they are, or as those of another data set were. */
function scalingOf(inputs: IdxArray, rows: Int32Array, { scale, like }: DatasetOptions): Scaling | undefined {
  return scale === 'none' || like !== undefined ? undefined : fitScaling(inputs, rows);
}

/**
 * The labels as a column: numbers as their digits.
 * @throws INVALID_FILE when there is not one for each sample; INVALID_DATA
 */
function labelTable(source: string, { inputs, labels: { shape, data } }: Pair): Table {
  const [count = 0] = inputs.shape;
  const isList = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!isList || shape[0] !== count || count === 0) {
    throw new BilevelError(
      'INVALID_FILE',
      `${source}: expected one label for each of the ${count} samples, found an array [${shape.join(', ')}].`,
    );
  }
  const values: Iterable<number | bigint | string> = data;
  const cells = Array.from(values, (value, row) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return String(value);
    throw new BilevelError('INVALID_DATA', `${source}, row ${row + 1}: the label ${value} is not an integer.`);
  });
  return { source, columns: [{ name: 'label', cells }], size: count, place: (row) => `row ${row + 1}` };
}

/** One column of all labels. */
function joined(tables: readonly (Table | undefined)[]): Table {
  const cells = tables.flatMap((table) => table?.columns[0]?.cells ?? []);
  const [first] = tables as readonly [Table];
  return { ...first, columns: [{ name: 'label', cells }], size: cells.length };
}

/**
 * Bytes stay pixels, wide integers tokens; booleans and integers of 8 bits with a sign are numbers.
 * @throws INVALID_FILE, INVALID_DATA
 */
function samplesIn(source: string, { shape, data }: NpyArray): IdxArray {
  if (types.isInt8Array(data)) return { shape, data: Float32Array.from(data) };
  if (types.isUint16Array(data)) return { shape, data: Int32Array.from(data) };
  if (types.isUint32Array(data) || types.isBigUint64Array(data) || types.isBigInt64Array(data)) {
    const far = data.findIndex((value: number | bigint) => Number(value) !== (Number(value) | 0));
    if (far >= 0) {
      throw new BilevelError('INVALID_DATA', `${source}: the integer ${data[far]} goes beyond 32 bits.`);
    }
    return { shape, data: Int32Array.from(data as ArrayLike<number | bigint>, Number) };
  }
  if (ArrayBuffer.isView(data)) return { shape, data };
  throw new BilevelError('INVALID_FILE', `${source}: the samples are texts, not numbers.`);
}
