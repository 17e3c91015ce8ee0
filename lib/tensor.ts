import { types } from 'node:util';
import { BilevelError, invalidArgument } from './errors.js';

/** Element types of tensors. bool is stored as one byte, 0 or 1. */
export type DType = 'float32' | 'int32' | 'int64' | 'bool';
/** Lengths of the axes of a tensor; a scalar has none. */
export type Shape = readonly number[];

/** What is known of a tensor beside its elements. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The typed array that stores each dtype, always over fixed-length shared memory. */
export interface TensorArrays {
  float32: Float32Array<SharedArrayBuffer>;
  int32: Int32Array<SharedArrayBuffer>;
  int64: BigInt64Array<SharedArrayBuffer>;
  bool: Uint8Array<SharedArrayBuffer>;
}

const arrayClasses: { readonly [D in DType]: new (buffer: SharedArrayBuffer) => TensorArrays[D] } = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
};

/** Bytes of one element. */
export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int32: 4, int64: 8, bool: 1 };

/** What a dtype holds exactly. A real is rounded to float32. */
const ranges: {
  readonly [D in DType]: { readonly expected: string; holds(value: number | bigint): boolean };
} = {
  float32: { expected: 'a number', holds: () => true },
  int32: {
    expected: 'an integer from -2^31 to 2^31 - 1',
    holds: (value) => Number(value) === (Number(value) | 0),
  },
  int64: {
    expected: 'a bigint of 64 bits, or an integer up to 2^53',
    holds: (value) => (typeof value === 'bigint' ? value === BigInt.asIntN(64, value) : Number.isSafeInteger(value)),
  },
  bool: { expected: '0 or 1', holds: (value) => Number(value) === 0 || Number(value) === 1 },
};

/** Product of the dimensions; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Strides of a dense row-major array, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** `float32[200, 10]`, as shown in messages and listings. */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(', ')}]`;
}

/** The index along each axis of a row-major position. */
export function unravel(position: number, shape: Shape): number[] {
  const index: number[] = [];
  for (const size of shape.toReversed()) {
    index.unshift(position % size);
    position = Math.floor(position / size);
  }
  return index;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export function checkShape(shape: Shape, parameter = 'shape'): void {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw invalidArgument(parameter, 'an array of non-negative integers', shape);
  }
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw new BilevelError('LIMIT_EXCEEDED', `The shape [${shape.join(', ')}] has more elements than can be counted.`);
  }
}

export function checkDType(dtype: DType, parameter = 'dtype'): void {
  if (typeof dtype === 'string' && Object.hasOwn(arrayClasses, dtype)) return;
  throw invalidArgument(parameter, `one of ${Object.keys(arrayClasses).join(', ')}`, dtype);
}

type Values = ArrayLike<number | bigint>;

/** The dtype of values when none is asked for: int32 for an Int32Array, int64 for bigints, else float32. */
export function dtypeOf(values: ArrayLike<unknown>): DType {
  if (types.isInt32Array(values)) return 'int32';
  return types.isBigInt64Array(values) || typeof values[0] === 'bigint' ? 'int64' : 'float32';
}

/** Whether the class of the values says that the dtype holds each of them: they are copied many times as fast. */
function holdsAll(dtype: DType, values: unknown): boolean {
  switch (dtype) {
    case 'float32':
      return types.isFloat32Array(values) || types.isFloat64Array(values);
    case 'int32':
      return types.isInt32Array(values);
    case 'int64':
      return types.isBigInt64Array(values);
    case 'bool':
      return false;
  }
}

function checkValues(values: unknown): void {
  if (Array.isArray(values) || (ArrayBuffer.isView(values) && 'length' in values)) return;
  throw invalidArgument('values', 'an array or typed array of numbers', values);
}

/**
 * So many bytes of shared memory of a fixed length, all zero.
 * @throws DEVICE_UNAVAILABLE in a context without shared memory; RangeError when there cannot be so much
 */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new BilevelError(
      'DEVICE_UNAVAILABLE',
      'Tensors live in shared memory, but this JavaScript context has no SharedArrayBuffer. Node.js always has it; in ' +
        'Electron use bilevel in the main process, a utility process or a worker_threads Worker, where it is there. A page or ' +
        'its preload script has it only if the page is isolated from other origins (the headers ' +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp) or the app was started ' +
        "with app.commandLine.appendSwitch('enable-features', 'SharedArrayBuffer').",
    );
  }
  return new SharedArrayBuffer(bytes);
}

/** Memory that can be neither moved nor resized while native code works on it. */
function isFixedSharedMemory(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && types.isSharedArrayBuffer(buffer) && !buffer.growable;
}

/**
 * A dense row-major array in shared memory. Its `data` view is bound by programs without a copy, so what a run writes
 * is seen here as soon as the run's promise resolves.
 */
export class Tensor<D extends DType = DType> implements TensorType {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: TensorArrays[D];

  private constructor(dtype: D, shape: Shape, data: TensorArrays[D]) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * A new tensor of zeros.
   * @throws INVALID_ARGUMENT; LIMIT_EXCEEDED when there cannot be so much memory; DEVICE_UNAVAILABLE where JavaScript
   *   has none to share
   */
  static zeros<D extends DType = 'float32'>(shape: Shape, dtype: D = 'float32' as D): Tensor<D> {
    checkShape(shape);
    checkDType(dtype);
    const bytes = elementCount(shape) * bytesPerElement[dtype];
    try {
      return new Tensor(dtype, Object.freeze([...shape]), new arrayClasses[dtype](sharedMemory(bytes)));
    } catch (cause) {
      if (cause instanceof BilevelError) throw cause;
      const type = formatType({ dtype, shape });
      throw new BilevelError('LIMIT_EXCEEDED', `There is no memory for the ${bytes} bytes of ${type}.`, { cause });
    }
  }

  /**
   * A new tensor holding a copy of `values` in row-major order; of shape [values.length] by default. The dtype is that
   * of the values unless one is asked for: int32 for an Int32Array, int64 for a BigInt64Array or bigints, else float32.
   * @throws INVALID_ARGUMENT naming the value that the dtype does not hold; SHAPE_MISMATCH when there are too many or
   *   few
   */
  static from(values: Int32Array, shape?: Shape): Tensor<'int32'>;
  static from(values: ArrayLike<number>, shape?: Shape): Tensor<'float32'>;
  static from(values: ArrayLike<bigint>, shape?: Shape): Tensor<'int64'>;
  static from<D extends DType>(values: Values, shape: Shape | undefined, dtype: D): Tensor<D>;
  static from(values: Values, shape?: Shape, dtype?: DType): Tensor {
    checkValues(values);
    const tensor: Tensor = Tensor.zeros(shape ?? [values.length], dtype ?? dtypeOf(values));
    if (values.length !== tensor.size) {
      const moved = ArrayBuffer.isView(values) && values.buffer.byteLength === 0;
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `Expected ${tensor.size} values for a tensor of shape [${tensor.shape.join(', ')}] but received ` +
          `${values.length}${moved ? ', whose memory is empty or was transferred' : ''}.`,
      );
    }
    if (holdsAll(tensor.dtype, values)) {
      (tensor.data as { set(values: Values): void }).set(values);
      return tensor;
    }
    const { expected, holds } = ranges[tensor.dtype];
    const convert: (value: number | bigint) => number | bigint = tensor.dtype === 'int64' ? BigInt : Number;
    const target = tensor.data as { [index: number]: number | bigint };
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if ((typeof value !== 'number' && typeof value !== 'bigint') || !holds(value)) {
        const hint = Array.isArray(value) ? ' (all elements in one list, row by row, and the shape beside it)' : '';
        throw invalidArgument(`values[${index}] of a ${tensor.dtype} tensor`, `${expected}${hint}`, value);
      }
      target[index] = convert(value);
    }
    return tensor;
  }

  /**
   * A tensor over memory that exists, without a copy: what is written there, by this thread or another one, is seen by
   * the tensor and by runs that read it, and what runs write is seen there. Nobody else may write while a run uses it.
   * @param data over a SharedArrayBuffer of fixed length, of which it may be a part: a Float32Array becomes float32, an
   *   Int32Array int32, a BigInt64Array int64, a Uint8Array of 0 and 1 bool
   * @param shape [data.length] by default
   * @throws INVALID_ARGUMENT for other arrays and memory, and for a Uint8Array with other values; SHAPE_MISMATCH when
   *   there are too many or few elements
   */
  static over(data: TensorArrays['float32'], shape?: Shape): Tensor<'float32'>;
  static over(data: TensorArrays['int32'], shape?: Shape): Tensor<'int32'>;
  static over(data: TensorArrays['int64'], shape?: Shape): Tensor<'int64'>;
  static over(data: TensorArrays['bool'], shape?: Shape): Tensor<'bool'>;
  static over(data: TensorArrays[DType], shape: Shape = [data?.length]): Tensor {
    // The class may be that of another realm, but has the same name there.
    const named = ArrayBuffer.isView(data) ? data[Symbol.toStringTag] : undefined;
    const known = (Object.keys(arrayClasses) as DType[]).find((dtype) => arrayClasses[dtype].name === named);
    if (known === undefined || !isFixedSharedMemory(data.buffer)) {
      const expected =
        'a Float32Array, Int32Array, BigInt64Array or Uint8Array over a SharedArrayBuffer of fixed length';
      throw invalidArgument('data of Tensor.over', expected, data);
    }
    checkShape(shape);
    if (elementCount(shape) !== data.length) {
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `Expected ${elementCount(shape)} elements for a tensor of shape [${shape.join(', ')}] but received ${data.length}.`,
      );
    }
    const bad = known === 'bool' ? (data as Uint8Array).findIndex((value) => value > 1) : -1;
    if (bad >= 0) throw invalidArgument(`data[${bad}] of a bool tensor`, ranges.bool.expected, data[bad]);
    return new Tensor<DType>(known, Object.freeze([...shape]), data);
  }

  /** A float32 scalar. */
  static scalar(value: number): Tensor<'float32'> {
    return Tensor.from([value], []);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** An independent copy. */
  clone(): Tensor<D> {
    const copy = Tensor.zeros(this.shape, this.dtype);
    copy.copyFrom(this);
    return copy;
  }

  /** Overwrites all elements with those of `source`, which must have the same dtype and size. */
  copyFrom(source: Tensor<D>): void {
    if (!(source instanceof Tensor)) throw invalidArgument('source', 'a Tensor', source);
    if (source.dtype !== this.dtype || !sameShape(source.shape, this.shape)) {
      throw new BilevelError('SHAPE_MISMATCH', `Cannot copy ${formatType(source)} into ${formatType(this)}.`);
    }
    (this.data as { set(values: unknown): void }).set(source.data);
  }

  /** The elements as JavaScript numbers, in row-major order. */
  toArray(): number[] {
    const { data } = this;
    const values = new Array<number>(data.length);
    // A loop takes a tenth of the time of Array.from, which asks typed arrays for an iterator.
    for (let index = 0; index < data.length; index++) values[index] = Number(data[index]);
    return values;
  }

  /** The only element of a tensor of size 1. */
  item(): number {
    if (this.size !== 1) throw invalidArgument('tensor', 'a tensor with one element', this.shape);
    return Number(this.data[0]);
  }
}
