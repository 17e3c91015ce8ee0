import { checkLabels } from '../data/labels.js';
import { Random } from '../data/random.js';
import { readSafetensors, type SafetensorsEntry } from '../data/safetensors.js';
import { BilevelError } from '../errors.js';
import { isOp, type Node, topologicalOrder } from '../graph/index.js';
import type { Loss } from '../network/costs.js';
import { drawInput, indexBounds } from '../network/draws.js';
import type { SizeOptions } from '../network/sizes.js';
import type { Network } from '../onnx/index.js';
import { elementCount, formatType, Tensor } from '../tensor.js';
import {
  type CheckSetting,
  checkQuantities,
  checkSetting,
  inputName,
  type Quantities,
  type QuantityName,
} from './quantities.js';

type Arrays = ReadonlyMap<string, Float64Array>;

/** Where a network is checked: elements by the names of the inputs of the quantities' graph. */
export interface CheckPoint {
  readonly setting: CheckSetting;
  readonly feeds: Arrays;
  /** Reference values by quantity, the tensors of a quantity one after the other, when they come from a file. */
  readonly reference: ReadonlyMap<QuantityName, Float64Array> | undefined;
}

/** The name of an input of the quantities' graph. */
export function nameOf(node: Node): string {
  if (!isOp(node, 'input')) throw new TypeError('Only inputs have names.');
  return node.attributes.name;
}

/**
 * A check computes everything in float64 too, by the plain definitions, which larger outputs make a matter of hours.
 */
const mostElements = 2 ** 22;

/** Elements of all values on the way to an output: a small file may ask for more of them than there is memory. */
const mostValues = 2 ** 28;

/** @throws LIMIT_EXCEEDED */
function checkSize(output: Node): void {
  const values = topologicalOrder([output]).reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (elementCount(output.shape) <= mostElements && values <= mostValues) return;
  throw new BilevelError(
    'LIMIT_EXCEEDED',
    `The network's output is ${formatType(output)}, and all values on the way to it have ${values} elements; networks are ` +
      `checked up to ${mostElements} elements of the output and ${mostValues} of all values; take a smaller batch.`,
  );
}

/**
 * A reproducible random point at the parameters of the file.
 * @throws what `checkSetting` throws; LIMIT_EXCEEDED for a network that is too large to be checked
 */
export function randomPoint(network: Network, sizes: SizeOptions, seed: number, loss?: Loss): CheckPoint {
  const random = Random.fromSeed(seed, 'derivative check');
  const setting = checkSetting(network, sizes, loss);
  const quantities = checkQuantities(network, setting);
  const { train, validation, costs } = quantities;
  const normal = ({ shape }: Node, scale: number): Float64Array =>
    Float64Array.from({ length: elementCount(shape) }, () => Math.fround(scale * random.normal()));
  const [, classes = 0] = train.output.shape;
  const feeds = new Map<string, Float64Array>(parameterFeeds(network, quantities));
  for (const { inputs, target, output } of [train, validation]) {
    checkSize(output);
    const bounds = indexBounds([output]);
    for (const node of Object.values(inputs)) feeds.set(nameOf(node), drawInput(node, bounds.get(node), random));
    if (target === undefined) continue;
    const isLabels = setting.cost?.loss === 'crossEntropy';
    const labels = Float64Array.from({ length: elementCount(target.shape) }, () =>
      random.integer(Math.max(1, classes)),
    );
    feeds.set(nameOf(target), isLabels ? labels : normal(target, 1));
  }
  if (costs) {
    feeds.set('u', normal(costs.u, 0.5)).set('gamma', Float64Array.of(0.75)).set('lambda', Float64Array.of(0.25));
    for (const node of costs.nu) feeds.set(nameOf(node), normal(node, 0.01));
  }
  return { setting, feeds, reference: undefined };
}

function parameterFeeds(network: Network, { parameters }: Quantities): [string, Float64Array][] {
  return parameters.map(({ name, node }) => [
    nameOf(node),
    Float64Array.from(network.parameters.get(name)?.value.data ?? []),
  ]);
}

/**
 * The point and the values of a reference file: x_train, y_train, x_val, y_val, u, gamma, lambda, nu/NAME;
 * logits_train, logits_val, f, g, grad_u_g, grad_v_f/NAME, grad_v_g/NAME, hvp_v/NAME, hvp_u, penalty_grad_v/NAME,
 * penalty_grad_u. NAME is a parameter's name in the model; parameters have the values of the model. Where the loss is
 * another than cross-entropy output_train and output_val stand for the logits, and inputs of a network that has several
 * are train/INPUT and val/INPUT.
 * @throws INVALID_FILE when a tensor is missing or of another size than the model's; INVALID_DATA for a label outside
 * the model's classes or a number that is not finite; what readSafetensors and `checkSetting` throw
 */
export async function referencePoint(network: Network, path: string, loss?: Loss): Promise<CheckPoint> {
  const { tensors } = await readSafetensors(path);
  const find = (name: string): SafetensorsEntry => {
    const entry = tensors.get(name);
    if (entry === undefined)
      throw new BilevelError('INVALID_FILE', `The reference file ${path} has no tensor ${name}.`);
    return entry;
  };
  const read = (name: string, count?: number): Float64Array => {
    const entry = find(name);
    if (count !== undefined && entry.data.length !== count) {
      const found = `${entry.data.length} elements of ${name} where the model needs ${count}`;
      throw new BilevelError('INVALID_FILE', `The reference file ${path} has ${found}.`);
    }
    const values = Float64Array.from(entry.data as ArrayLike<number | bigint>, Number);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return values;
    throw new BilevelError('INVALID_DATA', `${path}: element ${bad} of ${name} is ${values[bad]}.`);
  };
  const setting = checkSetting(network, sizesOf(network, find), loss);
  const quantities = checkQuantities(network, setting);
  const { train, validation, costs } = quantities;
  const feeds = new Map<string, Float64Array>(parameterFeeds(network, quantities));
  const readFeed = (node: Node): void => {
    feeds.set(nameOf(node), read(nameOf(node), elementCount(node.shape)));
  };
  for (const { inputs, target } of [train, validation]) {
    for (const node of [...Object.values(inputs), ...(target ? [target] : [])]) readFeed(node);
  }
  if (costs) for (const node of [costs.u, costs.gamma, costs.lambda, ...costs.nu]) readFeed(node);
  if (setting.cost?.loss === 'crossEntropy') {
    for (const name of ['y_train', 'y_val']) {
      const labels = Tensor.from(feeds.get(name) ?? [], [setting.sizes.batch], 'int64');
      checkLabels(labels, train.output.shape[1] ?? 0, `${name} of ${path}`);
    }
  }
  const joined = (parts: readonly Float64Array[]): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...part]));
  const reference = new Map(
    [...quantities.values].map(([quantity, nodes]): [QuantityName, Float64Array] => {
      const counts = nodes.map(({ shape }) => elementCount(shape));
      if (quantity === 'logits' || quantity === 'output') {
        return [quantity, joined(['train', 'val'].map((side, index) => read(`${quantity}_${side}`, counts[index])))];
      }
      if (!/_v(_|$)/.test(quantity)) return [quantity, read(quantity, counts[0])];
      const { parameters } = quantities;
      return [quantity, joined(parameters.map(({ name }, index) => read(`${quantity}/${name}`, counts[index])))];
    }),
  );
  return { setting, feeds, reference };
}

/** The sizes of the inputs in a reference file, of which only those that the model leaves open are taken. */
function sizesOf(network: Network, find: (name: string) => SafetensorsEntry): SizeOptions {
  const sizes: Record<string, number> = {};
  for (const { name, shape = [] } of network.inputs) {
    const stored = find(inputName(network, 'train', name)).shape;
    for (const [axis, size] of shape.entries()) {
      const symbol = typeof size === 'string' && size !== '' ? size : `${name}.${axis}`;
      if (axis > 0 && typeof size !== 'number' && stored[axis] !== undefined) sizes[symbol] = stored[axis];
    }
  }
  const [first] = network.inputs;
  const batch = first && find(inputName(network, 'train', first.name)).shape[0];
  return { batch, usualBatch: 1, sizes };
}
