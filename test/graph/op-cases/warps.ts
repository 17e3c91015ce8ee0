import * as g from '../../../lib/graph/index.js';
import type { Shape } from '../../../lib/tensor.js';
import { cases, type OpCase, real } from './op-case.js';

interface Warp {
  readonly name: string;
  readonly x: Shape;
  readonly outputSize: readonly number[];
  /** How far the coefficients of the maps go. */
  readonly reach?: number;
}

const warps: readonly Warp[] = [
  { name: 'of one size', x: [3, 2, 4, 5], outputSize: [4, 5] },
  { name: 'to fewer pixels', x: [2, 1, 5, 4], outputSize: [2, 3] },
  { name: 'to more pixels', x: [1, 3, 2, 2], outputSize: [2, 3], reach: 0.7 },
  { name: 'of single pixels', x: [2, 2, 1, 1], outputSize: [1, 2], reach: 0.8 },
  { name: 'far outside', x: [2, 1, 3, 3], outputSize: [3, 3], reach: 40 },
  { name: 'of no images', x: [0, 2, 3, 3], outputSize: [3, 3] },
  { name: 'of no channels', x: [2, 0, 3, 3], outputSize: [3, 3] },
  { name: 'to no pixels', x: [2, 1, 3, 3], outputSize: [0, 3] },
];

export const warped: readonly OpCase[] = warps.flatMap(({ name, x, outputSize, reach = 1.5 }) => {
  const table = real([x[0] ?? 0, 2, 3], -reach, reach);
  const y = [...x.slice(0, 2), ...outputSize];
  return [
    ...cases('warpAffine', (images, maps) => g.warpAffine(images, maps, { outputSize }), [[name, [real(x), table]]]),
    ...cases('warpAffineGradient', (images, maps) => g.warpAffineGradient(images, maps, { inputSize: x.slice(2) }), [
      [name, [real(y), table]],
    ]),
  ];
});
