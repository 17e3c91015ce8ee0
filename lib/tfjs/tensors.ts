import { types } from 'node:util';
import { BilevelError, checkRecord, describe, invalidArgument, isRecord } from '../errors.js';
import { type DType, formatType, Tensor } from '../tensor.js';
import type { TfModule, TfTensor, TfValues } from './types.js';

const dtypes: readonly string[] = ['float32', 'int32', 'bool'];

/**
 * A tf.Tensor as a Tensor. The elements are copied, but for those that lie in shared memory, which both then have: of
 * a tensor made by {@link toTf} on the backend cpu. Its `dataSync` is called, which on tfjs-node copies once more.
 * @throws INVALID_ARGUMENT for what is no tensor, and for the dtypes complex64 and string; DISPOSED
 */
export function fromTf(tensor: TfTensor): Tensor<'float32' | 'int32' | 'bool'> {
  checkTfTensor(tensor, 'tensor');
  const values = tensor.dataSync();
  if (!types.isFloat32Array(values) && !types.isInt32Array(values) && !types.isUint8Array(values)) {
    throw invalidArgument('what dataSync gives', 'a Float32Array, an Int32Array or a Uint8Array', values);
  }
  const shape = [...tensor.shape];
  if (types.isSharedArrayBuffer(values.buffer) && !values.buffer.growable) {
    return Tensor.over(values as Float32Array<SharedArrayBuffer>, shape);
  }
  return Tensor.from(values, shape, tensor.dtype as 'float32' | 'int32' | 'bool');
}

/**
 * A Tensor as a tf.Tensor of the current backend of `tf`. On the backend cpu the memory is the same one, so what a run
 * writes there later is seen by the tf.Tensor: give it `tensor.clone()` where it is to stay as it is. On tfjs-node that
 * holds until an operation first takes the tf.Tensor, which copies it; other backends copy at once. int64 becomes
 * int32, the only integers of tfjs.
 * @throws INVALID_ARGUMENT for what is no Tensor; INVALID_DATA for an integer beyond 32 bits
 */
export function toTf<T extends TfTensor>(tf: TfModule<T>, tensor: Tensor): T {
  if (!isRecord(tf) || typeof tf.tensor !== 'function') {
    throw invalidArgument('tf', "the module of TensorFlow.js, import * as tf from '@tensorflow/tfjs'", tf);
  }
  if (!(tensor instanceof Tensor)) throw invalidArgument('tensor', 'a Tensor', tensor);
  const { dtype, shape } = tensor;
  const of = (values: TfValues, as: 'float32' | 'int32' | 'bool'): T => tf.tensor(values, [...shape], as);
  return dtype === 'int64' ? of(narrowed(tensor), 'int32') : of(tensor.data as TfValues, dtype as 'float32');
}

function narrowed({ data, size }: Tensor): Int32Array {
  return Int32Array.from({ length: size }, (_, index) => {
    const number = Number(data[index]);
    if (number === (number | 0)) return number;
    throw new BilevelError(
      'INVALID_DATA',
      `Element ${index} is ${data[index]}, but TensorFlow.js has integers of 32 bits alone. Give it smaller numbers.`,
    );
  });
}

/** @throws INVALID_ARGUMENT for what is no tf.Tensor of a dtype that tensors have; DISPOSED */
export function checkTfTensor(tensor: unknown, parameter: string): asserts tensor is TfTensor {
  checkRecord(tensor, parameter);
  const { dtype, shape, isDisposed, dataSync } = tensor as Partial<TfTensor>;
  if (typeof dtype !== 'string' || !Array.isArray(shape) || typeof dataSync !== 'function') {
    throw invalidArgument(parameter, 'a tf.Tensor', tensor);
  }
  if (isDisposed) {
    throw new BilevelError(
      'DISPOSED',
      `The tf.Tensor ${dtype}[${shape.join(', ')}] for ${parameter} was disposed of. Use it before, or give tf.keep(tensor).`,
    );
  }
  if (!dtypes.includes(dtype)) {
    throw invalidArgument(`the dtype of ${parameter}`, `one of ${dtypes.join(', ')}`, dtype);
  }
}

/** A tf.Tensor of float32 of its own memory. @throws SHAPE_MISMATCH */
export function ownTf<T extends TfTensor>(tf: TfModule<T>, name: string, tensor: Tensor, like: TfTensor): T {
  const fits = tensor.dtype === like.dtype && tensor.shape.join() === like.shape.join();
  if (fits) return toTf(tf, tensor.clone());
  const wanted = formatType({ dtype: like.dtype as DType, shape: like.shape });
  throw new BilevelError(
    'SHAPE_MISMATCH',
    `Expected ${wanted}, as the axes lie in TensorFlow.js, for the weight ${describe(name)} but received ${formatType(tensor)}.`,
  );
}
