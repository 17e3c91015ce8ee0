import { BilevelError, checkKeys, checkRecord, describe, invalidArgument } from '../errors.js';
import { Tensor, unravel } from '../tensor.js';

/**
 * Data of one purpose: arrays with one row per sample, resident in shared memory, from which mini-batches are drawn and
 * gathered natively. Without `batch` every step sees all rows.
 */
export interface Feed<A extends string = string> {
  readonly arrays: Readonly<Record<A, Tensor>>;
  /** Rows. */
  readonly size: number;
  /** Rows of a mini-batch; undefined when every step sees all rows. */
  readonly batch: number | undefined;
  /** Seed of the order in which rows are drawn; feeds of different names draw independently from one seed. */
  readonly seed: number;
}

export interface FeedOptions {
  /** Rows of a mini-batch, 1 to the number of rows. By default every step sees all rows. */
  readonly batch?: number | undefined;
  /** An integer from 0 to 2^53 - 1; 0 by default. */
  readonly seed?: number | undefined;
}

/**
 * States a feed, for example `feed({ x: images, y: labels }, { batch: 200, seed: 1 })`. The tensors are not copied.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for a batch or seed out of range or a feed without arrays; SHAPE_MISMATCH when the arrays have
 * different numbers of rows; INVALID_DATA, naming array and position, for a float that is not finite
 */
export function feed<A extends string>(arrays: Readonly<Record<A, Tensor>>, options: FeedOptions = {}): Feed<A> {
  checkRecord(arrays, 'arrays of a feed');
  checkKeys(options, ['batch', 'seed'], 'feed');
  const { batch, seed = 0 } = options;
  const entries = Object.entries<Tensor>(arrays);
  const [first] = entries;
  if (first === undefined) throw invalidArgument('arrays of a feed', 'at least one tensor', arrays);
  for (const [name, tensor] of entries) {
    checkTensor(`the array ${name} of a feed`, tensor);
    if (tensor.shape.length === 0) throw invalidArgument(`the array ${name} of a feed`, 'a leading axis of samples', 0);
    if (name === 'index') throw invalidArgument('the name of an array of a feed', 'another name than index', name);
  }
  const size = first[1].shape[0] ?? 0;
  for (const [name, { shape }] of entries) {
    if (shape[0] === size) continue;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The arrays of a feed must have equally many rows: ${first[0]} has ${size} but ${name} has ${shape[0]}.`,
    );
  }
  if (size === 0) throw invalidArgument(`the array ${first[0]} of a feed`, 'at least one row', 0);
  if (batch !== undefined && !(Number.isSafeInteger(batch) && batch >= 1 && batch <= size)) {
    throw invalidArgument('batch of a feed', `an integer from 1 to its number of rows, ${size}`, batch);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw invalidArgument('seed of a feed', 'an integer from 0 to 2^53 - 1', seed);
  }
  return Object.freeze({ arrays: Object.freeze({ ...arrays }), size, batch, seed });
}

/** Refuses what is not a tensor, and float tensors with an element that is not finite. */
export function checkTensor(what: string, tensor: unknown): asserts tensor is Tensor {
  if (!(tensor instanceof Tensor)) throw invalidArgument(what, 'a Tensor', tensor);
  if (!(tensor.data instanceof Float32Array)) return;
  const position = tensor.data.findIndex((value) => !Number.isFinite(value));
  if (position < 0) return;
  const index = unravel(position, tensor.shape);
  throw new BilevelError(
    'INVALID_DATA',
    `Expected finite numbers in ${what} but element [${index.join(', ')}] is ${describe(tensor.data[position])}.`,
  );
}

/** Refuses what is not a float32 tensor of finite numbers. */
export function checkReal(what: string, tensor: unknown): asserts tensor is Tensor<'float32'> {
  checkTensor(what, tensor);
  if (tensor.dtype !== 'float32') throw invalidArgument(what, 'a float32 tensor', tensor.dtype);
}
