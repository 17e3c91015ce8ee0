import {
  add,
  averagePool,
  batchNormInference,
  batchNormTrain,
  concat,
  conv,
  elu,
  globalAveragePool,
  globalMaxPool,
  hardSigmoid,
  leakyRelu,
  matmul,
  maxPool,
  mul,
  type Node,
  relu,
  reshape,
  selu,
  sigmoid,
  softmax,
  softplus,
  tanh,
  transpose,
} from '../graph/index.js';
import { poolSize, windowsOf } from './windows.js';

/** A layer as it is applied: images have their channels first. */
export interface Applied {
  readonly inputs: readonly Node[];
  readonly config: Readonly<Record<string, unknown>>;
  /** A weight by the last part of its name, if the layer has it. */
  readonly weight: (part: string) => Node | undefined;
  readonly training: boolean;
}

/** The output of a layer, or why it is not supported. */
type Rule = (layer: Applied) => Node | string;

const activations: Readonly<Record<string, (x: Node) => Node>> = {
  linear: (x) => x,
  // Channels are last in TensorFlow.js, and behind the batch here.
  softmax: (x) => softmax(x, x.shape.length === 4 ? 1 : -1),
  ...{ relu, elu, selu, sigmoid, softplus, tanh, hardSigmoid },
};

const one = ({ inputs }: Applied): Node => inputs[0] as Node;
const given = ({ weight }: Applied, part: string): Node => weight(part) as Node;
const channelsLast = (x: Node): Node => (x.shape.length === 4 ? transpose(x, [0, 2, 3, 1]) : x);

function activated(name: unknown, x: Node): Node | string {
  const key = String(name ?? 'linear').replace('hard_sigmoid', 'hardSigmoid');
  return Object.hasOwn(activations, key) ? (activations[key] as (x: Node) => Node)(x) : `the activation ${name}`;
}

function convolved(layer: Applied, kernel: Node, groups: number): Node | string {
  const { config, weight } = layer;
  if (config.dataFormat !== 'channelsLast') return `dataFormat ${config.dataFormat}`;
  const x = one(layer);
  const y = conv(x, kernel, { ...windowsOf(config, kernel.shape.slice(2), x.shape), groups });
  const bias = weight('bias');
  return activated(config.activation, bias === undefined ? y : add(y, reshape(bias, [-1, 1, 1])));
}

function normalized(layer: Applied): Node | string {
  const { config, weight, training } = layer;
  const x = one(layer);
  const axis = Number(config.axis);
  if (axis !== -1 && axis !== x.shape.length - 1) return `the axis ${axis}`;
  const [scale, bias] = [weight('gamma'), weight('beta')];
  if (scale === undefined || bias === undefined) return 'no scale or no center';
  const options = { epsilon: Number(config.epsilon) };
  if (training) return batchNormTrain(x, scale, bias, options).output;
  return batchNormInference(x, scale, bias, given(layer, 'moving_mean'), given(layer, 'moving_variance'), options);
}

const windows = (layer: Applied, kernel: readonly number[]) => {
  const { strides, padding } = windowsOf(layer.config, kernel, one(layer).shape);
  return { kernel, strides, padding };
};
const flat = (x: Node): Node => reshape(x, [Number(x.shape[0]), -1]);

/** By the class of the layer. */
export const rules: Readonly<Record<string, Rule>> = {
  Activation: (layer) => activated(layer.config.activation, one(layer)),
  Add: ({ inputs }) => inputs.reduce((sum, each) => add(sum, each)),
  AveragePooling2D: (layer) => averagePool(one(layer), windows(layer, poolSize(layer.config))),
  BatchNormalization: normalized,
  Concatenate: ({ inputs, config }) =>
    Number(config.axis) === -1
      ? concat([...inputs], inputs[0]?.shape.length === 4 ? 1 : -1)
      : `the axis ${config.axis}`,
  Conv2D: (layer) => convolved(layer, given(layer, 'kernel'), 1),
  Dense: (layer) => {
    const x = one(layer);
    if (x.shape.length !== 2) return `an input of ${x.shape.length} axes`;
    const [y, bias] = [matmul(x, given(layer, 'kernel')), layer.weight('bias')];
    return activated(layer.config.activation, bias === undefined ? y : add(y, bias));
  },
  DepthwiseConv2D: (layer) => convolved(layer, given(layer, 'depthwise_kernel'), Number(one(layer).shape[1])),
  Dropout: (layer) => (layer.training ? 'its random choice in training' : one(layer)),
  // The order of the elements is that of TensorFlow.js, so that the dense layers behind it fit.
  Flatten: (layer) => flat(channelsLast(one(layer))),
  GlobalAveragePooling2D: (layer) => flat(globalAveragePool(one(layer))),
  GlobalMaxPooling2D: (layer) => flat(globalMaxPool(one(layer))),
  LeakyReLU: (layer) => leakyRelu(one(layer), Number(layer.config.alpha)),
  MaxPooling2D: (layer) => maxPool(one(layer), windows(layer, poolSize(layer.config))),
  Multiply: ({ inputs }) => inputs.reduce((product, each) => mul(product, each)),
  ReLU: (layer) => (layer.config.maxValue == null ? relu(one(layer)) : 'a largest value'),
  Softmax: (layer) => softmax(one(layer), one(layer).shape.length === 4 ? 1 : -1),
};
