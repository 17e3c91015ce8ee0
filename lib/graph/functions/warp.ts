import { checkKeys } from '../../errors.js';
import { createNode, type Node, requireNode } from '../node.js';
import { list } from './arguments.js';

/** Options of {@link warpAffine}. */
export interface WarpAffineOptions {
  /** Rows and columns of the result, 0 or more; those of x by default. */
  readonly outputSize?: readonly number[];
}

/**
 * Images x [batch, channels, height, width] moved by an affine map each, [batch, channels, ...outputSize], float32. The
 * pixel in row i and column j of the result is x at the row and the column `table[image] (i, j, 1)`, counted from the
 * middle of the first pixel: bilinear between the four pixels around, with zeros outside x. A map of whole pixels, such
 * as a mirroring, gives the pixels as they are; there the derivative in the table is that towards the next pixel.
 * @param table [batch, 2, 3], float32: in its first row the coefficients of the row, in its second those of the column
 * @throws UNKNOWN_OPTION; SHAPE_MISMATCH for other types; INVALID_ARGUMENT for images without pixels or an outputSize
 * that is none
 */
export function warpAffine(x: Node, table: Node, options: WarpAffineOptions = {}): Node {
  checkKeys(options, ['outputSize'], 'warpAffine');
  const size = options.outputSize ?? requireNode(x, 'x').shape.slice(2);
  return createNode('warpAffine', [x, table], { outputSize: list(size, 'outputSize') });
}

/**
 * The transpose of warpAffine with respect to x: takes y [batch, channels, ...outputSize] to
 * [batch, channels, ...inputSize].
 * @throws UNKNOWN_OPTION, SHAPE_MISMATCH, INVALID_ARGUMENT as warpAffine
 */
export function warpAffineGradient(y: Node, table: Node, options: { readonly inputSize: readonly number[] }): Node {
  checkKeys(options, ['inputSize'], 'warpAffineGradient');
  return createNode('warpAffineGradient', [y, table], { inputSize: list(options.inputSize, 'inputSize') });
}
