import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { elementCount } from '../../../tensor.js';
import { checkLimit } from '../../file/limits.js';
import type { Operation, OperatorImporter } from '../../operation.js';

/**
 * Adds up overlapping blocks [batch, channels x block, blocks] into images: the transpose of cutting those into blocks.
 */
function columnsToImage(op: Operation): Node {
  const x = op.input(0);
  const [image, block] = [op.constantInput(1), op.constantInput(2)];
  const rank = image.length;
  const list = (name: string, count: number, fallback: number): number[] =>
    op.attributes.ints(name) ?? Array.from({ length: count }, () => fallback);
  const [strides, dilations, pads] = [list('strides', rank, 1), list('dilations', rank, 1), list('pads', 2 * rank, 0)];
  const padded = image.map((size, axis) => size + (pads[axis] ?? 0) + (pads[axis + rank] ?? 0));
  const counts = padded.map((size, axis) => {
    const extent = ((block[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    return Math.floor((size - extent) / (strides[axis] ?? 1)) + 1;
  });
  const [batch = 0, columns = 0, blocks = 0] = x.shape;
  const cells = elementCount(block);
  const channels = columns / cells;
  const numbers = [...image, ...block, ...strides, ...dilations, ...counts];
  if (
    x.shape.length !== 3 ||
    block.length !== rank ||
    !numbers.every((n) => n > 0) ||
    pads.some((n) => n < 0) ||
    elementCount(counts) !== blocks ||
    !Number.isInteger(channels)
  ) {
    throw op.mismatch(`cannot put blocks of [${x.shape.join(', ')}] together to images of [${image.join(', ')}]`);
  }
  checkLimit(
    op.context.limits,
    'tensorElements',
    batch * channels * elementCount(padded),
    `The number of padded elements of ${op.node.label}`,
  );
  const shape = [...block, ...counts];
  const positions = padded.map((_, axis) => {
    const along = (at: number, step: number): Node => {
      const size = shape[at] ?? 1;
      const unit = step * elementCount(padded.slice(axis + 1));
      return g.reshape(
        op.sequence(size, (index) => index * unit),
        shape.map((_size, other) => (other === at ? size : 1)),
      );
    };
    return g.add(along(axis, dilations[axis] ?? 1), along(axis + rank, strides[axis] ?? 1));
  });
  const flat = g.reshape(positions.reduce(g.add), [cells * blocks]);
  const updates = g.reshape(x, [batch, channels, cells * blocks]);
  const whole = g.reshape(g.scatterAdd(updates, flat, { axis: 2, size: elementCount(padded) }), [
    batch,
    channels,
    ...padded,
  ]);
  const low = [0, 0, ...image.map((_, axis) => pads[axis] ?? 0)];
  return g.slice(whole, {
    starts: low,
    limits: [batch, channels, ...image].map((size, axis) => size + (low[axis] ?? 0)),
  });
}

export const blockOperators: Record<string, OperatorImporter> = {
  Col2Im: { build: columnsToImage, since: 18 },
};
