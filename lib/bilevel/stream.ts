import type { Batch, BatchSource } from '../data/batch-reader.js';
import { BilevelError, checkKeys, checkRecord, invalidArgument } from '../errors.js';
import {
  checkDType,
  checkShape,
  type DType,
  formatType,
  type Shape,
  sameShape,
  type Tensor,
  type TensorType,
} from '../tensor.js';
import { checkTensor } from './check-tensor.js';

/** Data of one purpose that come batch by batch, from a file or a generator, and need not fit into memory. */
export interface StreamFeed<A extends string = string> {
  /** Dtype and shape of every array of a mini-batch. */
  readonly types: Readonly<Record<A, TensorType>>;
  readonly batches: BatchSource<Readonly<Record<A, Tensor>>>;
  readonly ahead: number;
}

/** Options of {@link feed} for data that come batch by batch. */
export interface StreamOptions<A extends string = string> {
  /** What a mini-batch has, by name: the shape, the rows of the batch included, and the dtype, float32 by default. */
  readonly types: Readonly<Record<A, { readonly shape: Shape; readonly dtype?: DType }>>;
  /**
   * How many batches are read before they are needed, while the engine runs: 0 to 1024; 1 by default. So many are in
   * memory, beside the one that is in use.
   */
  readonly ahead?: number | undefined;
}

/** @throws UNKNOWN_OPTION; INVALID_ARGUMENT, LIMIT_EXCEEDED for a name, dtype, shape or number that is none */
export function stateStream<A extends string>(
  batches: StreamFeed<A>['batches'],
  options: StreamOptions<A>,
): StreamFeed<A> {
  checkKeys(options, ['types', 'ahead'], 'a feed of batches');
  const { types, ahead = 1 } = options;
  checkRecord(types, 'types of a feed');
  const entries = Object.entries<StreamOptions['types'][string]>(types);
  if (entries.length === 0) throw invalidArgument('types of a feed', 'at least one array', types);
  const stated = entries.map(([name, type]) => {
    if (name === 'index') throw invalidArgument('the name of an array of a feed', 'another name than index', name);
    checkKeys(type, ['shape', 'dtype'], `the type of ${name}`);
    const { shape, dtype = 'float32' } = type;
    checkShape(shape, `the shape of ${name}`);
    checkDType(dtype, `the dtype of ${name}`);
    return [name, Object.freeze({ shape: Object.freeze([...shape]), dtype })] as const;
  });
  if (!Number.isInteger(ahead) || ahead < 0 || ahead > 1024) {
    throw invalidArgument('ahead of a feed', 'an integer from 0 to 1024', ahead);
  }
  return Object.freeze({ types: Object.freeze(Object.fromEntries(stated)) as StreamFeed<A>['types'], batches, ahead });
}

/**
 * Refuses what is no batch of a feed.
 * @throws INVALID_ARGUMENT for a missing or unknown array; SHAPE_MISMATCH; INVALID_DATA for a float that is not finite
 */
export function checkBatch(feed: string, { types }: StreamFeed, batch: unknown, number: number): Batch {
  const which = `batch ${number} of the feed ${feed}`;
  checkRecord(batch, which);
  const given = batch as Batch;
  const names = Object.keys(types);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalidArgument(`an array of ${which}`, `one of ${names.join(', ')}`, unknown);
  for (const [name, type] of Object.entries(types)) {
    const tensor = given[name];
    checkTensor(`the array ${name} of ${which}`, tensor);
    if (tensor.dtype === type.dtype && sameShape(tensor.shape, type.shape)) continue;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected ${formatType(type)} for the array ${name} of ${which} but received ${formatType(tensor)}.`,
    );
  }
  return given;
}
