import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Shape } from '../../tensor.js';
import { elementType } from '../file/element-types.js';
import { type ImportResult, integers, type Operation, type OperatorImporter } from '../operation.js';

/**
 * Ratio and mode are attribute and absent before opset 12, inputs from then on. In the training form the elements that
 * stay are a pure function of the key that the caller gives. The mask, true where they stay, is of x's type before
 * opset 10.
 */
function dropout(op: Operation): ImportResult {
  op.attributes.ignore('seed');
  const x = op.input(0);
  const ratio = op.opset < 12 ? op.attributes.float('ratio', 0.5) : (op.optionalScalarInput(1) ?? 0.5);
  const stated = op.opset >= 12 && (op.optionalScalarInput(2) ?? 0) !== 0;
  const training = op.context.mode.training ?? stated;
  const typed = (mask: Node): Node => (op.opset < 10 ? g.cast(mask, x.dtype) : mask);
  if (!training || ratio === 0) return [x, op.hasOutput(1) ? typed(g.broadcastTo(1, x.shape, 'bool')) : undefined];
  const key = ownKey(op, 'is applied in training mode and');
  return [g.dropout(x, ratio, key), typed(g.greaterEqual(g.randomUniform(key, x.shape), ratio))];
}

/** Every node draws from a stream of its own; the golden ratio's bits keep it apart from those of other keys. */
function ownKey(op: Operation, why: string): Node {
  const { key } = op.context.mode;
  if (key === undefined) {
    throw op.argument(`${why} needs { key }, an int32 [2] node; or apply with { training: false } where it is dropout`);
  }
  return g.add(key, integers([0, Math.imul(op.context.serial, 0x9e3779b9)], [2], 'int32'));
}

/**
 * Random numbers as a pure function of the key that the caller gives; a seed in the file would give the same in every
 * step.
 */
function draws(build: (op: Operation, key: Node) => Node): OperatorImporter {
  return {
    constantAlmostEverywhere: true,
    build(op) {
      op.attributes.ignore('seed');
      const x = build(op, ownKey(op, 'draws random numbers and'));
      const to = op.attributes.int('dtype');
      return to === undefined ? x : g.cast(x, elementType(to, `The result of ${op.node.label}`).dtype);
    },
  };
}

/** The shape comes from an attribute, or is that of an input. */
function shapeOf(op: Operation, like: boolean): Shape {
  if (like) return op.input(0).shape;
  const shape = op.attributes.ints('shape');
  if (shape === undefined) throw op.invalid('needs the attribute shape');
  return shape;
}

function uniform(like: boolean): OperatorImporter {
  return draws((op, key) => {
    const [low, high] = [op.attributes.float('low', 0), op.attributes.float('high', 1)];
    return g.add(g.mul(g.randomUniform(key, shapeOf(op, like)), high - low), low);
  });
}

function normal(like: boolean): OperatorImporter {
  return draws((op, key) => {
    const [mean, deviation] = [op.attributes.float('mean', 0), op.attributes.float('scale', 1)];
    return g.add(g.mul(g.randomNormal(key, shapeOf(op, like)), deviation), mean);
  });
}

/** 1 with the probability that x gives. */
const bernoulli = draws((op, key) => {
  const x = op.input(0);
  return g.cast(g.less(g.randomUniform(key, x.shape), x), x.dtype);
});

/** Classes drawn by the largest of log-probabilities with Gumbel noise (Gumbel, 1954), `sample_size` for each row. */
const multinomial = draws((op, key) => {
  const x = op.input(0);
  const [rows = 0, classes = 0] = x.shape;
  const noise = g.randomUniform(key, [rows, op.attributes.int('sample_size', 1), classes]);
  const gumbel = g.neg(g.log(g.neg(g.log(g.sub(1, noise)))));
  return g.cast(g.argMax(g.add(g.expandDims(x, [1]), gumbel), 2), 'int32');
});

export const randomOperators: Record<string, OperatorImporter> = {
  Bernoulli: { ...bernoulli, since: 15 },
  Dropout: { build: dropout, settings: [1, 2] },
  Multinomial: multinomial,
  RandomNormal: normal(false),
  RandomNormalLike: normal(true),
  RandomUniform: uniform(false),
  RandomUniformLike: uniform(true),
};
