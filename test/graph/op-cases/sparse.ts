import * as g from '../../../lib/graph/index.js';
import type { Shape } from '../../../lib/tensor.js';
import { cases, indices, integers, type OpCase, real } from './op-case.js';

interface Sparse {
  readonly name: string;
  readonly batch?: Shape;
  readonly rows: number;
  readonly size: number;
  readonly columns: number;
  /** 0, or at least twice `longest`. */
  readonly entries: number;
  readonly longest?: number;
}

const matrices: readonly Sparse[] = [
  { name: 'of a few rows', rows: 4, size: 5, columns: 3, entries: 8 },
  { name: 'with one column', rows: 4, size: 3, columns: 1, entries: 6 },
  { name: 'with many columns', rows: 2, size: 3, columns: 37, entries: 6 },
  { name: 'of several products', batch: [2, 2], rows: 3, size: 4, columns: 2, entries: 9 },
  { name: 'of more columns than entries', rows: 3, size: 40, columns: 2, entries: 7 },
  { name: 'without entries', rows: 3, size: 4, columns: 2, entries: 0, longest: 0 },
  { name: 'of empty rows', rows: 3, size: 4, columns: 2, entries: 5, longest: 0 },
  { name: 'without rows', rows: 0, size: 4, columns: 2, entries: 6 },
  { name: 'without columns', rows: 3, size: 4, columns: 0, entries: 6 },
];

export const sparse: readonly OpCase[] = matrices.flatMap(
  ({ name, batch = [], rows, size, columns, entries, longest = 3 }) => {
    const values = real([entries]);
    const places = [indices([entries], size, 'int32'), integers([...batch, rows, 2], 'int32', 0, longest)] as const;
    const [ofRows, ofColumns] = [real([...batch, rows, columns]), real([...batch, size, columns])];
    return [
      ...cases('sparseMatmul', (v, i, e, x) => g.sparseMatmul(named(v, i, e), x as g.Node), [
        [name, [values, ...places, ofColumns]],
        [
          `${name}, transposed`,
          [values, ...places, ofRows],
          (v, i, e, x) => g.sparseMatmul(named(v, i, e), x as g.Node, { transpose: true, size }),
        ],
      ]),
      ...cases('sampledMatmul', (i, e, a, b) => g.sampledMatmul(named(i, i, e), a as g.Node, b as g.Node), [
        [name, [...places, ofRows, ofColumns]],
      ]),
    ];
  },
);

function named(values?: g.Node, indices?: g.Node, extents?: g.Node): g.SparseNodes {
  return { values, indices, extents } as g.SparseNodes;
}
