import { BilevelError, invalidArgument } from './errors.js';

/** Element types of tensors. bool is stored as one byte, 0 or 1. */
export type DType = 'float32' | 'int32' | 'int64' | 'bool';
export type Shape = readonly number[];

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

/** Product of the dimensions; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** `float32[200, 10]`, as shown in messages and listings. */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${type.shape.join(', ')}]`;
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

  /** A new tensor of zeros. */
  static zeros<D extends DType = 'float32'>(shape: Shape, dtype: D = 'float32' as D): Tensor<D> {
    checkShape(shape);
    const buffer = new SharedArrayBuffer(elementCount(shape) * bytesPerElement[dtype]);
    return new Tensor(dtype, Object.freeze([...shape]), new arrayClasses[dtype](buffer));
  }

  /** A new tensor holding a copy of `values` in row-major order. */
  static from<D extends DType = 'float32'>(
    values: ArrayLike<number> | ArrayLike<bigint>,
    shape: Shape = [values.length],
    dtype: D = 'float32' as D,
  ): Tensor<D> {
    const tensor = Tensor.zeros(shape, dtype);
    if (values.length !== tensor.size) {
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `Expected ${tensor.size} values for a tensor of shape [${shape.join(', ')}] but received ${values.length}.`,
      );
    }
    const target = tensor.data as { [index: number]: number | bigint };
    const convert: (value: number | bigint) => number | bigint =
      dtype === 'int64' ? (value) => BigInt(value) : (value) => Number(value);
    for (let index = 0; index < values.length; index++) target[index] = convert(values[index] as number | bigint);
    return tensor;
  }

  /** A float32 scalar. */
  static scalar(value: number): Tensor<'float32'> {
    return Tensor.from([value], []);
  }

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
    if (source.dtype !== this.dtype || !sameShape(source.shape, this.shape)) {
      throw new BilevelError('SHAPE_MISMATCH', `Cannot copy ${formatType(source)} into ${formatType(this)}.`);
    }
    (this.data as { set(values: unknown): void }).set(source.data);
  }

  /** The elements as JavaScript numbers, in row-major order. */
  toArray(): number[] {
    return Array.from(this.data as ArrayLike<number | bigint>, Number);
  }

  /** The only element of a tensor of size 1. */
  item(): number {
    if (this.size !== 1) throw invalidArgument('tensor', 'a tensor with one element', this.shape);
    return Number(this.data[0]);
  }
}
