import { input, type Node, reshape } from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { elementCount } from '../tensor.js';

/** Features of samples [rows, ...], whatever the network's output is: [rows, features]. */
export function featuresOf(
  network: Network,
  x: Node,
  parameters: Readonly<Record<string, Node>>,
  form: Parameters<Network['apply']>[2],
): Node {
  const output = network.apply(x, parameters, form);
  const [rows = 1] = output.shape;
  return reshape(output, [rows, elementCount(output.shape) / rows]);
}

/** How many features the network gives for a sample. */
export function countFeatures(network: Network, sampleShape: readonly number[]): number {
  const parameters = network.parameterNodes();
  return elementCount(featuresOf(network, input('x', [1, ...sampleShape]), parameters, { training: false }).shape);
}
