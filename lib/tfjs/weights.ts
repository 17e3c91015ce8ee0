import { adviseName, BilevelError, checkRecord, invalidArgument, isRecord } from '../errors.js';
import { Tensor } from '../tensor.js';
import { fromTfLayout, type LayoutName, toTfLayout } from './layouts.js';
import { fromTf, ownTf } from './tensors.js';
import type { TfGraphModel, TfLayer, TfLayersModel, TfModule, TfTensor, TfVariable } from './types.js';

/** How the kernels of layers lie, by class and by the last part of the weight's name. */
const kernels: Readonly<Record<string, Readonly<Record<string, LayoutName>>>> = {
  Conv1D: { kernel: 'conv1d' },
  Conv2D: { kernel: 'conv' },
  Conv2DTranspose: { kernel: 'convTranspose' },
  DepthwiseConv2D: { depthwise_kernel: 'depthwise' },
  SeparableConv2D: { depthwise_kernel: 'depthwise', pointwise_kernel: 'conv' },
};

interface Weight<T extends TfTensor> {
  readonly variable: TfVariable<T>;
  readonly layout: LayoutName | undefined;
}

/** The last part of a weight's name: kernel, bias, gamma. */
export const partOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** How a weight of a layer lies, where that is not as here. */
export const layoutIn = (layer: TfLayer, weight: string): LayoutName | undefined =>
  kernels[layer.getClassName()]?.[partOf(weight)];

/** @throws INVALID_ARGUMENT for what is no model */
export function isLayersModel<T extends TfTensor>(
  model: TfLayersModel<T> | TfGraphModel<T>,
): model is TfLayersModel<T> {
  if (isRecord(model) && Array.isArray((model as Partial<TfLayersModel>).layers)) return true;
  if (isRecord(model) && isRecord((model as Partial<TfGraphModel>).weights)) return false;
  throw invalidArgument('model', 'a tf.LayersModel or a tf.GraphModel', model);
}

function weightsByName<T extends TfTensor>({ layers }: TfLayersModel<T>): Map<string, Weight<T>> {
  return new Map(
    layers.flatMap((layer) =>
      layer.weights.map((variable) => {
        return [variable.name, { variable, layout: layoutIn(layer, variable.name) }] as const;
      }),
    ),
  );
}

/**
 * The weights of a model by their names, as copies to start variables of a problem from. Of a LayersModel these are
 * the trainable ones, and kernels of convolutions have their axes as in ONNX, [out, in, height, width], as `applyModel`
 * takes them. Of a GraphModel these are all of float32, as they lie in the model: `fromTfLayout` moves axes.
 * @throws INVALID_ARGUMENT for what is no model; DISPOSED
 */
export function weightsOf(model: TfLayersModel | TfGraphModel): Record<string, Tensor<'float32'>> {
  if (!isLayersModel(model)) {
    const floats = Object.entries(model.weights).flatMap(([name, [tensor]]) =>
      tensor?.dtype === 'float32' ? [[name, fromTf(tensor).clone() as Tensor<'float32'>] as const] : [],
    );
    return Object.fromEntries(floats);
  }
  const weights = weightsByName(model);
  return Object.fromEntries(
    model.trainableWeights.map(({ name }) => {
      const { variable, layout } = weights.get(name) as Weight<TfTensor>;
      const tensor = fromTf(variable.read()) as Tensor<'float32'>;
      return [name, layout === undefined ? tensor.clone() : fromTfLayout(tensor, layout)];
    }),
  );
}

/**
 * Gives a LayersModel other weights: copies, with the axes of kernels as TensorFlow.js has them. Weights that are left
 * out stay; nothing is changed where one does not fit.
 * @param tf the module of TensorFlow.js that the model is of
 * @param v by name, such as `state.v` of a problem that began with {@link weightsOf}
 * @throws INVALID_ARGUMENT for a name that the model does not have, and for a GraphModel, whose weights are constants;
 *   SHAPE_MISMATCH
 */
export function setWeights<T extends TfTensor>(
  tf: TfModule<T>,
  model: TfLayersModel<T>,
  v: Readonly<Record<string, Tensor>>,
): void {
  if (!isLayersModel(model)) {
    throw invalidArgument('model', 'a tf.LayersModel, for the weights of a tf.GraphModel are constants,', model);
  }
  checkRecord(v, 'v');
  const weights = weightsByName(model);
  const written = Object.entries(v).map(([name, tensor]) => {
    const weight = weights.get(name);
    if (weight === undefined) {
      const advice = adviseName(name, [...weights.keys()]);
      throw new BilevelError('INVALID_ARGUMENT', `The model has no weight ${JSON.stringify(name)}. ${advice}`);
    }
    if (!(tensor instanceof Tensor)) throw invalidArgument(`the weight ${JSON.stringify(name)}`, 'a Tensor', tensor);
    return { ...weight, name, tensor };
  });
  const made: { readonly variable: TfVariable<T>; readonly value: T }[] = [];
  try {
    for (const { variable, layout, name, tensor } of written) {
      const like = variable.read();
      const moved = layout === undefined ? tensor : toTfLayout(tensor as Tensor<'float32'>, layout, like.shape);
      made.push({ variable, value: ownTf(tf, name, moved, like) });
    }
    for (const { variable, value } of made) variable.write(value);
  } finally {
    for (const { value } of made) value.dispose();
  }
}
