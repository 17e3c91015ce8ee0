import { compileCached, optionsFor } from '../../../compile/index.js';
import { bindTensors, type Device } from '../../../engine/index.js';
import { constant, input, mul, type Node } from '../../../graph/index.js';
import { featuresOf } from '../../../network/features.js';
import type { Network } from '../../../onnx/index.js';
import { Tensor } from '../../../tensor.js';

/** Frozen features of samples: of a network that is cut at a node. */
export interface FeatureMap {
  readonly network: Network;
  /** Where it is cut. */
  readonly upTo: string;
  /** Parameters and running statistics, which stay as they are. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** What features are multiplied by. */
  readonly scale: number;
}

/** Samples [n, ...] to [n, features]. */
export function applyFeatures({ network, upTo, parameters, scale }: FeatureMap, x: Node): Node {
  const frozen = Object.fromEntries(Object.entries(parameters).map(([name, tensor]) => [name, constant(tensor)]));
  return mul(scale, featuresOf(network, x, frozen, { upTo, training: false }));
}

/** The features of samples, float32 [n, features]. */
export async function computeFeatures(
  map: FeatureMap,
  inputs: Tensor<'float32'>,
  device: Device,
): Promise<Tensor<'float32'>> {
  const features = applyFeatures(map, input('inputs', inputs.shape));
  const compiled = compileCached({ outputs: { features } }, optionsFor(device));
  using program = device.load(compiled);
  const found = Tensor.zeros(features.shape);
  await program.run(bindTensors(compiled, { inputs, features: found }));
  return found;
}

/** Features scaled so that the samples' have a mean square length of 1, whatever network they are of. */
export async function unitFeatures(
  map: Omit<FeatureMap, 'scale'>,
  samples: Tensor<'float32'>,
  device: Device,
): Promise<FeatureMap> {
  const { data, shape } = await computeFeatures({ ...map, scale: 1 }, samples, device);
  const [count = 1] = shape;
  const square = data.reduce((sum, value) => sum + value * value, 0) / count;
  return { ...map, scale: square > 0 ? 1 / Math.sqrt(square) : 1 };
}
