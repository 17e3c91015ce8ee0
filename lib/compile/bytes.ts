import { bytesPerElement, elementCount, type TensorType } from '../tensor.js';

/** The size of values together. */
export function bytesOf(values: Iterable<TensorType>): number {
  let bytes = 0;
  for (const { shape, dtype } of values) bytes += elementCount(shape) * bytesPerElement[dtype];
  return bytes;
}
