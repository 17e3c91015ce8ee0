import type { BatchSource } from '../data/batch-reader.js';
import { BilevelError, invalidArgument, isRecord } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { checkTfTensor, fromTf } from './tensors.js';

/** A tf.data.Dataset whose elements are batches: records of tensors by name, such as `{ xs, ys }`. */
export interface TfDataset {
  /** The elements over and over. */
  repeat(count?: number): TfDataset;
  /** The elements after the first ones. */
  skip(count: number): TfDataset;
  /** What reads the elements in order. */
  iterator(): Promise<{
    /** The next element, or that there is none. */
    readonly next: () => Promise<{ readonly value: unknown; readonly done?: boolean }>;
  }>;
}

/**
 * The batches of a data set of TensorFlow.js for a feed, over and over: `feed(tfBatches(dataset.batch(50, false)), {
 * types })`. Their tensors are copied and disposed of. A state that goes on reads, and skips, what was taken before, so
 * the data set must give the same batches again: `shuffle` wants a seed.
 * @throws INVALID_ARGUMENT for what is no data set; while batches are read, for an element that is no record of tensors
 */
export function tfBatches(dataset: TfDataset): BatchSource<Readonly<Record<string, Tensor>>> {
  const isDataset = isRecord(dataset) && typeof dataset.iterator === 'function' && typeof dataset.skip === 'function';
  if (!isDataset) throw invalidArgument('dataset', 'a tf.data.Dataset', dataset);
  return async function* batches(start: number) {
    const iterator = await dataset.repeat().skip(start).iterator();
    for (let number = start; ; number++) {
      const { value, done } = await iterator.next();
      if (done) throw new BilevelError('INVALID_DATA', 'The data set of TensorFlow.js has no elements.');
      yield batchOf(value, `element ${number} of the data set`);
    }
  };
}

function batchOf(value: unknown, which: string): Record<string, Tensor> {
  if (!isRecord(value)) throw invalidArgument(which, 'tensors by name, such as { xs, ys }', value);
  const tensors = Object.entries(value).map(([name, tensor]) => {
    checkTfTensor(tensor, `${name} of ${which}`);
    return [name, tensor] as const;
  });
  try {
    return Object.fromEntries(tensors.map(([name, tensor]) => [name, fromTf(tensor).clone()]));
  } finally {
    for (const [, tensor] of tensors) tensor.dispose();
  }
}
