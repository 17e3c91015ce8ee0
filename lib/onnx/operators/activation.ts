import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import type { Operation, OperatorImporter } from '../operation.js';

/** An activation with one number, given by an attribute. */
function withAlpha(fallback: number, build: (x: Node, alpha: number) => Node): OperatorImporter['build'] {
  return (op) => build(op.input(0), op.attributes.float('alpha', fallback));
}

function prelu(op: Operation): Node {
  const [x, slope] = [op.input(0), op.input(1)];
  return g.where(g.less(x, 0), g.mul(x, slope), x);
}

function gelu(op: Operation): Node {
  return g.gelu(op.input(0), op.attributes.word('approximate', ['none', 'tanh'], 'none'));
}

function selu(op: Operation): Node {
  return g.selu(op.input(0), op.attributes.float('alpha'), op.attributes.float('gamma'));
}

function hardSigmoid(op: Operation): Node {
  return g.hardSigmoid(op.input(0), op.attributes.float('alpha'), op.attributes.float('beta'));
}

/** x moved towards zero by a bias, and zero within lambd of it. */
function shrink(op: Operation): Node {
  const x = op.input(0);
  const [bias, lambda] = [op.attributes.float('bias', 0), op.attributes.float('lambd', 0.5)];
  const real = g.cast(x, 'float32');
  const above = g.where(g.greater(real, lambda), g.sub(real, bias), 0);
  return g.cast(g.where(g.less(real, -lambda), g.add(real, bias), above), x.dtype);
}

/**
 * Softmax and its like before opset 13 see x as a matrix whose rows start at `axis`; from 13 on they work along `axis`
 * alone.
 */
function alongAxis(build: (x: Node, axis: number) => Node): OperatorImporter['build'] {
  return (op) => {
    const x = op.input(0);
    if (op.opset >= 13) return build(x, g.normalizeAxis(op.attributes.int('axis', -1), x.shape.length));
    const axis = op.attributes.int('axis', 1);
    const split = axis < 0 ? axis + x.shape.length : axis;
    const matrix = [elementCount(x.shape.slice(0, split)), elementCount(x.shape.slice(split))];
    return g.reshape(build(g.reshape(x, matrix), 1), x.shape);
  };
}

export const activationOperators: Record<string, OperatorImporter> = {
  Celu: { build: withAlpha(1, (x, alpha) => g.mul(g.elu(g.div(x, alpha)), alpha)), since: 12 },
  Elu: { build: withAlpha(1, g.elu) },
  Gelu: { build: gelu, since: 20 },
  HardSigmoid: { build: hardSigmoid },
  HardSwish: { build: (op) => g.hardSwish(op.input(0)), since: 14 },
  LeakyRelu: { build: withAlpha(0.01, g.leakyRelu) },
  LogSoftmax: { build: alongAxis(g.logSoftmax) },
  Mish: { build: (op) => g.mish(op.input(0)), since: 18 },
  PRelu: { build: prelu },
  Relu: { build: (op) => g.relu(op.input(0)) },
  Selu: { build: selu },
  Shrink: { build: shrink, since: 9 },
  Sigmoid: { build: (op) => g.sigmoid(op.input(0)) },
  Softmax: { build: alongAxis(g.softmax) },
  Softplus: { build: (op) => g.softplus(op.input(0)) },
  Softsign: { build: (op) => g.div(op.input(0), g.add(g.abs(op.input(0)), 1)) },
  Swish: { build: withAlpha(1, (x, alpha) => g.mul(x, g.sigmoid(g.mul(x, alpha)))), since: 24 },
  Tanh: { build: (op) => g.tanh(op.input(0)) },
  ThresholdedRelu: { build: withAlpha(1, (x, alpha) => g.where(g.greater(x, alpha), x, 0)), since: 10 },
};
