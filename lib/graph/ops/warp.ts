import { elementCount, type TensorType } from '../../tensor.js';
import type { Op, Value } from '../op.js';
import { mismatch, requireDType, requireIntegers, requireShape, sizeAt, two } from './infer.js';
import { at } from './offsets.js';

export interface WarpAffineAttributes {
  /** Rows and columns of y. */
  readonly outputSize: readonly number[];
}

export interface WarpAffineGradientAttributes {
  /** Rows and columns of x. */
  readonly inputSize: readonly number[];
}

/** A pixel that a position is blended of. */
interface Cell {
  readonly index: number;
  readonly weight: number;
}

/** The two pixels of an axis around a position; of a position that is NaN both weigh NaN. */
function around(position: number, size: number): readonly [Cell, Cell] {
  const before = Math.floor(position);
  const share = position - before;
  const cell = (index: number, weight: number): Cell => {
    if (index >= 0 && index < size) return { index, weight };
    return { index: 0, weight: Number.isNaN(position) ? weight : 0 };
  };
  return [cell(before, 1 - share), cell(before + 1, share)];
}

function requireImages(images: TensorType, name: string): void {
  requireDType(images, ['float32'], name);
  if (images.shape.length !== 4) throw mismatch(`Expected ${name} as [batch, channels, height, width].`);
}

function requireTable(table: TensorType, batch: number): void {
  requireDType(table, ['float32'], 'table');
  requireShape(table.shape, [batch, 2, 3], 'table');
}

/**
 * Calls `visit(x, y, weight)` for all pixels of y and the pixels of x that each is blended of: their places in a plane.
 */
function forEachCell(
  table: Value,
  image: number,
  [height = 0, width = 0]: readonly number[],
  [rows = 0, columns = 0]: readonly number[],
  visit: (x: number, y: number, weight: number) => void,
): void {
  const position = (axis: number, i: number, j: number): number => {
    const [a, b, c] = [0, 1, 2].map((column) => at(table.data, 6 * image + 3 * axis + column)) as [
      number,
      number,
      number,
    ];
    return a * i + b * j + c;
  };
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (const row of around(position(0, i, j), height)) {
        for (const column of around(position(1, i, j), width)) {
          const weight = row.weight * column.weight;
          if (weight !== 0) visit(row.index * width + column.index, i * columns + j, weight);
        }
      }
    }
  }
}

/**
 * Images moved by an affine map each: the pixel (i, j) of y is x at the position table (i, j, 1), bilinear between the
 * pixels around it, with zeros outside x.
 */
export const warpAffine: Op<WarpAffineAttributes> = {
  infer(inputs, { outputSize }) {
    const [x, table] = two<TensorType>(inputs);
    requireImages(x, 'x');
    requireTable(table, sizeAt(x.shape, 0));
    requireIntegers(outputSize, 2, 0, 'outputSize');
    requireIntegers(x.shape.slice(2), 2, 1, 'height and width of x');
    return { dtype: 'float32', shape: [...x.shape.slice(0, 2), ...outputSize] };
  },
  evaluate(inputs, { outputSize }, { shape }) {
    const [x, table] = two(inputs);
    const [batch = 0, channels = 0, ...inputSize] = x.shape;
    const [planeOfX, planeOfY] = [elementCount(inputSize), elementCount(outputSize)];
    const result = new Float64Array(elementCount(shape));
    for (let plane = 0; plane < batch * channels; plane++) {
      forEachCell(table, Math.floor(plane / channels), inputSize, outputSize, (from, to, weight) => {
        const place = plane * planeOfY + to;
        result[place] = at(result, place) + weight * at(x.data, plane * planeOfX + from);
      });
    }
    return result;
  },
};

/** The transpose of warpAffine with respect to x: every pixel of y is given back to those that it was blended of. */
export const warpAffineGradient: Op<WarpAffineGradientAttributes> = {
  infer(inputs, { inputSize }) {
    const [y, table] = two<TensorType>(inputs);
    requireImages(y, 'y');
    requireTable(table, sizeAt(y.shape, 0));
    requireIntegers(inputSize, 2, 1, 'inputSize');
    return { dtype: 'float32', shape: [...y.shape.slice(0, 2), ...inputSize] };
  },
  evaluate(inputs, { inputSize }, { shape }) {
    const [y, table] = two(inputs);
    const [batch = 0, channels = 0, ...outputSize] = y.shape;
    const [planeOfX, planeOfY] = [elementCount(inputSize), elementCount(outputSize)];
    const result = new Float64Array(elementCount(shape));
    for (let plane = 0; plane < batch * channels; plane++) {
      forEachCell(table, Math.floor(plane / channels), inputSize, outputSize, (to, from, weight) => {
        const place = plane * planeOfX + to;
        result[place] = at(result, place) + weight * at(y.data, plane * planeOfY + from);
      });
    }
    return result;
  },
};
