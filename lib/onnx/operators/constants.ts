import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { DType, Shape } from '../../tensor.js';
import { type ElementType, elementType, saturate } from '../file/element-types.js';
import type { TensorProto } from '../file/schema/onnx_pb.js';
import { checkTensor, tensorValues } from '../file/stored-tensor.js';
import { integers, type Operation, type OperatorImporter } from '../operation.js';

function tensorConstant(op: Operation, proto: TensorProto): Node {
  const stored = checkTensor(proto, op.context.limits, `The value of ${op.node.label}`);
  return g.constant(tensorValues(stored), stored.shape, stored.dtype);
}

/** A tensor, or from opset 12 on plain numbers. */
function constant(op: Operation): Node {
  const { attributes } = op;
  const proto = attributes.tensor('value');
  if (proto !== undefined) return tensorConstant(op, proto);
  const [float, floats] = [attributes.float('value_float'), attributes.floats('value_floats')];
  const [int, ints] = [attributes.int('value_int'), attributes.ints('value_ints')];
  if (float !== undefined) return g.constant(float);
  if (floats !== undefined) return g.constant(floats);
  if (int !== undefined) return integers([int], []);
  if (ints !== undefined) return integers(ints);
  throw op.unsupported('holds no dense tensor of numbers');
}

function constantOfShape(op: Operation): Node {
  const shape = op.constantInput(0);
  const proto = op.attributes.tensor('value');
  const value = proto === undefined ? g.constant(0) : tensorConstant(op, proto);
  return g.broadcastTo(g.reshape(value, []), shape);
}

function range(op: Operation): Node {
  op.attributes.ignore('stash_type');
  const [start, limit, delta] = [0, 1, 2].map((index) => op.optionalScalarInput(index));
  if (start === undefined || limit === undefined || delta === undefined || delta === 0) {
    throw op.invalid('needs a start, a limit and a step that is not 0');
  }
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  return op.sequence(length, (index) => start + index * delta, op.input(0).dtype);
}

/** Narrow integer types are held as int32, so a cast to one has to wrap around; that is done with constants only. */
function cast(op: Operation): Node {
  op.attributes.ignore('saturate', 'round_mode');
  const x = op.input(0);
  const type = elementType(op.attributes.int('to', 0), `The result of ${op.node.label}`);
  const narrow = type.dtype === 'int32' && type.name !== 'int32';
  if (!narrow || x.dtype === 'bool') return castTo(op, x, type.dtype);
  if (!g.isOp(x, 'constant')) throw op.unsupported(`casts to ${type.name}, which is not supported`);
  return wrapped(op, x.attributes.data, x.shape, type);
}

function wrapped(op: Operation, data: Float64Array, shape: Shape, { name, bytes, dtype }: ElementType): Node {
  op.context.countFolded(data.length);
  const range = 2 ** (8 * bytes);
  const least = name.startsWith('u') ? 0 : -range / 2;
  const values = data.map((value) => {
    if (!Number.isFinite(value)) return 0;
    return ((((Math.trunc(value) - least) % range) + range) % range) + least;
  });
  return g.constant(values, shape, dtype);
}

function castLike(op: Operation): Node {
  op.attributes.ignore('saturate', 'round_mode');
  return castTo(op, op.input(0), op.input(1).dtype);
}

/** A constant real beyond the integers that can be told apart, such as an infinity, saturates like those of files. */
function castTo(op: Operation, x: Node, dtype: DType): Node {
  if (dtype !== 'int64' || x.dtype !== 'float32' || !g.isOp(x, 'constant')) return g.cast(x, dtype);
  const { data } = x.attributes;
  op.context.countFolded(data.length);
  const whole = data.map((value) => (Number.isNaN(value) ? 0 : saturate(Math.trunc(value))));
  return g.constant(whole, x.shape, dtype);
}

/** Ones on the k-th diagonal of a matrix with the shape of x. */
function eyeLike(op: Operation): Node {
  const x = op.input(0);
  const [k, to] = [op.attributes.int('k', 0), op.attributes.int('dtype')];
  const [rows, columns] = x.shape;
  if (rows === undefined || columns === undefined || x.shape.length !== 2) throw op.invalid('needs a matrix');
  const diagonal = g.add(g.reshape(op.sequence(rows), [rows, 1]), k);
  const dtype = to === undefined ? x.dtype : elementType(to, `The result of ${op.node.label}`).dtype;
  return g.cast(g.equal(op.sequence(columns), diagonal), dtype);
}

export const constantOperators: Record<string, OperatorImporter> = {
  Cast: { build: cast },
  CastLike: { build: castLike, since: 15 },
  Constant: { build: constant },
  ConstantOfShape: { build: constantOfShape, since: 9 },
  EyeLike: { build: eyeLike, since: 9, constantAlmostEverywhere: true },
  Range: { build: range, since: 11, settings: [0, 1, 2] },
};
