import { describe } from '../../errors.js';
import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { broadcastShapes } from '../../graph/ops/infer.js';
import { elementCount } from '../../tensor.js';
import { integers, type Operation, type OperatorImporter } from '../operation.js';

/** In the wanted shape, -1 is whatever is left over, and 0 keeps the input's size unless allowzero is set. */
function reshape(op: Operation): Node {
  const x = op.input(0);
  const allowZero = op.attributes.flag('allowzero');
  const wanted = op.constantInput(1).map((size, axis) => (size === 0 && !allowZero ? (x.shape[axis] ?? 0) : size));
  const known = elementCount(wanted.filter((size) => size !== -1));
  const shape = wanted.map((size) => (size === -1 ? elementCount(x.shape) / known : size));
  if (
    elementCount(shape) !== elementCount(x.shape) ||
    !shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  ) {
    throw op.mismatch(
      `cannot give [${x.shape.join(', ')}] the shape ${describe(wanted)}; if the first size is a batch size that ` +
        'was fixed when the model was exported, export it with a dynamic batch axis',
    );
  }
  return g.reshape(x, shape);
}

function flatten(op: Operation): Node {
  const x = op.input(0);
  const stated = op.attributes.int('axis', 1);
  const axis = stated < 0 ? stated + x.shape.length : stated;
  return g.reshape(x, [elementCount(x.shape.slice(0, axis)), elementCount(x.shape.slice(axis))]);
}

/** Axes are an attribute before opset 13 and an input from then on. */
function readAxes(op: Operation): number[] | undefined {
  return op.opset < 13 ? op.attributes.ints('axes') : op.optionalConstantInput(1);
}

function squeeze(op: Operation): Node {
  const x = op.input(0);
  const stated = readAxes(op)?.map((axis) => g.normalizeAxis(axis, x.shape.length));
  const axes = stated ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1);
  const wide = axes.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) throw op.mismatch(`cannot remove axis ${wide} of [${x.shape.join(', ')}]`);
  return g.reshape(
    x,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

function unsqueeze(op: Operation): Node {
  const axes = readAxes(op);
  if (axes === undefined) throw op.invalid('needs axes');
  return g.expandDims(op.input(0), axes);
}

function concat(op: Operation): Node {
  const axis = op.attributes.int('axis');
  if (axis === undefined) throw op.invalid('needs the attribute axis');
  return g.concat(
    op.inputs.map((_, index) => op.input(index)),
    axis,
  );
}

function expand(op: Operation): Node {
  const x = op.input(0);
  return g.broadcastTo(x, broadcastShapes(x.shape, op.constantInput(1)));
}

/** x repeated along each axis: every axis is split in two, and the first of the two is stretched. */
function tile(op: Operation): Node {
  const x = op.input(0);
  const repeats = op.constantInput(1);
  if (repeats.length !== x.shape.length) throw op.invalid(`needs ${x.shape.length} repeats`);
  const split = x.shape.flatMap((size) => [1, size]);
  const stretched = x.shape.flatMap((size, axis) => [repeats[axis] ?? 1, size]);
  const shape = x.shape.map((size, axis) => size * (repeats[axis] ?? 1));
  return g.reshape(g.broadcastTo(g.reshape(x, split), stretched), shape);
}

/** Moves blocks of channels into space; DCR and CRD differ in which part of the channel axis is the block. */
function depthToSpace(op: Operation): Node {
  const x = op.input(0);
  const [batch, channels, height, width] = imageShape(op, x);
  const block = op.attributes.int('blocksize', 1);
  const blockFirst = op.attributes.word('mode', ['DCR', 'CRD'], 'DCR') === 'DCR';
  const depth = channels / block ** 2;
  const split = blockFirst ? [batch, block, block, depth, height, width] : [batch, depth, block, block, height, width];
  const moved = g.transpose(g.reshape(x, split), blockFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]);
  return g.reshape(moved, [batch, depth, height * block, width * block]);
}

function spaceToDepth(op: Operation): Node {
  const x = op.input(0);
  const [batch, channels, height, width] = imageShape(op, x);
  const block = op.attributes.int('blocksize', 1);
  const blockFirst = op.attributes.word('mode', ['DCR', 'CRD'], 'DCR') === 'DCR';
  const [rows, columns] = [height / block, width / block];
  const split = g.reshape(x, [batch, channels, rows, block, columns, block]);
  const moved = g.transpose(split, blockFirst ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]);
  return g.reshape(moved, [batch, channels * block ** 2, rows, columns]);
}

function imageShape(op: Operation, { shape }: Node): [number, number, number, number] {
  const [batch, channels, height, width] = shape;
  if (width === undefined || shape.length !== 4) throw op.invalid('needs an input of rank 4');
  return [batch ?? 0, channels ?? 0, height ?? 0, width];
}

/** The static shape; from opset 15 on a range of its axes, which slice() reads just as ONNX does. */
function shapeOf(op: Operation): Node {
  return integers(op.input(0).shape.slice(op.attributes.int('start', 0), op.attributes.int('end')));
}

export const shapeOperators: Record<string, OperatorImporter> = {
  Concat: { build: concat },
  DepthToSpace: { build: depthToSpace },
  Expand: { build: expand, since: 8 },
  Flatten: { build: flatten },
  Reshape: { build: reshape },
  Shape: { build: shapeOf, constantAlmostEverywhere: true },
  Size: { build: (op) => integers([elementCount(op.input(0).shape)], []), constantAlmostEverywhere: true },
  SpaceToDepth: { build: spaceToDepth },
  Squeeze: { build: squeeze },
  Tile: { build: tile },
  Transpose: { build: (op) => g.transpose(op.input(0), op.attributes.ints('perm')) },
  Unsqueeze: { build: unsqueeze },
};
