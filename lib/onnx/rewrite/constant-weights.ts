import { clone, create } from '@bufbuild/protobuf';
import type { OnnxModel } from '../file/decode.js';
import { isReal } from '../file/element-types.js';
import { GraphProtoSchema, type NodeProto, type TensorProto, TensorProtoSchema } from '../file/schema/onnx_pb.js';
import { standardDomain } from '../opset.js';
import { isWeightPlace } from '../uses.js';

/** Layers whose bias exporters may write as an addition of its own. */
const products = /^(?:Conv|ConvTranspose|Gemm|MatMul)$/;

/** Operators through which exporters pass a weight on its way. */
const views = /^(?:Identity|Reshape|Transpose|Squeeze|Unsqueeze)$/;

/** From this version on, initializers need not be listed as inputs too. */
const leastIrVersion = 4n;

/**
 * Makes initializers of Constant nodes that hold weights, for exporters that store all weights so: training changes
 * initializers, and saving writes them. A float tensor with axes is a weight where a layer reads it behind its first
 * input, a product on either side, a Gather as its table, or an addition as the bias of a product. Files in which some
 * layer reads an initializer there keep their Constant nodes: their exporter tells weights from constants.
 */
export function storeConstantWeights(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const tensors = new Map<string, TensorProto>();
  for (const node of graph.node) {
    const [value, name] = [tensorOf(node), node.output[0]];
    if (value !== undefined && name !== undefined) tensors.set(name, value);
  }
  if (tensors.size === 0) return model;
  const weights = findWeights(graph.node, [...tensors.keys(), ...graph.initializer.map(({ name }) => name)]);
  const outputs = new Set(graph.output.map(({ name }) => name));
  if (graph.initializer.some(({ name }) => weights.has(name))) return model;
  const moved = [...tensors].filter(([name]) => weights.has(name) && !outputs.has(name));
  if (moved.length === 0) return model;
  const names = new Set(moved.map(([name]) => name));
  const initializer = moved.map(([name, value]) => Object.assign(clone(TensorProtoSchema, value), { name }));
  const changed = Object.assign(create(GraphProtoSchema), graph, {
    node: graph.node.filter(({ opType, output }) => opType !== 'Constant' || !names.has(output[0] ?? '')),
    initializer: [...graph.initializer, ...initializer],
  });
  const irVersion = model.irVersion > leastIrVersion ? model.irVersion : leastIrVersion;
  return Object.assign(model, { graph: changed, irVersion });
}

/** The float tensor with axes that a Constant node holds. */
function tensorOf({ opType, domain, attribute }: NodeProto): TensorProto | undefined {
  if (opType !== 'Constant' || standardDomain(domain) !== '') return undefined;
  const value = attribute.find(({ name }) => name === 'value')?.t;
  return value !== undefined && value.dims.length > 0 && isReal(value.dataType) ? value : undefined;
}

/** Those of `names` that are read where weights are. */
function findWeights(nodes: readonly NodeProto[], names: readonly string[]): ReadonlySet<string> {
  const sources = new Map(names.map((name) => [name, name]));
  const producers = new Map<string, string>();
  const weights = new Set<string>();
  for (const { opType, domain, input, output } of nodes) {
    if (standardDomain(domain) !== '') continue;
    for (const name of output) producers.set(name, opType);
    const first = sources.get(input[0] ?? '');
    if (views.test(opType) && first !== undefined) sources.set(output[0] ?? '', first);
    const addsToProduct = opType === 'Add' && input.some((name) => products.test(producers.get(name) ?? ''));
    for (const [index, name] of input.entries()) {
      const source = sources.get(name);
      const inLayer = isWeightPlace(opType, index) || opType === 'MatMul';
      const isTable = opType === 'Gather' && index === 0;
      if (source !== undefined && (inLayer || isTable || addsToProduct)) weights.add(source);
    }
  }
  return weights;
}
