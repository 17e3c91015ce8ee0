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
      `cannot give [${x.shape.join(', ')}] the shape [${wanted.join(', ')}]; if the first size is a batch size that ` +
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

/** Equal parts by default; from opset 18 on the last of num_outputs parts may be smaller. */
function split(op: Operation): Node[] {
  const x = op.input(0);
  const axis = g.normalizeAxis(op.attributes.int('axis', 0), x.shape.length);
  const size = x.shape[axis] ?? 0;
  const stated = op.opset < 13 ? op.attributes.ints('split') : op.optionalConstantInput(1);
  const count = op.attributes.int('num_outputs', op.node.outputs.length);
  const part = Math.ceil(size / count);
  const parts = stated ?? Array.from({ length: count }, (_, index) => Math.min(part, size - index * part));
  if (
    parts.length !== op.node.outputs.length ||
    parts.reduce((a, b) => a + b, 0) !== size ||
    parts.some((n) => n < 0)
  ) {
    throw op.mismatch(`cannot split ${size} into the parts ${parts.join(', ')}`);
  }
  let start = 0;
  return parts.map((length) => {
    const from = start;
    start += length;
    return g.slice(x, {
      starts: x.shape.map((_, index) => (index === axis ? from : 0)),
      limits: x.shape.map((total, index) => (index === axis ? start : total)),
    });
  });
}

/** Python's slicing. Starts, ends and axes are attributes before opset 10, inputs (with steps) from then on. */
function slice(op: Operation): Node {
  const x = op.input(0);
  const rank = x.shape.length;
  const inputs = op.opset >= 10;
  const starts = inputs ? op.constantInput(1) : op.attributes.ints('starts');
  const ends = inputs ? op.constantInput(2) : op.attributes.ints('ends');
  const stated = inputs ? op.optionalConstantInput(3) : op.attributes.ints('axes');
  const steps = inputs ? op.optionalConstantInput(4) : undefined;
  if (starts === undefined || ends === undefined) throw op.invalid('needs starts and ends');
  const axes = stated ?? [...starts.keys()];
  const bounds = { starts: x.shape.map(() => 0), limits: [...x.shape], strides: x.shape.map(() => 1) };
  const reversed: number[] = [];
  for (const [position, statedAxis] of axes.entries()) {
    const axis = g.normalizeAxis(statedAxis, rank);
    const size = x.shape[axis] ?? 0;
    const step = steps?.[position] ?? 1;
    if (step === 0) throw op.invalid('has a step of 0');
    const resolve = (value: number, least: number, most: number): number =>
      Math.min(Math.max(value < 0 ? value + size : value, least), most);
    const forward = step > 0;
    const from = resolve(starts[position] ?? 0, 0, forward ? size : size - 1);
    const to = resolve(ends[position] ?? size, forward ? 0 : -1, size);
    const count = Math.max(0, Math.ceil((to - from) / step));
    const last = from + (count - 1) * step;
    const [low, high] = forward ? [from, last] : [last, from];
    bounds.starts[axis] = count === 0 ? 0 : low;
    bounds.limits[axis] = count === 0 ? 0 : high + 1;
    bounds.strides[axis] = Math.abs(step);
    if (!forward) reversed.push(axis);
  }
  return reversed.reduce(
    (result, axis) => {
      const size = result.shape[axis] ?? 0;
      return g.gather(
        result,
        op.sequence(size, (index) => size - 1 - index),
        axis,
      );
    },
    g.slice(x, bounds),
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

/** Pads are an attribute before opset 11 and an input from then on; negative ones cut off. */
function pad(op: Operation): Node {
  const x = op.input(0);
  const rank = x.shape.length;
  const mode = op.attributes.word('mode', ['constant', 'reflect', 'edge', 'wrap'], 'constant');
  const pads = op.opset < 11 ? op.attributes.ints('pads') : op.constantInput(1);
  const value = op.opset < 11 ? op.attributes.float('value', 0) : (op.optionalScalarInput(2) ?? 0);
  const axes = op.optionalConstantInput(3)?.map((axis) => g.normalizeAxis(axis, rank)) ?? [...x.shape.keys()];
  if (pads?.length !== 2 * axes.length) throw op.invalid(`needs ${2 * axes.length} pads`);
  const low = x.shape.map(() => 0);
  const high = x.shape.map(() => 0);
  for (const [position, axis] of axes.entries()) {
    low[axis] = pads[position] ?? 0;
    high[axis] = pads[position + axes.length] ?? 0;
  }
  if (mode !== 'constant') return padByIndex(op, x, mode, low, high);
  const cut = g.slice(x, {
    starts: low.map((size) => Math.max(0, -size)),
    limits: high.map((size, axis) => (x.shape[axis] ?? 0) + Math.min(0, size)),
  });
  const grow = { low: low.map((size) => Math.max(0, size)), high: high.map((size) => Math.max(0, size)) };
  // The primitive pads with zeros, so another value is moved to zero and back.
  return value === 0 ? g.pad(cut, grow) : g.add(g.pad(g.sub(cut, value), grow), value);
}

/** Padding that repeats elements of x: each axis is indexed by the position that an outside cell stands for. */
function padByIndex(
  op: Operation,
  x: Node,
  mode: 'reflect' | 'edge' | 'wrap',
  low: readonly number[],
  high: readonly number[],
): Node {
  return x.shape.reduce((result, size, axis) => {
    const [before, after] = [low[axis] ?? 0, high[axis] ?? 0];
    if (before === 0 && after === 0) return result;
    if (size === 0 || (mode === 'reflect' && size === 1)) throw op.mismatch(`cannot ${mode}-pad an axis of ${size}`);
    const period = 2 * (size - 1);
    const source = (position: number): number => {
      if (mode === 'edge') return Math.min(Math.max(position, 0), size - 1);
      if (mode === 'wrap') return ((position % size) + size) % size;
      const phase = ((position % period) + period) % period;
      return Math.min(phase, period - phase);
    };
    const length = before + size + after;
    return g.gather(
      result,
      op.sequence(length, (index) => source(index - before)),
      axis,
    );
  }, x);
}

/** Moves blocks of channels into space; DCR and CRD differ in which part of the channel axis holds the block. */
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
  const [rows, columns] = [height / block, width / block];
  const split = g.reshape(x, [batch, channels, rows, block, columns, block]);
  return g.reshape(g.transpose(split, [0, 3, 5, 1, 2, 4]), [batch, channels * block ** 2, rows, columns]);
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
  Expand: { build: expand },
  Flatten: { build: flatten },
  Pad: { build: pad },
  Reshape: { build: reshape },
  Shape: { build: shapeOf, constantAlmostEverywhere: true },
  Size: { build: (op) => integers([elementCount(op.input(0).shape)], []), constantAlmostEverywhere: true },
  Slice: { build: slice },
  SpaceToDepth: { build: spaceToDepth },
  Split: { build: split },
  Squeeze: { build: squeeze },
  Tile: { build: tile },
  Transpose: { build: (op) => g.transpose(op.input(0), op.attributes.ints('perm')) },
  Unsqueeze: { build: unsqueeze },
};
