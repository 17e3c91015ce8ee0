import { createHash } from 'node:crypto';
import { BilevelError, invalidArgument } from '../../errors.js';
import { Tensor } from '../../tensor.js';
import { IndependentBatches } from './independent.js';
import type { Sampler } from './sampler.js';

/** A sampler that draws rows in proportion to their weights. */
export function weighted(weights: ArrayLike<number> | Tensor<'float32'>): Sampler {
  const values = weights instanceof Tensor ? weights.data : weights;
  if (!(Array.isArray(values) || (ArrayBuffer.isView(values) && 'length' in values)) || values.length === 0) {
    throw invalidArgument('weights of a sampler', 'a list of numbers, one for each row', weights);
  }
  const ends = new Float64Array(values.length);
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const weight = values[row];
    if (typeof weight !== 'number' || !Number.isFinite(weight) || weight < 0) {
      throw new BilevelError(
        'INVALID_DATA',
        `Expected weights of a sampler that are finite and not negative but weight ${row} is ${String(weight)}.`,
      );
    }
    total += weight;
    ends[row] = total;
  }
  if (total === 0 || !Number.isFinite(total)) {
    throw new BilevelError(
      'INVALID_DATA',
      `Expected weights of a sampler with a finite sum above 0; theirs is ${total}.`,
    );
  }
  const digest = createHash('sha256').update(new Uint8Array(ends.buffer)).digest('hex');
  return Object.freeze<Sampler>({
    description: `weighted #${digest.slice(0, 8)}`,
    check({ size }) {
      if (size === ends.length) return;
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `A weighted sampler needs a weight for each of the ${size} rows of its feed but has ${ends.length}.`,
      );
    },
    start: ({ batch }, random) =>
      new IndependentBatches(random, (from) =>
        Int32Array.from({ length: batch }, () => firstBeyond(ends, from.uniform() * total)),
      ),
  });
}

/**
 * The position of the first end that lies above `value`; a row of weight 0 ends where the one before it does, so it is
 * never met.
 */
function firstBeyond(ends: Float64Array, value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
