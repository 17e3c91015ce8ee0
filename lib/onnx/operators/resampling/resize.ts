import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { checkLimit } from '../../file/limits.js';
import type { Operation, OperatorImporter } from '../../operation.js';
import {
  coordinates,
  cubic,
  linear,
  nearest,
  type ResizedAxis,
  type Taps,
  tapCount,
  taps,
  within,
} from './interpolation.js';

/** How an axis is sampled. */
interface Sampling {
  /** So many cells of x each new cell is made of, at most. */
  readonly width: number;
  cells(): readonly Taps[];
}

type Sampler = (axis: ResizedAxis) => Sampling;

/** Opset 10 knows scales alone, and samples as Upsample does. */
function resize(op: Operation): Node {
  if (op.opset < 11) return upsample(op);
  const { attributes } = op;
  const x = op.input(0);
  const rank = x.shape.length;
  const place = attributes.word('coordinate_transformation_mode', keys(coordinates), 'half_pixel');
  const mode = attributes.word('mode', ['nearest', 'linear', 'cubic'], 'nearest');
  const round = attributes.word('nearest_mode', keys(nearest), 'round_prefer_floor');
  const coefficient = attributes.float('cubic_coeff_a', -0.75);
  const excluding = attributes.flag('exclude_outside');
  const antialias = attributes.flag('antialias');
  const outside = attributes.float('extrapolation_value', 0);
  const axes = attributes.ints('axes')?.map((axis) => g.normalizeAxis(axis, rank)) ?? [...x.shape.keys()];
  const cropping = place === 'tf_crop_and_resize';
  const resized = readSizes(op, x, axes, cropping ? op.constantInput(1) : undefined);
  const kernel = mode === 'linear' ? linear : cubic(coefficient);
  const sampler: Sampler = (axis) => {
    const stretch = antialias ? Math.min(axis.scale, 1) : 1;
    const cell = (at: number): Taps => {
      if (mode === 'nearest') return { first: nearest[round](at), weights: [1] };
      const seen = taps(kernel, at, stretch);
      return excluding ? within(seen, axis.size) : seen;
    };
    return {
      width: mode === 'nearest' ? 1 : tapCount(kernel, stretch),
      cells: () => positions(axis, coordinates[place]).map(cell),
    };
  };
  const result = resized.reduce((y, axis, index) => sample(op, y, axes[index] ?? 0, axis, sampler), x);
  if (!cropping) return result;
  return resized.reduce((y, axis, index) => {
    op.context.countFolded(axis.resized);
    const inside = positions(axis, coordinates[place]).map((at) => at >= 0 && at <= axis.size - 1);
    return inside.every(Boolean)
      ? y
      : g.where(alongAxis(g.constant(inside, undefined, 'bool'), y, axes[index] ?? 0), y, outside);
  }, result);
}

/** Sampling from the left: nearest is the cell before, or behind where there are fewer cells than before. */
function upsample(op: Operation): Node {
  const x = op.input(0);
  const scales = op.opset < 9 ? op.attributes.floats('scales') : op.constantInput(1);
  const mode = op.attributes.word('mode', ['nearest', 'linear', 'bilinear'], 'nearest');
  if (scales?.length !== x.shape.length) throw op.invalid(`needs ${x.shape.length} scales`);
  const sampler: Sampler = (axis) => {
    const near = (at: number): Taps => ({ first: axis.scale < 1 ? Math.ceil(at) : Math.floor(at), weights: [1] });
    return {
      width: mode === 'nearest' ? 1 : tapCount(linear),
      cells: () =>
        positions(axis, coordinates.asymmetric).map((at) => (mode === 'nearest' ? near(at) : taps(linear, at))),
    };
  };
  return x.shape.reduce<Node>((y, size, axis) => sample(op, y, axis, byScale(op, size, scales[axis] ?? 1), sampler), x);
}

function keys<K extends string>(record: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(record) as K[];
}

function byScale(op: Operation, size: number, scale: number, region: readonly [number, number] = [0, 1]): ResizedAxis {
  if (!(scale > 0 && Number.isFinite(scale))) throw op.invalid(`has the scale ${scale}, which is not positive`);
  // The product is that of float32, in which scales are stored: 10 x 0.7 is 7.
  return { size, scale, resized: Math.floor(Math.fround(size * scale)), region };
}

/** Scales or sizes of the listed axes; sizes can be bounds within which the aspect ratio is kept. */
function readSizes(
  op: Operation,
  x: Node,
  axes: readonly number[],
  regions: readonly number[] | undefined,
): ResizedAxis[] {
  const policy = op.attributes.word('keep_aspect_ratio_policy', ['stretch', 'not_larger', 'not_smaller'], 'stretch');
  const [scales, sizes] = [2, 3]
    .map((index) => op.optionalConstantInput(index))
    .map((list) => (list?.length ? list : undefined));
  const stated = scales ?? sizes;
  if (new Set(axes).size !== axes.length) throw op.invalid('names an axis twice');
  if (stated?.length !== axes.length || (regions && regions.length !== 2 * axes.length)) {
    throw op.invalid(`needs ${axes.length} scales or sizes, and twice as many bounds when it crops`);
  }
  const ratios = axes.map((axis, index) => (sizes?.[index] ?? 0) / (x.shape[axis] ?? 1));
  const common = { stretch: undefined, not_larger: Math.min(...ratios), not_smaller: Math.max(...ratios) }[policy];
  return axes.map((axis, index) => {
    const size = x.shape[axis] ?? 0;
    const region = [regions?.[index] ?? 0, regions?.[index + axes.length] ?? 1] as const;
    if (scales !== undefined) return byScale(op, size, scales[index] ?? 1, region);
    const scale = common ?? ratios[index] ?? 1;
    return {
      size,
      scale,
      resized: common === undefined ? (sizes?.[index] ?? 0) : Math.floor(common * size + 0.5),
      region,
    };
  });
}

function positions(axis: ResizedAxis, place: (at: number, axis: ResizedAxis) => number): number[] {
  return Array.from({ length: axis.resized }, (_, at) => place(at, axis));
}

/** What is noted of a cell takes as much memory as so many elements. */
const cellElements = 16;

/**
 * x sampled along one axis: a sum of as many slices as each new cell has neighbours, of which the outermost are
 * repeated.
 */
function sample(op: Operation, x: Node, along: number, axis: ResizedAxis, sampler: Sampler): Node {
  if (axis.size === axis.resized && axis.scale === 1 && axis.region.join() === '0,1') return x;
  if (axis.size === 0) throw op.mismatch('cannot resize an axis of size 0');
  if (!(axis.resized >= 0)) throw op.invalid(`resizes an axis to ${axis.resized}`);
  const sampling = sampler(axis);
  checkLimit(
    op.context.limits,
    'operations',
    sampling.width,
    `The number of cells that ${op.node.label} weighs for one`,
  );
  op.context.countFolded(axis.resized * (sampling.width + cellElements));
  const cells = sampling.cells();
  const slices = Array.from({ length: sampling.width }, (_, tap) => {
    const weights = cells.map((cell) => cell.weights[tap] ?? 0);
    const counts = weights.length === 0 || weights.some((weight) => weight !== 0);
    if (!counts && sampling.width > 1) return undefined;
    const sources = cells.map(({ first }) => Math.min(Math.max(first + tap, 0), axis.size - 1));
    const picked = pick(op, x, along, sources);
    if (weights.every((weight) => weight === 1)) return picked;
    return g.mul(
      picked,
      alongAxis(
        op.sequence(weights.length, (index) => weights[index] ?? 0, 'float32'),
        x,
        along,
      ),
    );
  });
  return slices.filter((slice) => slice !== undefined).reduce(g.add);
}

/** The cells of one axis in another order; whole repetitions are a broadcast, whose derivative is a plain sum. */
function pick(op: Operation, x: Node, axis: number, sources: readonly number[]): Node {
  const size = x.shape[axis] ?? 0;
  const times = sources.length / size;
  if (Number.isInteger(times) && sources.every((source, index) => source === Math.floor(index / times))) {
    const split = x.shape.toSpliced(axis + 1, 0, 1);
    return g.reshape(
      g.broadcastTo(g.reshape(x, split), split.with(axis + 1, times)),
      x.shape.with(axis, sources.length),
    );
  }
  return g.gather(
    x,
    op.sequence(sources.length, (index) => sources[index] ?? 0),
    axis,
  );
}

/** A list laid along one axis of a tensor like x. */
function alongAxis(list: Node, x: Node, axis: number): Node {
  return g.reshape(list, [...list.shape, ...x.shape.slice(axis + 1).map(() => 1)]);
}

export const resizeOperators: Record<string, OperatorImporter> = {
  Resize: { build: resize, since: 10, settings: [1, 2, 3] },
  Upsample: { build: upsample, until: 9, settings: [1] },
};
