import { type BilevelProblem, bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import {
  add,
  crossEntropy,
  exp,
  expandDims,
  matmul,
  mean,
  mul,
  reduceSum,
  square,
  sub,
} from '../../../lib/graph/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { solveDense } from './dense.js';

/** Ridge regression with a penalty for each feature: f over other rows than g. */
export interface RidgeData {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly otherX: readonly (readonly number[])[];
  readonly otherY: readonly number[];
  readonly u: readonly number[];
}

/** @param rows of g's data; f's has 17 */
export function ridgeData(rows: number, features: number): RidgeData {
  const random = Random.fromSeed(11, 'ridge');
  const normal = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random.normal()));
  const table = (count: number) => Array.from({ length: count }, () => normal(features));
  return { x: table(rows), y: normal(rows), otherX: table(17), otherY: normal(17), u: normal(features) };
}

/** g = mean |x w - y|^2 + <exp(u), w^2>, f = mean |x w - y|^2 over the other rows. */
export function ridgeProblem(
  { x, y, otherX, otherY, u }: RidgeData,
  batches: { readonly train?: number; readonly other?: number } = {},
): BilevelProblem {
  const features = u.length;
  const rows = (of: readonly (readonly number[])[]) => Tensor.from(of.flat(), [of.length, features]);
  const column = (of: readonly number[]) => Tensor.from([...of], [of.length, 1]);
  return bilevelProblem({
    upper: { decay: Tensor.from([...u]) },
    lower: { w: Tensor.zeros([features, 1]) },
    feeds: {
      train: feed({ x: rows(x), y: column(y) }, { batch: batches.train }),
      other: feed({ x: rows(otherX), y: column(otherY) }, { batch: batches.other }),
    },
    f: ({ v, other }) => mean(square(sub(matmul(other.x, v.w), other.y))),
    g: ({ u, v, train }) =>
      add(mean(square(sub(matmul(train.x, v.w), train.y))), reduceSum(mul(exp(expandDims(u.decay, [1])), square(v.w)))),
  });
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, each, at) => sum + each * (b[at] ?? 0), 0);
const meanSquare = (x: readonly (readonly number[])[], y: readonly number[], w: readonly number[]): number =>
  x.reduce((sum, row, at) => sum + (dot(row, w) - (y[at] ?? 0)) ** 2, 0) / x.length;

/** The minimum of g in float64, and the costs at a point. */
export function ridgeSolution({ x, y, u }: RidgeData): number[] {
  const matrix = u.map((decay, i) =>
    u.map(
      (_, j) =>
        x.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0) / x.length + (i === j ? Math.exp(decay) : 0),
    ),
  );
  return solveDense(
    matrix,
    u.map((_, i) => x.reduce((sum, row, at) => sum + (row[i] ?? 0) * (y[at] ?? 0), 0) / x.length),
  );
}

export function ridgeCosts(
  { x, y, otherX, otherY, u }: RidgeData,
  w: readonly number[],
): { readonly f: number; readonly g: number } {
  const penalty = u.reduce((sum, decay, i) => sum + Math.exp(decay) * (w[i] ?? 0) ** 2, 0);
  return { f: meanSquare(otherX, otherY, w), g: meanSquare(x, y, w) + penalty };
}

/** Softmax regression by Newton's method in float64: g = sum of cross-entropies / rows + decay |w|^2. */
export function softmaxSolution(
  x: readonly (readonly number[])[],
  labels: readonly number[],
  classes: number,
  decay: number,
): number[] {
  const features = x[0]?.length ?? 0;
  const size = features * classes;
  let w = new Array<number>(size).fill(0);
  for (let iteration = 0; iteration < 30; iteration++) {
    const slope = w.map((each) => 2 * decay * each);
    const curvature = w.map((_, i) => w.map((_, j) => (i === j ? 2 * decay : 0)));
    for (const [row, values] of x.entries()) {
      const logits = Array.from({ length: classes }, (_, c) =>
        values.reduce((sum, value, i) => sum + value * (w[i * classes + c] ?? 0), 0),
      );
      const most = Math.max(...logits);
      const total = logits.reduce((sum, each) => sum + Math.exp(each - most), 0);
      const p = logits.map((each) => Math.exp(each - most) / total);
      for (const [i, value] of values.entries()) {
        for (const [c, share] of p.entries()) {
          const at = i * classes + c;
          slope[at] = (slope[at] ?? 0) + (value * (share - (labels[row] === c ? 1 : 0))) / x.length;
          const line = curvature[at] ?? [];
          for (const [j, other] of values.entries()) {
            for (const [d, otherShare] of p.entries()) {
              const hessian = share * ((c === d ? 1 : 0) - otherShare) * value * other;
              line[j * classes + d] = (line[j * classes + d] ?? 0) + hessian / x.length;
            }
          }
        }
      }
    }
    const step = solveDense(curvature, slope);
    w = w.map((each, i) => each - (step[i] ?? 0));
  }
  return w;
}

/** Random rows of two features and a constant, and classes 0 to 2 that cannot be told apart without mistakes. */
export function softmaxData(rows: number): {
  readonly x: readonly (readonly number[])[];
  readonly labels: readonly number[];
} {
  const random = Random.fromSeed(5, 'softmax');
  const labels = Array.from({ length: rows }, () => random.integer(3));
  const x = labels.map((label) => [Math.fround(random.normal() + label), Math.fround(random.normal() - label / 2), 1]);
  return { x, labels };
}

export function softmaxProblem(rows: number, decay: number, batch?: number): BilevelProblem {
  const { x, labels } = softmaxData(rows);
  const data = feed({ x: Tensor.from(x.flat(), [rows, 3]), y: Tensor.from(labels, [rows], 'int64') }, { batch });
  return bilevelProblem({
    upper: { decay: Tensor.from([decay]) },
    lower: { w: Tensor.zeros([3, 3]) },
    feeds: { train: data },
    f: ({ v, train }) => mean(crossEntropy(matmul(train.x, v.w), train.y)),
    g: ({ u, v, train }) =>
      add(mean(crossEntropy(matmul(train.x, v.w), train.y)), mul(reduceSum(u.decay), reduceSum(square(v.w)))),
  });
}
