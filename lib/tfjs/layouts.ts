import { BilevelError, invalidArgument } from '../errors.js';
import { elementCount, formatType, rowMajorStrides, type Shape, Tensor } from '../tensor.js';

/**
 * How axes lie in TensorFlow.js, channels last, and here as in ONNX, channels first; `axes[i]` is the axis there of
 * axis i here.
 */
interface Layout {
  readonly axes: readonly number[];
  readonly there: string;
  readonly here: string;
}

const known = {
  /** Images. */
  images: { axes: [0, 3, 1, 2], there: '[batch, height, width, channels]', here: '[batch, channels, height, width]' },
  /** The kernel of a convolution of images. */
  conv: { axes: [3, 2, 0, 1], there: '[height, width, in, out]', here: '[out, in, height, width]' },
  /** The kernel of a convolution of sequences. */
  conv1d: { axes: [2, 1, 0], there: '[width, in, out]', here: '[out, in, width]' },
  /** The kernel of a transposed convolution. */
  convTranspose: { axes: [3, 2, 0, 1], there: '[height, width, out, in]', here: '[in, out, height, width]' },
  /** The kernel of a convolution of each channel on its own, which here has as many groups as channels. */
  depthwise: {
    axes: [2, 3, 0, 1],
    there: '[height, width, in, multiplier]',
    here: '[in * multiplier, 1, height, width]',
  },
} as const satisfies Readonly<Record<string, Layout>>;

/** What a tensor is, which says how its axes lie. */
export type LayoutName = keyof typeof known;

function layoutOf(name: LayoutName): Layout {
  if (Object.hasOwn(known, name)) return known[name];
  throw invalidArgument('the layout', `one of ${Object.keys(known).join(', ')}`, name);
}

/**
 * A copy with the axes as they are here: images [batch, height, width, channels] become [batch, channels, height,
 * width], and kernels likewise.
 * @throws INVALID_ARGUMENT for a layout that does not exist; SHAPE_MISMATCH for another number of axes
 */
export function fromTfLayout(tensor: Tensor<'float32'>, layout: LayoutName): Tensor<'float32'> {
  const { axes, there } = layoutOf(layout);
  checkAxes(tensor, axes.length, layout, there);
  const moved = permuted(tensor, axes);
  if (layout !== 'depthwise') return moved;
  const [channels = 0, multiplier = 0, ...kernel] = moved.shape;
  return Tensor.over(moved.data, [channels * multiplier, 1, ...kernel]);
}

/**
 * A copy with the axes as they are in TensorFlow.js, which undoes {@link fromTfLayout}.
 * @param like the shape there, which the kernel of a depthwise convolution needs: its multiplier is not seen here
 * @throws as {@link fromTfLayout}
 */
export function toTfLayout(tensor: Tensor<'float32'>, layout: LayoutName, like?: Shape): Tensor<'float32'> {
  const { axes, here } = layoutOf(layout);
  checkAxes(tensor, axes.length, layout, here);
  const back = axes.map((_, axis) => axes.indexOf(axis));
  if (layout !== 'depthwise') return permuted(tensor, back);
  const channels = like?.[2] ?? Number(tensor.shape[0]);
  const [filters = 0, , ...kernel] = tensor.shape;
  return permuted(Tensor.over(tensor.data, [channels, filters / channels, ...kernel]), back);
}

function checkAxes(tensor: Tensor<'float32'>, rank: number, layout: string, axes: string): void {
  if (!(tensor instanceof Tensor) || tensor.dtype !== 'float32')
    throw invalidArgument('tensor', 'a float32 Tensor', tensor);
  if (tensor.shape.length === rank) return;
  throw new BilevelError(
    'SHAPE_MISMATCH',
    `Expected ${axes} for the layout ${layout} but received ${formatType(tensor)}.`,
  );
}

/** Axis i of the result is axis `axes[i]` of the tensor. */
function permuted({ data, shape }: Tensor<'float32'>, axes: readonly number[]): Tensor<'float32'> {
  const strides = rowMajorStrides(shape);
  const sizes = axes.map((axis) => Number(shape[axis]));
  const steps = axes.map((axis) => Number(strides[axis]));
  const result = Tensor.zeros(sizes);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let at = 0; at < elementCount(sizes); at++) {
    result.data[at] = Number(data[from]);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      index[axis] = Number(index[axis]) + 1;
      from += Number(steps[axis]);
      if (Number(index[axis]) < Number(sizes[axis])) break;
      from -= Number(steps[axis]) * Number(sizes[axis]);
      index[axis] = 0;
    }
  }
  return result;
}
