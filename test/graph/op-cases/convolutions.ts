import * as g from '../../../lib/graph/index.js';
import type { Shape } from '../../../lib/tensor.js';
import { cases, type OpCase, real } from './op-case.js';

interface Geometry extends g.ConvOptions {
  readonly name: string;
  readonly x: Shape;
  readonly w: Shape;
}

const geometries: readonly Geometry[] = [
  { name: '2-D', x: [2, 3, 6, 5], w: [4, 3, 3, 2] },
  { name: '1-D', x: [2, 3, 9], w: [4, 3, 3], padding: [[2, 1]] },
  {
    name: 'padding',
    x: [2, 2, 4, 5],
    w: [3, 2, 3, 3],
    padding: [
      [1, 1],
      [2, 0],
    ],
  },
  { name: 'strides', x: [1, 2, 8, 7], w: [3, 2, 3, 2], strides: [3, 2] },
  {
    name: 'strides and padding',
    x: [2, 1, 7, 6],
    w: [2, 1, 3, 3],
    strides: [2, 3],
    padding: [
      [1, 1],
      [1, 2],
    ],
  },
  {
    name: 'dilations',
    x: [1, 2, 8, 9],
    w: [2, 2, 3, 2],
    dilations: [2, 3],
    padding: [
      [1, 0],
      [2, 2],
    ],
  },
  { name: 'groups', x: [2, 4, 5, 4], w: [6, 2, 2, 3], groups: 2 },
  {
    name: 'depthwise',
    x: [2, 3, 5, 5],
    w: [3, 1, 3, 3],
    groups: 3,
    padding: [
      [1, 1],
      [1, 1],
    ],
    strides: [2, 2],
  },
  { name: '1-D everything', x: [2, 4, 11], w: [2, 2, 3], strides: [2], dilations: [2], padding: [[3, 1]], groups: 2 },
  { name: '1x1', x: [3, 4, 3, 2], w: [5, 4, 1, 1] },
  { name: 'kernel of the input', x: [2, 2, 3, 4], w: [3, 2, 3, 4] },
  { name: 'single elements', x: [1, 1, 1, 1], w: [1, 1, 1, 1] },
  { name: 'no batch', x: [0, 2, 4, 4], w: [3, 2, 3, 3] },
  { name: 'no window', x: [2, 2, 2, 4], w: [3, 2, 3, 3] },
  { name: 'a window of three more', x: [2, 2, 2, 4], w: [3, 2, 5, 3] },
];

export const convolutions: readonly OpCase[] = geometries.flatMap(({ name, x, w, ...options }) => {
  const y = g.conv(g.input('x', x), g.input('w', w), options).shape;
  const inputSize = x.slice(2);
  const kernelSize = w.slice(2);
  return [
    ...cases('conv', (a, b) => g.conv(a, b, options), [[name, [real(x), real(w)]]]),
    ...cases('convInputGradient', (a, b) => g.convInputGradient(a, b, { ...options, inputSize }), [
      [name, [real(y), real(w)]],
    ]),
    ...cases('convFilterGradient', (a, b) => g.convFilterGradient(a, b, { ...options, kernelSize }), [
      [name, [real(x), real(y)]],
    ]),
  ];
});
