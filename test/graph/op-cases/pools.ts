import * as g from '../../../lib/graph/index.js';
import type { Shape } from '../../../lib/tensor.js';
import { cases, grid, type OpCase, real } from './op-case.js';

interface Pooling extends g.AveragePoolOptions {
  readonly name: string;
  readonly x: Shape;
}

const poolings: readonly Pooling[] = [
  { name: '2-D', x: [2, 3, 6, 4], kernel: [2, 2], strides: [2, 2] },
  { name: 'overlapping', x: [1, 2, 5, 6], kernel: [3, 2] },
  { name: '1-D', x: [2, 3, 9], kernel: [3], strides: [2], padding: [[1, 1]] },
  {
    name: 'padding',
    x: [2, 1, 5, 4],
    kernel: [3, 3],
    strides: [2, 2],
    padding: [
      [1, 1],
      [2, 0],
    ],
  },
  { name: 'ceil mode', x: [1, 2, 5, 6], kernel: [2, 3], strides: [2, 2], outputSize: [3, 3] },
  {
    name: 'ceil mode with padding',
    x: [1, 1, 6, 6],
    kernel: [3, 3],
    strides: [2, 2],
    padding: [
      [1, 1],
      [1, 1],
    ],
    outputSize: [4, 4],
  },
  { name: 'gaps', x: [1, 1, 7, 7], kernel: [1, 2], strides: [3, 3] },
  { name: 'single elements', x: [1, 1, 1, 1], kernel: [1, 1] },
  { name: 'no batch', x: [0, 2, 4, 4], kernel: [2, 2] },
];

export const pools: readonly OpCase[] = [
  ...poolings.flatMap(({ name, x, ...options }) => {
    const inputSize = x.slice(2);
    const y = g.averagePool(g.input('x', x), options).shape;
    return [
      ...cases('maxPoolIndices', (a) => g.maxPoolIndices(a, options), [
        [name, [real(x)]],
        [`${name}, ties`, [grid(x)]],
      ]),
      ...cases('maxPoolIndices', (a, scale) => g.maxPoolIndices(a, options, scale), [
        [`${name}, scaled`, [real(x), real(x.slice(0, 2))]],
        [`${name}, scaled, ties`, [grid(x), grid(x.slice(0, 2))]],
      ]),
      ...[false, true].flatMap((countIncludePad) => {
        const full = { ...options, countIncludePad };
        const label = countIncludePad ? `${name}, padding counts` : name;
        return [
          ...cases('averagePool', (a) => g.averagePool(a, full), [[label, [real(x)]]]),
          ...cases('averagePoolGradient', (a) => g.averagePoolGradient(a, { ...full, inputSize }), [
            [label, [real(y)]],
          ]),
        ];
      }),
    ];
  }),
  ...cases(
    'maxPoolIndices',
    (x) =>
      g.maxPoolIndices(x, {
        kernel: [2, 3],
        dilations: [2, 2],
        padding: [
          [1, 0],
          [1, 2],
        ],
      }),
    [['dilations', [real([2, 2, 6, 7])]]],
  ),
];
