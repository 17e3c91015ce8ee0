import { compileCached } from '../compile/index.js';
import type { Device } from '../engine/index.js';
import { constant, gather, input } from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { Tensor } from '../tensor.js';

type Parameters = Readonly<Record<string, Tensor>>;

/** Batches that are averaged over: at the usual momentum of 0.9 what was before them counts for nothing. */
const batches = 100;

/**
 * Running statistics of batch normalization for parameters that were trained without them: the network is applied in its
 * training form to one batch after the other, and each batch moves the statistics by the layer's own momentum. They are what
 * the inference form normalizes by, so they belong to the parameters when a trained network is used or saved.
 * @param inputs what the network was trained on, [n, ...]
 * @param batch rows of a batch, at most n
 * @returns the statistics by their names in the model; none when no layer of the model updates any
 */
export async function runningStatistics(
  network: Network,
  inputs: Tensor<'float32'>,
  parameters: Parameters,
  batch: number,
  device: Device,
): Promise<Parameters> {
  const [count = 0] = inputs.shape;
  const rows = Math.min(batch, count);
  const index = input('index', [rows], 'int32');
  const x = gather(input('inputs', inputs.shape), index);
  const nodes = network.parameterNodes('v/');
  const statistics = [...network.state.values()].map(({ name, value }) => ({
    name,
    node: input(`statistics/${name}`, value.shape),
    tensor: value.clone(),
  }));
  const current = Object.fromEntries(statistics.map(({ name, node }) => [name, node]));
  const key = constant([0, 0], [2], 'int32');
  const { state: next } = network.applyWithState(x, { ...nodes, ...current }, { key });
  const updated = statistics.filter(({ name }) => Object.hasOwn(next, name));
  if (updated.length === 0) return {};

  const compiled = compileCached({
    perStep: [index],
    updates: updated.map(({ name, node }) => [node, next[name] ?? node]),
  });
  const order = Tensor.zeros([batches, rows], 'int32');
  for (let position = 0; position < order.size; position++) order.data[position] = position % count;
  const tensors: Record<string, Tensor> = { inputs, index: order };
  for (const [name, tensor] of Object.entries(parameters)) tensors[`v/${name}`] = tensor;
  for (const { name, tensor } of statistics) tensors[`statistics/${name}`] = tensor;
  using program = device.load(compiled);
  const bound = compiled.bindings.map(({ name }): [string, Tensor] => [name, tensors[name] as Tensor]);
  await program.run(Object.fromEntries(bound), { steps: batches });
  return Object.fromEntries(updated.map(({ name, tensor }) => [name, tensor]));
}
