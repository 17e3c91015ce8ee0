import type { Shape } from '../../tensor.js';
import type { IdxArray } from '../idx.js';
import { LabelledSamples, rowsOf } from '../labelled-samples.js';
import { Random } from '../random.js';
import type { Scaling } from '../scaling.js';
import type { Dataset, DatasetOptions } from './source.js';

/** Rows of either part, each in the order of the file. */
export interface Parts {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Draws the test part: at least one sample where a share is asked for, and never all. */
export function drawParts(count: number, { test = 0, seed = 0 }: DatasetOptions): Parts {
  const size = test === 0 ? 0 : Math.min(Math.max(1, Math.round(test * count)), count - 1);
  const order =
    size === 0 ? Int32Array.from({ length: count }, (_, row) => row) : Random.fromSeed(seed, 'test').permutation(count);
  return { test: order.slice(0, size).sort(), train: order.slice(size).sort() };
}

/** Both parts of samples that were read as one. */
export function samplesOf(
  name: string,
  { inputs, labels }: { readonly inputs: IdxArray; readonly labels: Int32Array },
  parts: Parts,
  classes: readonly string[],
  shape: Shape | undefined,
  scaling?: Scaling | undefined,
): Pick<Dataset, 'train' | 'test'> {
  const all = { shape: [labels.length], data: labels };
  const part = (rows: Int32Array): LabelledSamples =>
    new LabelledSamples(rowsOf(inputs, rows), rowsOf(all, rows), classes.length, name, shape, scaling);
  return { train: part(parts.train), test: part(parts.test) };
}
