import { invalidArgument } from '../../errors.js';
import { elementCount, type Shape } from '../../tensor.js';
import { normalizeAxis } from '../functions/axis.js';
import { add, div, equal, greaterEqual, mul, sqrt, sub, where } from '../functions/elementwise.js';
import { randomUniform } from '../functions/random.js';
import { type ReduceOptions, reduceMax, reduceSum } from '../functions/reduce.js';
import { reshape } from '../functions/shape.js';
import { type Node, requireNode } from '../node.js';
import { mismatch, requireShape, sizeAt } from '../ops/infer.js';
import { square } from './activations.js';

/** Arithmetic mean over `axes`, all by default; NaN of nothing. */
export function mean(x: Node, axes?: readonly number[], options: ReduceOptions = {}): Node {
  const sum = reduceSum(x, axes, options);
  return mul(sum, elementCount(sum.shape) / elementCount(x.shape));
}

/** Euclidean norm over `axes`, all by default. Where it is 0 its derivatives of every order are taken as 0. */
export function norm(x: Node, axes?: readonly number[], options: ReduceOptions = {}): Node {
  const squared = reduceSum(square(x), axes, options);
  const isZero = equal(squared, 0);
  return where(isZero, 0, sqrt(where(isZero, 1, squared)));
}

/** The axes behind batch and channel. */
function spatialAxes(x: Node): number[] {
  if (requireNode(x, 'x').shape.length < 2)
    throw mismatch(`Expected [batch, channels, ...] but received [${x.shape.join(', ')}].`);
  return [...x.shape.keys()].slice(2);
}

/** Mean of each plane of x [batch, channels, ...spatial], whose spatial axes become 1. */
export function globalAveragePool(x: Node): Node {
  return mean(x, spatialAxes(x), { keepDims: true });
}

/** Largest element of each plane of x [batch, channels, ...spatial], whose spatial axes become 1. */
export function globalMaxPool(x: Node): Node {
  return reduceMax(x, spatialAxes(x), { keepDims: true });
}

interface Moments {
  readonly mean: Node;
  /** Biased: the mean of the squared distances. */
  readonly variance: Node;
  readonly centered: Node;
}

/** Mean and variance over `axes`, which stay with size 1. */
function moments(x: Node, axes: readonly number[]): Moments {
  const center = mean(x, axes, { keepDims: true });
  const centered = sub(x, center);
  return { mean: center, variance: mean(square(centered), axes, { keepDims: true }), centered };
}

/** x shifted and scaled to mean 0 and variance 1 over `axes`; epsilon is added to the biased variance. */
function standardize(x: Node, axes: readonly number[], epsilon: number): Node {
  const { variance, centered } = moments(x, axes);
  return div(centered, sqrt(add(variance, epsilon)));
}

/** A vector of one number for each channel, laid along axis 1 of a tensor like x. */
function alongChannels(vector: Node, x: Node, name: string): Node {
  requireShape(requireNode(vector, name).shape, [sizeAt(x.shape, 1)], name);
  return reshape(vector, [sizeAt(x.shape, 1), ...spatialAxes(x).map(() => 1)]);
}

/** Options of {@link batchNormTrain}. */
export interface BatchNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly epsilon?: number;
}

/**
 * Batch normalization with the statistics of the batch x [batch, channels, ...spatial] (Ioffe and Szegedy, 2015).
 * `mean` and the biased `variance` are vectors over channels, from which running statistics are updated.
 * @throws SHAPE_MISMATCH where a channel has a single value: the output would be the bias whatever x is
 */
export function batchNormTrain(
  x: Node,
  scale: Node,
  bias: Node,
  { epsilon = 1e-5 }: BatchNormOptions = {},
): { readonly output: Node; readonly mean: Node; readonly variance: Node } {
  const axes = [0, ...spatialAxes(x)];
  if (axes.every((axis) => x.shape[axis] === 1)) {
    throw mismatch(
      `Batch normalization by the statistics of the batch needs more than one value per channel but received ` +
        `[${x.shape.join(', ')}]; use a larger batch, or the running statistics.`,
    );
  }
  const { mean: center, variance, centered } = moments(x, axes);
  const factor = div(alongChannels(scale, x, 'scale'), sqrt(add(variance, epsilon)));
  const output = add(mul(centered, factor), alongChannels(bias, x, 'bias'));
  return { output, mean: reshape(center, scale.shape), variance: reshape(variance, scale.shape) };
}

/** Batch normalization with given statistics, vectors over the channels of x [batch, channels, ...spatial]. */
export function batchNormInference(
  x: Node,
  scale: Node,
  bias: Node,
  runningMean: Node,
  runningVariance: Node,
  { epsilon = 1e-5 }: BatchNormOptions = {},
): Node {
  const deviation = sqrt(add(alongChannels(runningVariance, x, 'variance'), epsilon));
  const factor = div(alongChannels(scale, x, 'scale'), deviation);
  const centered = sub(x, alongChannels(runningMean, x, 'mean'));
  return add(mul(centered, factor), alongChannels(bias, x, 'bias'));
}

/**
 * Layer normalization over the axes from `axis` on (Ba et al., 2016); scale and bias broadcast to x. `epsilon` is 1e-5
 * by default.
 */
export function layerNorm(x: Node, axis: number, scale: Node, bias?: Node, epsilon = 1e-5): Node {
  requireNode(x, 'x');
  const axes = [...x.shape.keys()].slice(normalizeAxis(axis, x.shape.length));
  const scaled = mul(standardize(x, axes, epsilon), scale);
  return bias === undefined ? scaled : add(scaled, bias);
}

/** Normalization of each plane of x [batch, channels, ...spatial]; scale and bias are vectors over channels. */
export function instanceNorm(x: Node, scale: Node, bias: Node, epsilon = 1e-5): Node {
  const normal = standardize(x, spatialAxes(x), epsilon);
  return add(mul(normal, alongChannels(scale, x, 'scale')), alongChannels(bias, x, 'bias'));
}

/** Normalization over groups of neighbouring channels (Wu and He, 2018); scale and bias are vectors over channels. */
export function groupNorm(x: Node, groups: number, scale: Node, bias: Node, epsilon = 1e-5): Node {
  requireNode(x, 'x');
  const [batch, channels] = [sizeAt(x.shape, 0), sizeAt(x.shape, 1)];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw invalidArgument('groups', `a divisor of the ${channels} channels`, groups);
  }
  const grouped: Shape = [batch, groups, (channels / groups) * elementCount(x.shape.slice(2))];
  const normal = reshape(standardize(reshape(x, grouped), [2], epsilon), x.shape);
  return add(mul(normal, alongChannels(scale, x, 'scale')), alongChannels(bias, x, 'bias'));
}

/**
 * Zeros a random fraction `ratio` of x and divides the rest by 1 - ratio, so that the mean stays (Srivastava et al.,
 * 2014). The mask is a pure function of the int32 [2] key.
 */
export function dropout(x: Node, ratio: number, key: Node): Node {
  if (!(typeof ratio === 'number' && ratio >= 0 && ratio < 1))
    throw invalidArgument('ratio', 'a number from 0 to below 1', ratio);
  requireNode(x, 'x');
  if (ratio === 0) return x;
  return where(greaterEqual(randomUniform(key, x.shape), ratio), mul(x, 1 / (1 - ratio)), 0);
}
