import { Random } from '../../../lib/data/random.js';
import { int64s } from './builder.js';
import { between, type OperatorCase, random } from './operator-case.js';

type Draw = (low: number, high: number) => number;

function list(length: number, draw: () => number): number[] {
  return Array.from({ length }, draw);
}

function convolution(draw: Draw): OperatorCase {
  const rank = draw(1, 2);
  const [group, perGroup, filters] = [draw(1, 2), draw(1, 3), draw(1, 2)];
  const kernel = list(rank, () => draw(1, 3));
  return {
    op: 'Conv',
    opsets: [draw(9, 22)],
    inputs: [
      random([draw(1, 2), group * perGroup, ...list(rank, () => draw(7, 9))]),
      random([group * filters, perGroup, ...kernel]),
      ...(draw(0, 1) ? [random([group * filters])] : []),
    ],
    attributes: {
      group,
      strides: list(rank, () => draw(1, 3)),
      dilations: list(rank, () => draw(1, 3)),
      pads: list(2 * rank, () => draw(0, 2)),
    },
  };
}

function pooling(draw: Draw): OperatorCase {
  const rank = draw(1, 2);
  const kernel = list(rank, () => draw(2, 3));
  const average = draw(0, 1) === 1;
  return {
    op: average ? 'AveragePool' : 'MaxPool',
    opsets: [draw(10, 22)],
    inputs: [random([draw(1, 2), draw(1, 3), ...list(rank, () => draw(4, 9))])],
    attributes: {
      kernel_shape: kernel,
      strides: list(rank, () => draw(1, 3)),
      pads: list(2 * rank, () => draw(0, 1)),
      ceil_mode: average ? 0 : draw(0, 1),
      ...(average ? { count_include_pad: draw(0, 1) } : {}),
    },
  };
}

function slicing(draw: Draw): OperatorCase {
  const steps = list(2, () => draw(1, 3) * (draw(0, 1) ? 1 : -1));
  return {
    op: 'Slice',
    opsets: [draw(10, 22)],
    inputs: [
      random([draw(1, 6), 5, draw(1, 6)]),
      int64s(list(2, () => draw(-8, 8))),
      int64s(list(2, () => draw(-8, 8))),
      int64s([0, -1]),
      int64s(steps),
    ],
  };
}

function reducing(draw: Draw): OperatorCase {
  const opset = draw(11, 22);
  const name = ['Sum', 'Mean', 'Max', 'LogSumExp'][draw(0, 3)] ?? 'Sum';
  const axes = [0, 1, 2].filter(() => draw(0, 1) === 1).map((axis) => (draw(0, 1) ? axis : axis - 3));
  const byInput = opset >= (name === 'Sum' ? 13 : 18);
  const x = between(
    -2,
    2,
    list(3, () => draw(1, 4)),
  );
  return {
    op: `Reduce${name}`,
    opsets: [opset],
    inputs: byInput ? [x, int64s(axes)] : [x],
    attributes: { keepdims: draw(0, 1), ...(byInput || axes.length === 0 ? {} : { axes }) },
  };
}

function multiplying(draw: Draw): OperatorCase {
  const [m, k, n] = [draw(1, 4), draw(1, 4), draw(1, 4)];
  const batch = list(draw(0, 2), () => draw(1, 3));
  const broadcast = (): number[] => batch.map((size) => (draw(0, 1) ? size : 1)).slice(draw(0, 1));
  return {
    op: 'MatMul',
    opsets: [draw(9, 22)],
    inputs: [random([...broadcast(), m, k]), random([...broadcast(), k, n])],
  };
}

/** Operator applications with random geometry, the same in every run. */
export const randomCases: readonly OperatorCase[] = [convolution, pooling, slicing, reducing, multiplying].flatMap(
  (build) => {
    const generator = Random.fromSeed(11, build.name);
    const draw: Draw = (low, high) => low + Math.floor(generator.uniform() * (high - low + 1));
    return list(30, () => 0).map((_, index) => ({ ...build(draw), note: `random ${index}` }));
  },
);
