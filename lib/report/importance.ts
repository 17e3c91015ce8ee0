import { encodeCsv } from '../data/csv.js';
import { encodeNpy } from '../data/npy.js';
import { invalidArgument } from '../errors.js';
import { Tensor } from '../tensor.js';

/** Class numbers; the data of an int64 tensor will do. */
export type Labels = ArrayLike<number | bigint>;

/** What a run learned about each training sample; every list is [n] and in the same order. */
export interface Importance {
  /** Number of the sample in its data set. */
  readonly rows: ArrayLike<number>;
  /** Importance from 0 (ignored) to 1 (trusted). */
  readonly weights: ArrayLike<number>;
  /** The label that came with the sample, maybe wrong. */
  readonly given: Labels;
  /** The label that the trained network says. */
  readonly predicted: Labels;
  /** The label before the corruption; absent when nobody knows. */
  readonly actual?: Labels;
}

/** @throws INVALID_ARGUMENT when the lists differ in length */
export function checkImportance(importance: Importance): void {
  const { length } = importance.weights;
  for (const [name, list] of Object.entries(importance)) {
    if (list.length !== length)
      throw invalidArgument(`importance.${name}`, `${length} values, one per weight`, list.length);
  }
}

/** 1 where the given label is not the actual one, [n]; undefined when the actual labels are not known. */
export function corruptedSamples({ given, actual }: Importance): Uint8Array | undefined {
  if (actual === undefined) return undefined;
  return Uint8Array.from(given, (label, index) => (Number(label) === Number(actual[index]) ? 0 : 1));
}

/** The weights alone, float32 [n], as a .npy file. */
export function encodeImportanceNpy({ weights }: Importance): Uint8Array {
  return encodeNpy(Tensor.from(weights));
}

/** One line per sample: index, given_label, predicted_label, true_label (empty when not known), weight. */
export function encodeImportanceCsv({ rows, weights, given, predicted, actual }: Importance): string {
  return encodeCsv(
    ['index', 'given_label', 'predicted_label', 'true_label', 'weight'],
    Array.from(weights, (weight, index) => [rows[index], given[index], predicted[index], actual?.[index], weight]),
  );
}
