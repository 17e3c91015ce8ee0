import { describe } from '../../errors.js';
import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { checkLimit } from '../file/limits.js';
import type { Operation, OperatorImporter } from '../operation.js';

/** Equal parts by default; from opset 18 on the last of num_outputs parts may be smaller. */
function split(op: Operation): Node[] {
  const x = op.input(0);
  const axis = g.normalizeAxis(op.attributes.int('axis', 0), x.shape.length);
  const size = x.shape[axis] ?? 0;
  const stated = op.opset < 13 ? op.attributes.ints('split') : op.optionalConstantInput(1);
  const outputs = op.node.outputs.length;
  const count = stated?.length ?? op.attributes.int('num_outputs', outputs);
  checkLimit(op.context.limits, 'operations', count, `The number of parts of ${op.node.label}`);
  if (count !== outputs) throw op.mismatch(`splits into ${count} parts but has ${outputs} outputs`);
  const part = Math.ceil(size / outputs);
  const parts = stated ?? op.node.outputs.map((_, index) => Math.min(part, size - index * part));
  if (parts.reduce((a, b) => a + b, 0) !== size || parts.some((length) => length < 0)) {
    throw op.mismatch(`cannot split ${size} into the parts ${describe(parts)}`);
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
  return g.pad(cut, { low: low.map((size) => Math.max(0, size)), high: high.map((size) => Math.max(0, size)), value });
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

export const slicingOperators: Record<string, OperatorImporter> = {
  Pad: { build: pad, settings: [1, 2, 3] },
  Slice: { build: slice },
  Split: { build: split },
};
