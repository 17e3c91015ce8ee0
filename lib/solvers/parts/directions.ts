import { scaled, type Vector } from '../../bilevel/index.js';
import { Random } from '../../data/random.js';
import { invalidArgument } from '../../errors.js';
import {
  broadcastTo,
  constant,
  div,
  expandDims,
  input,
  maximum,
  type Node,
  randomNormal,
  reduceSum,
  reshape,
  slice,
  sqrt,
  square,
} from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import type { MethodBuilder } from '../machine/builder.js';

/**
 * How directions e_j are drawn, and the factor with which the sum over them of <e_j, x> e_j estimates x: without bias,
 * but for `unitPerTensor`, which shrinks each variable by its number of elements.
 */
export const directionModes = ['gaussian', 'sphere', 'unitPerTensor', 'coordinates'] as const;
export type DirectionMode = (typeof directionModes)[number];

/** Directions of the upper level, each variable's stacked as [count, ...shape]. */
export interface Directions {
  /** New directions: of the random modes a pure function of the problem's seed and the iteration. */
  readonly drawn: Vector;
  /** Over all directions, the sum of c_j e_j times the mode's factor; c is [count], or with trials [count, trials]. */
  sum(c: Node, directions: Vector): Vector;
}

/** Length below which a direction is taken for zero instead of being normalized: that of no number drawn but zero. */
const smallest = 1e-30;

/** @throws INVALID_ARGUMENT when `coordinates` are not as many as u has elements */
export function directionsOf(b: MethodBuilder, mode: DirectionMode, count: number): Directions {
  const { upperVariables, trials } = b;
  const shapes = upperVariables.map(({ value }) => value.shape);
  const batch = trials === undefined ? [] : [trials];
  const sizes = shapes.map((shape) => elementCount(shape) / (trials ?? 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (mode === 'coordinates' && count !== total) {
    throw invalidArgument(
      'the option directions',
      `${total}, the number of elements of u, in the mode coordinates`,
      count,
    );
  }
  const { seed } = b.problem;
  const key = b.hostInput(input('directions.key', [2], 'int32'), false, ({ counters }) => {
    const random = Random.fromSeed(seed, `directions of iteration ${counters.iteration}`);
    return [random.word(), random.word()];
  });

  /** [count, ...trials, elements] cut into the variables. */
  const split = (rows: Node): Vector => {
    let start = 0;
    return shapes.map((shape, index) => {
      const end = start + (sizes[index] ?? 0);
      const ahead = [count, ...batch];
      const part = slice(rows, { starts: [...ahead.map(() => 0), start], limits: [...ahead, end] });
      start = end;
      return reshape(part, [count, ...shape]);
    });
  };
  const normals = (): Node => randomNormal(key, [count, ...batch, total]);
  const identity = (): Node => {
    const matrix = constant(
      Array.from({ length: total ** 2 }, (_, position) => (position % (total + 1) === 0 ? 1 : 0)),
      [total, total],
    );
    return broadcastTo(expandDims(matrix, trials === undefined ? [] : [1]), [count, ...batch, total]);
  };
  const modes: Readonly<Record<DirectionMode, { readonly draw: () => Vector; readonly factor: number }>> = {
    gaussian: { draw: () => split(normals()), factor: 1 / count },
    sphere: { draw: () => split(normalized(normals(), 1 + batch.length)), factor: total / count },
    unitPerTensor: {
      draw: () => split(normals()).map((part) => normalized(part, 1 + batch.length)),
      factor: 1 / count,
    },
    coordinates: { draw: () => split(identity()), factor: 1 },
  };
  const { draw, factor } = modes[mode];
  return {
    drawn: draw(),
    sum(c, directions) {
      const terms = scaled(c, directions);
      return scaled(
        factor,
        terms.map((term) => reduceSum(term, [0])),
      );
    },
  };
}

/** Every slice beyond the first `batchAxes` axes divided by its length. */
function normalized(x: Node, batchAxes: number): Node {
  const axes = [...x.shape.keys()].slice(batchAxes);
  return div(x, maximum(sqrt(reduceSum(square(x), axes, { keepDims: true })), smallest));
}
