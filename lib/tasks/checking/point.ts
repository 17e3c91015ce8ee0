import { checkLabels } from '../../data/labels.js';
import { Random } from '../../data/random.js';
import { readSafetensors } from '../../data/safetensors.js';
import { BilevelError } from '../../errors.js';
import { input } from '../../graph/index.js';
import type { Network } from '../../onnx/index.js';
import { elementCount, formatType, Tensor } from '../../tensor.js';
import { type QuantityName, quantityNames } from './quantities.js';

type Arrays = ReadonlyMap<string, Float64Array>;

/** A point of the denoising pair: elements by the input names of denoisingQuantities. */
export interface CheckPoint {
  readonly batch: number;
  readonly feeds: Arrays;
  /** Reference values by quantity, the tensors of a quantity one after the other, when they come from a file. */
  readonly reference: ReadonlyMap<QuantityName, Float64Array> | undefined;
}

/** @throws SHAPE_MISMATCH unless the network's first output is logits [batch, classes] */
function classesOf(network: Network, batch: number): number {
  const { dtype, shape } = network.apply(input('x', network.inputShape(batch)), network.parameterNodes(), {
    training: false,
  });
  const [rows, classes] = shape;
  if (dtype === 'float32' && shape.length === 2 && rows === batch && classes !== undefined && classes > 0)
    return classes;
  const expected = `logits float32[${batch}, classes] for ${batch} inputs`;
  throw new BilevelError(
    'SHAPE_MISMATCH',
    `The check needs ${expected} but the network gives ${formatType({ dtype, shape })}.`,
  );
}

/** A reproducible random point at the parameters of the file. */
export function randomPoint(network: Network, batch: number, seed: number): CheckPoint {
  const random = Random.fromSeed(seed, 'derivative check');
  const classes = classesOf(network, batch);
  const draw = (count: number, scale: number): Float64Array =>
    Float64Array.from({ length: count }, () => Math.fround(scale * random.normal()));
  const labels = (): Float64Array => Float64Array.from({ length: batch }, () => random.integer(classes));
  const inputSize = elementCount(network.inputShape(batch));
  const feeds = new Map<string, Float64Array>([
    ['x_train', draw(inputSize, 1)],
    ['y_train', labels()],
    ['x_val', draw(inputSize, 1)],
    ['y_val', labels()],
    ['u', draw(batch, 0.5)],
    ['gamma', Float64Array.of(0.75)],
    ['lambda', Float64Array.of(0.25)],
  ]);
  for (const [name, { data }] of Object.entries(network.initialParameters())) {
    feeds.set(`v/${name}`, Float64Array.from(data));
    feeds.set(`nu/${name}`, draw(data.length, 0.01));
  }
  return { batch, feeds, reference: undefined };
}

/**
 * The point and the values of a reference file: x_train, y_train, x_val, y_val, u, gamma, lambda, nu/NAME; logits_train,
 * logits_val, f, g, grad_u_g, grad_v_f/NAME, grad_v_g/NAME, hvp_v/NAME, hvp_u, penalty_grad_v/NAME, penalty_grad_u. NAME
 * is a parameter's name in the model; parameters have the values of the model.
 * @throws INVALID_FILE when a tensor is missing or of another size than the model's; INVALID_DATA for a label outside the
 * model's classes or a number that is not finite; what readSafetensors throws
 */
export async function referencePoint(network: Network, path: string): Promise<CheckPoint> {
  const { tensors } = await readSafetensors(path);
  const read = (name: string, count?: number): Float64Array => {
    const entry = tensors.get(name);
    if (entry === undefined)
      throw new BilevelError('INVALID_FILE', `The reference file ${path} has no tensor ${name}.`);
    if (count !== undefined && entry.data.length !== count) {
      const found = `${entry.data.length} elements of ${name} where the model needs ${count}`;
      throw new BilevelError('INVALID_FILE', `The reference file ${path} has ${found}.`);
    }
    const values = Float64Array.from(entry.data as ArrayLike<number | bigint>, Number);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return values;
    throw new BilevelError('INVALID_DATA', `${path}: element ${bad} of ${name} is ${values[bad]}.`);
  };
  const parameters = Object.entries(network.initialParameters());
  const batch = read('y_train').length;
  const inputSize = elementCount(network.inputShape(batch));
  const sizes = { x_train: inputSize, y_train: batch, x_val: inputSize, y_val: batch, u: batch, gamma: 1, lambda: 1 };
  const feeds = new Map(Object.entries(sizes).map(([name, count]) => [name, read(name, count)]));
  for (const [name, { data }] of parameters) {
    feeds.set(`v/${name}`, Float64Array.from(data));
    feeds.set(`nu/${name}`, read(`nu/${name}`, data.length));
  }
  const classes = classesOf(network, batch);
  for (const name of ['y_train', 'y_val']) {
    checkLabels(Tensor.from(feeds.get(name) ?? [], [batch], 'int64'), classes, `${name} of ${path}`);
  }
  const joined = (parts: readonly Float64Array[]): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...part]));
  const reference = new Map(
    quantityNames.map((quantity): [QuantityName, Float64Array] => {
      if (quantity === 'logits') return [quantity, joined([read('logits_train'), read('logits_val')])];
      if (!/_v(_|$)/.test(quantity)) return [quantity, read(quantity)];
      return [quantity, joined(parameters.map(([name, { data }]) => read(`${quantity}/${name}`, data.length)))];
    }),
  );
  return { batch, feeds, reference };
}
