import { elementCount, type Shape } from '../../../tensor.js';
import { type Lowering, plain } from './lowering.js';

export const warpAffine: Lowering<'warpAffine'> = ({ shape }, operands) =>
  plain(
    'warpAffine',
    sizes(operands.shape(0), shape),
    { x: operands.buffer(0), table: operands.buffer(1), y: operands.target },
    flopsPerPixel * elementCount(shape),
  );

export const warpAffineGradient: Lowering<'warpAffineGradient'> = ({ shape }, operands) =>
  plain(
    'warpAffineGradient',
    sizes(shape, operands.shape(0)),
    { x: operands.target, table: operands.buffer(1), y: operands.buffer(0) },
    flopsPerPixel * elementCount(operands.shape(0)),
  );

/** Four pixels, each times its weight. */
const flopsPerPixel = 8;

/** The numbers of a warp of x to y. */
function sizes(x: Shape, y: Shape): number[] {
  return [...x, ...y.slice(2)];
}
