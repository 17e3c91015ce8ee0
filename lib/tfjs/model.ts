import { BilevelError, checkKeys, checkRecord, describe, invalidArgument } from '../errors.js';
import { constant, type Node, requireNode, transpose } from '../graph/index.js';
import type { Tensor } from '../tensor.js';
import { rules } from './layers.js';
import { fromTfLayout } from './layouts.js';
import { fromTf } from './tensors.js';
import type { TfLayer, TfLayersModel } from './types.js';
import { isLayersModel, layoutIn, partOf } from './weights.js';

/** Options of {@link applyModel}. */
export interface ApplyModelOptions {
  /** Whether batch normalization uses the statistics of the batch; by default it uses those that the model has. */
  readonly training?: boolean;
}

/**
 * The output of a LayersModel as a graph, which can be differentiated any number of times. Within it images have their
 * channels first; its input and its output are as in TensorFlow.js.
 * @param x [batch, ...input of the model], images as [batch, height, width, channels]
 * @param v weights by name, as `weightsOf` gives them; those that are left out are constants with the model's values
 * @throws INVALID_ARGUMENT; SHAPE_MISMATCH; UNSUPPORTED_OPERATOR naming the layer that is not supported
 */
export function applyModel(
  model: TfLayersModel,
  x: Node,
  v: Readonly<Record<string, Node>>,
  options: ApplyModelOptions = {},
): Node {
  if (!isLayersModel(model)) throw invalidArgument('model', 'a tf.LayersModel', model);
  checkRecord(v, 'v');
  checkKeys(options, ['training'], 'applyModel');
  checkInput(model, requireNode(x, 'x'));
  const { training = false } = options;
  const values = new Map<string, Node>();
  for (const layer of model.layers) values.set(layer.name, apply(layer, x, v, values, training));
  const output = values.get(model.outputs[0]?.sourceLayer.name ?? '') as Node;
  return output.shape.length === 4 ? transpose(output, [0, 2, 3, 1]) : output;
}

function checkInput({ inputs, outputs }: TfLayersModel, x: Node): void {
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new BilevelError(
      'UNSUPPORTED_OPERATOR',
      `The model has ${inputs.length} inputs and ${outputs.length} outputs. Models with one of each are supported.`,
    );
  }
  const [, ...wanted] = inputs[0]?.shape ?? [];
  const [, ...sample] = x.shape;
  const fits = wanted.length === sample.length && wanted.every((size, axis) => size === null || size === sample[axis]);
  if (fits) return;
  throw new BilevelError(
    'SHAPE_MISMATCH',
    `Expected [batch, ${wanted.join(', ')}] for the input of the model but received [${x.shape.join(', ')}].`,
  );
}

function apply(
  layer: TfLayer,
  x: Node,
  v: Readonly<Record<string, Node>>,
  values: ReadonlyMap<string, Node>,
  training: boolean,
): Node {
  const kind = layer.getClassName();
  if (layer.inboundNodes.length !== 1) throw unsupported(layer, `${layer.inboundNodes.length} places in models`);
  const before = layer.inboundNodes[0]?.inboundLayers ?? [];
  // The input of the model, which a layer of a sequential one may stand behind without a layer of its own.
  const first = x.shape.length === 4 ? transpose(x, [0, 3, 1, 2]) : x;
  if (kind === 'InputLayer') return first;
  const rule = Object.hasOwn(rules, kind) ? rules[kind] : undefined;
  if (rule === undefined) throw unsupported(layer, undefined);
  const weight = (part: string): Node | undefined => {
    const variable = layer.weights.find(({ name }) => partOf(name) === part);
    if (variable === undefined || Object.hasOwn(v, variable.name)) return variable && v[variable.name];
    const layout = layoutIn(layer, variable.name);
    const tensor = fromTf(variable.read()) as Tensor<'float32'>;
    const { data, shape } = layout === undefined ? tensor : fromTfLayout(tensor, layout);
    return constant(data, shape);
  };
  const inputs = before.map(({ name }) => values.get(name) ?? first);
  const output = rule({ inputs, config: layer.getConfig(), weight, training });
  if (typeof output === 'string') throw unsupported(layer, output);
  return output;
}

function unsupported(layer: TfLayer, what: string | undefined): BilevelError {
  const part = what === undefined ? '' : ` with ${what}`;
  return new BilevelError(
    'UNSUPPORTED_OPERATOR',
    `The layer ${describe(layer.name)} of the class ${layer.getClassName()}${part} is not supported. Known are: ` +
      `${Object.keys(rules).join(', ')}. Write it with graph operations, or load the model as an ONNX file.`,
  );
}
