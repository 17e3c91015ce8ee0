import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import { checkLimit } from '../file/limits.js';
import type { ImportResult, Operation, OperatorImporter } from '../operation.js';

/**
 * The training form normalizes by the statistics of the batch and gives the next running statistics as its second and
 * third output. Before opset 14 it is known by those outputs, from then on by an attribute. Only the current batch
 * decides the value; the statistics in the file are state.
 */
function batchNormalization(op: Operation): ImportResult {
  const { attributes } = op;
  const [x, scale, bias] = [op.input(0), op.input(1), op.input(2)];
  const [runningMean, runningVariance] = [op.input(3), op.input(4)];
  if (op.opset < 9 && !attributes.flag('spatial', true)) throw op.unsupported('has spatial=0, which is not supported');
  const epsilon = attributes.float('epsilon', 1e-5);
  const momentum = attributes.float('momentum', 0.9);
  const stated = attributes.flag('training_mode') || (op.opset < 14 && op.hasOutput(1));
  if (!(op.context.mode.training ?? stated)) {
    return g.batchNormInference(x, scale, bias, runningMean, runningVariance, { epsilon });
  }
  const { output, mean, variance } = g.batchNormTrain(x, scale, bias, { epsilon });
  const blend = (old: Node, current: Node): Node => g.add(g.mul(old, momentum), g.mul(current, 1 - momentum));
  const next = { mean: blend(runningMean, mean), variance: blend(runningVariance, variance) };
  op.context.updateStatistics({ mean, variance }, next);
  return [output, next.mean, next.variance];
}

/** With the mean and the reciprocal of the deviation as further outputs. */
function layerNormalization(op: Operation): ImportResult {
  op.attributes.ignore('stash_type');
  const x = op.input(0);
  const axis = g.normalizeAxis(op.attributes.int('axis', -1), x.shape.length);
  const epsilon = op.attributes.float('epsilon', 1e-5);
  const y = g.layerNorm(x, axis, op.input(1), op.optionalInput(2), epsilon);
  if (!op.hasOutput(1) && !op.hasOutput(2)) return y;
  const axes = [...x.shape.keys()].slice(axis);
  const mean = g.mean(x, axes, { keepDims: true });
  const variance = g.mean(g.square(g.sub(x, mean)), axes, { keepDims: true });
  return [y, mean, g.reciprocal(g.sqrt(g.add(variance, epsilon)))];
}

/** x over its root mean square along the axes from `axis` on (Zhang and Sennrich, 2019). */
function rmsNormalization(op: Operation): Node {
  op.attributes.ignore('stash_type');
  const x = op.input(0);
  const axis = g.normalizeAxis(op.attributes.int('axis', -1), x.shape.length);
  const meanSquare = g.mean(g.square(x), [...x.shape.keys()].slice(axis), { keepDims: true });
  const rms = g.sqrt(g.add(meanSquare, op.attributes.float('epsilon', 1e-5)));
  return g.mul(g.div(x, rms), op.input(1));
}

function instanceNormalization(op: Operation): Node {
  return g.instanceNorm(op.input(0), op.input(1), op.input(2), op.attributes.float('epsilon', 1e-5));
}

/** Before opset 21 scale and bias have one entry per group, which every channel of the group shares. */
function groupNormalization(op: Operation): Node {
  op.attributes.ignore('stash_type');
  const x = op.input(0);
  const groups = op.attributes.int('num_groups');
  if (groups === undefined) throw op.invalid('needs the attribute num_groups');
  const channels = x.shape[1] ?? 0;
  const perChannel = (vector: Node): Node =>
    op.opset >= 21
      ? vector
      : g.reshape(g.broadcastTo(g.reshape(vector, [groups, 1]), [groups, channels / groups]), [channels]);
  const epsilon = op.attributes.float('epsilon', 1e-5);
  return g.groupNorm(x, groups, perChannel(op.input(1)), perChannel(op.input(2)), epsilon);
}

/** x over its p-norm along one axis; 0 where the norm is 0. */
function lpNormalization(op: Operation): Node {
  const x = op.input(0);
  const axes = [op.attributes.int('axis', -1)];
  const p = op.attributes.int('p', 2);
  if (p !== 1 && p !== 2) throw op.invalid('has a norm p other than 1 and 2');
  const length = p === 1 ? g.reduceSum(g.abs(x), axes, { keepDims: true }) : g.norm(x, axes, { keepDims: true });
  const isZero = g.equal(length, 0);
  return g.where(isZero, 0, g.div(x, g.where(isZero, 1, length)));
}

/** x over a power of the mean square of its neighbours in other channels (Krizhevsky et al., 2012). */
function localResponseNormalization(op: Operation): Node {
  const x = op.input(0);
  const [batch = 0, channels = 0, ...rest] = x.shape;
  const size = op.attributes.int('size');
  if (size === undefined || size < 1) throw op.invalid('needs a positive size');
  checkLimit(op.context.limits, 'windowSize', size, `The size of ${op.node.label}`);
  const [alpha, beta] = [op.attributes.float('alpha', 1e-4), op.attributes.float('beta', 0.75)];
  const squares = g.reshape(g.square(x), [batch, 1, channels, elementCount(rest)]);
  const means = g.averagePool(squares, {
    kernel: [size, 1],
    padding: [
      [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)],
      [0, 0],
    ],
    countIncludePad: true,
  });
  const base = g.add(g.mul(means, alpha), op.attributes.float('bias', 1));
  return g.div(x, g.pow(g.reshape(base, x.shape), beta));
}

/** x shifted and scaled to mean 0 and variance 1 over some axes, as ONNX defines it: with 1e-9 beside the deviation. */
function meanVarianceNormalization(op: Operation): Node {
  const x = op.input(0);
  const axes = (op.attributes.ints('axes') ?? [0, 2, 3]).map((axis) => g.normalizeAxis(axis, x.shape.length));
  const centered = g.sub(x, g.mean(x, axes, { keepDims: true }));
  const deviation = g.sqrt(g.mean(g.square(centered), axes, { keepDims: true }));
  return g.div(centered, g.add(deviation, 1e-9));
}

export const normalizationOperators: Record<string, OperatorImporter> = {
  BatchNormalization: { build: batchNormalization },
  GroupNormalization: { build: groupNormalization, since: 18 },
  InstanceNormalization: { build: instanceNormalization },
  LRN: { build: localResponseNormalization },
  LayerNormalization: { build: layerNormalization, since: 17 },
  LpNormalization: { build: lpNormalization },
  MeanVarianceNormalization: { build: meanVarianceNormalization, since: 9 },
  RMSNormalization: { build: rmsNormalization, since: 23 },
};
