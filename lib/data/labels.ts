import { BilevelError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/**
 * @param labels int64 [n]
 * @param source what the labels belong to, for the message
 * @throws INVALID_DATA naming the first label that is not from 0 to classes - 1, and where it is
 */
export function checkLabels(labels: Tensor<'int64'>, classes: number, source: string): void {
  const limit = BigInt(classes);
  const index = labels.data.findIndex((label) => label < 0n || label >= limit);
  if (index < 0) return;
  throw new BilevelError(
    'INVALID_DATA',
    `${source}: label ${labels.data[index]} of sample ${index} is outside the ${classes} classes 0 to ${classes - 1}.`,
  );
}
