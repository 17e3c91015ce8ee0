import { types } from 'node:util';
import { BilevelError, invalidArgument } from '../errors.js';
import { elementCount, type Shape, Tensor } from '../tensor.js';
import type { IdxArray } from './idx.js';
import { checkLabels } from './labels.js';
import { isReal, type Scaling } from './scaling.js';

/**
 * Samples with labels, in the form in which they are stored: tensors are made only for the rows asked for. There may be
 * none.
 */
export class LabelledSamples {
  readonly count: number;
  /** Sizes of one sample; of an image channels, height and width. */
  readonly inputShape: Shape;
  readonly #values: IdxArray['data'];
  #given: Tensor<'int64'> | undefined;
  readonly #labels: Tensor<'int64'>;
  readonly #scaling: Scaling | undefined;

  /**
   * @param inputs images [n, height, width] or other samples [n, ...], of bytes from 0 to 255 or finite floats; or
   *   integers [n, ...] of 16 or 32 bits
   * @param labels integers from 0 to classes - 1, [n]
   * @param source name of the data for error messages
   * @param sampleShape sizes of one sample, where they are not those that are stored
   * @param scaling of floats; by default they are as they are stored
   * @throws INVALID_FILE when the arrays are not samples and their labels, INVALID_DATA for a label outside the classes
   *   or a number that is not finite, SHAPE_MISMATCH for a shape that does not have the elements of a sample
   */
  constructor(
    inputs: IdxArray,
    labels: IdxArray,
    classes: number,
    source: string,
    sampleShape?: Shape,
    scaling?: Scaling,
  ) {
    const damaged = (reason: string): BilevelError => new BilevelError('INVALID_FILE', `${source}: ${reason}.`);
    const [count = 0, ...sizes] = inputs.shape;
    const isImage = !isIntegers(inputs.data) && sizes.length > 1;
    const what = isImage ? 'image' : 'row';
    if (sizes.length === 0) {
      throw damaged(`expected images [n, height, width] or other samples [n, ...], found [${inputs.shape.join(', ')}]`);
    }
    const inputShape = sampleShape ?? (isImage && sizes.length === 2 ? [1, ...sizes] : sizes);
    if (elementCount(inputShape) !== elementCount(sizes)) {
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `${source}: a sample has ${elementCount(sizes)} numbers, but ${elementCount(inputShape)} are needed for the shape ` +
          `[${inputShape.join(', ')}].`,
      );
    }
    if (elementCount(sizes) === 0) throw damaged(`the ${what}s are empty`);
    if (labels.shape.length !== 1 || labels.shape[0] !== count) {
      throw damaged(
        `expected one label for each of the ${count} ${what}s, found an array [${labels.shape.join(', ')}]`,
      );
    }
    if (types.isFloat32Array(labels.data) || types.isFloat64Array(labels.data)) {
      throw damaged('the labels are not integers');
    }
    if (types.isInt8Array(inputs.data))
      throw damaged('the pixels are neither bytes from 0 to 255 nor floating-point numbers');
    const bad = isReal(inputs) ? inputs.data.findIndex((value) => !Number.isFinite(value)) : -1;
    if (bad >= 0) {
      const at = Math.floor(bad / elementCount(sizes));
      throw new BilevelError(
        'INVALID_DATA',
        `${source}: ${what} ${at} holds ${inputs.data[bad]}, which is not a finite number.`,
      );
    }
    this.count = count;
    this.inputShape = inputShape;
    this.#values = inputs.data;
    this.#scaling = scaling;
    this.#labels = Tensor.from(labels.data, [count], 'int64');
    checkLabels(this.#labels, classes, source);
  }

  /** The labels of all samples, int64 [count], in a tensor that is the caller's: writing there changes no sample. */
  get labels(): Tensor<'int64'> {
    this.#given ??= this.#labels.clone();
    return this.#given;
  }

  /**
   * The chosen samples in the given order: `inputs` [rows, ...], numbers as float32 (bytes are divided by 255, floats
   * scaled as the data set says) and integers as int64, and `labels` int64 [rows].
   * @param rows sample numbers; default all
   * @param options `scaled` is false for floats as they are stored
   * @throws INVALID_ARGUMENT for a row that does not exist
   */
  take(
    rows?: ArrayLike<number>,
    { scaled = true }: { readonly scaled?: boolean } = {},
  ): { inputs: SampleInputs; labels: Tensor<'int64'> } {
    const count = rows?.length ?? this.count;
    const size = elementCount(this.inputShape);
    const chosen = Int32Array.from({ length: count }, (_, index) => {
      const row = rows === undefined ? index : rows[index];
      if (row !== undefined && Number.isInteger(row) && row >= 0 && row < this.count) return row;
      throw invalidArgument(`rows[${index}]`, `an integer from 0 to ${this.count - 1}`, row);
    });
    const labels = Tensor.zeros([count], 'int64');
    for (const [index, row] of chosen.entries()) labels.data[index] = this.#labels.data[row] ?? 0n;
    const shape = [count, ...this.inputShape];
    const valueAt = (row: number, element: number): number => Number(this.#values[row * size + element]);
    if (isIntegers(this.#values)) {
      const inputs = Tensor.zeros(shape, 'int64');
      for (const [index, row] of chosen.entries()) {
        for (let element = 0; element < size; element++)
          inputs.data[index * size + element] = BigInt(valueAt(row, element));
      }
      return { inputs, labels };
    }
    const inputs = Tensor.zeros(shape);
    const bytes: Scaling = { shift: [0], unit: [types.isUint8Array(this.#values) ? 255 : 1] };
    const { shift, unit } = (scaled ? this.#scaling : undefined) ?? bytes;
    const alike = shift.length === 1;
    for (const [index, row] of chosen.entries()) {
      for (let element = 0; element < size; element++) {
        const column = alike ? 0 : element;
        inputs.data[index * size + element] = (valueAt(row, element) - (shift[column] ?? 0)) / (unit[column] ?? 1);
      }
    }
    return { inputs, labels };
  }
}

/** Rows of an array, in the given order, in memory of their own. */
export function rowsOf({ shape: [, ...sizes], data }: IdxArray, rows: Int32Array): IdxArray {
  const size = elementCount(sizes);
  const taken = data.slice(0, rows.length * size);
  for (const [index, row] of rows.entries()) taken.set(data.subarray(row * size, (row + 1) * size), index * size);
  return { shape: [rows.length, ...sizes], data: taken };
}

/** Inputs of samples, [n, ...]: real numbers, or integers such as tokens. */
export type SampleInputs = Tensor<'float32'> | Tensor<'int64'>;

/** Bytes are pixels. */
function isIntegers(values: IdxArray['data']): boolean {
  return types.isInt16Array(values) || types.isInt32Array(values);
}
