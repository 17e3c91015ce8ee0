import { type OperatorCase, random } from '../operator-case.js';
import { every, scalar } from './common.js';

export const matmul: readonly OperatorCase[] = [
  { op: 'Gemm', opsets: every, inputs: [random([3, 4]), random([4, 5]), random([5])] },
  {
    op: 'Gemm',
    note: 'transposed and scaled',
    opsets: every,
    inputs: [random([4, 3]), random([5, 4]), random([3, 1])],
    attributes: { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: -2 } },
  },
  { op: 'Gemm', note: 'without C', opsets: [11], inputs: [random([3, 4]), random([4, 5])] },
  { op: 'Gemm', note: 'scalar C', opsets: [11], inputs: [random([3, 4]), random([4, 5]), scalar(2)] },
  ...(
    [
      [
        [3, 4],
        [4, 5],
      ],
      [
        [2, 3, 4],
        [4, 5],
      ],
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      [
        [2, 1, 3, 4],
        [5, 4, 2],
      ],
      [
        [3, 4],
        [2, 4, 5],
      ],
      [[4], [4, 5]],
      [[3, 4], [4]],
      [[4], [4]],
      [[4], [2, 4, 3]],
      [[2, 3, 4], [4]],
    ] as const
  ).map(
    ([a, b]): OperatorCase => ({
      op: 'MatMul',
      note: `[${a}] by [${b}]`,
      opsets: [9, 13],
      inputs: [random(a), random(b)],
    }),
  ),
  ...(
    [
      ['ij->ji', [[2, 3]]],
      ['ij->', [[2, 3]]],
      ['ij', [[3, 2]]],
      [
        'ij,jk->ik',
        [
          [2, 3],
          [3, 4],
        ],
      ],
      [
        'bij, bkj -> bik',
        [
          [2, 3, 4],
          [2, 5, 4],
        ],
      ],
      [
        'bhid,bhjd->bhij',
        [
          [2, 2, 3, 4],
          [2, 2, 5, 4],
        ],
      ],
      [
        'bqhd,bkhd->bhqk',
        [
          [2, 3, 2, 4],
          [2, 5, 2, 4],
        ],
      ],
      [
        '...ij,...jk->...ik',
        [
          [2, 5, 2, 3],
          [1, 5, 3, 4],
        ],
      ],
      [
        'b...i,...ij->b...j',
        [
          [2, 3, 4, 5],
          [3, 1, 5, 2],
        ],
      ],
      ['...ij->...ji', [[2, 3, 4]]],
      ['a...->...', [[2, 3, 4]]],
      ['ii->i', [[3, 3]]],
      ['bii->b', [[2, 3, 3]]],
      [
        'ii,ij->j',
        [
          [3, 3],
          [3, 2],
        ],
      ],
      ['i,j->ij', [[3], [4]]],
      [
        'ij,ij->',
        [
          [3, 4],
          [3, 4],
        ],
      ],
      [
        'ij,kl->jk',
        [
          [2, 3],
          [4, 5],
        ],
      ],
      [
        'ij,jk,kl->li',
        [
          [2, 3],
          [3, 4],
          [4, 5],
        ],
      ],
      [
        'ba,cb',
        [
          [2, 3],
          [4, 2],
        ],
      ],
    ] as const
  ).map(
    ([equation, shapes]): OperatorCase => ({
      op: 'Einsum',
      note: equation,
      opsets: [12, 18],
      inputs: shapes.map((shape) => random(shape)),
      attributes: { equation },
    }),
  ),
];
