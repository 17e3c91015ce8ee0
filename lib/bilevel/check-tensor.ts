import { types } from 'node:util';
import { BilevelError, describe, invalidArgument } from '../errors.js';
import { Tensor, unravel } from '../tensor.js';

/** Refuses what is not a tensor, and float tensors with an element that is not finite. */
export function checkTensor(what: string, tensor: unknown): asserts tensor is Tensor {
  if (!(tensor instanceof Tensor)) throw invalidArgument(what, 'a Tensor', tensor);
  if (!types.isFloat32Array(tensor.data)) return;
  const { data, shape } = tensor;
  let position = 0;
  // A loop takes a fraction of the time of findIndex, and streams are checked batch by batch.
  while (position < data.length && Number.isFinite(data[position])) position++;
  if (position === data.length) return;
  const index = unravel(position, shape);
  throw new BilevelError(
    'INVALID_DATA',
    `Expected finite numbers in ${what} but element [${index.join(', ')}] is ${describe(data[position])}.`,
  );
}

/** Refuses what is not a float32 tensor of finite numbers. */
export function checkReal(what: string, tensor: unknown): asserts tensor is Tensor<'float32'> {
  checkTensor(what, tensor);
  if (tensor.dtype !== 'float32') throw invalidArgument(what, 'a float32 tensor', tensor.dtype);
}
