import { takeName } from '../../names.js';
import type { OnnxModel } from '../file/decode.js';
import type { OnnxLimits } from '../file/limits.js';
import { checkTensor } from '../file/stored-tensor.js';
import { floatSizes } from '../model-graph.js';
import { type ModelNode, readNode } from '../model-node.js';
import { standardDomain } from '../opset.js';
import { readOrigins } from '../origins.js';
import { traceUses } from '../uses.js';
import { namesIn, renamed, withGraph, withInputs } from './graph-edit.js';

/** Where batch normalization reads its running statistics, by their names in PyTorch. */
const places = new Map([
  [3, 'running_mean'],
  [4, 'running_var'],
]);

/** A place where batch normalization reads a statistic. */
interface Place {
  readonly node: ModelNode;
  readonly input: number;
  /** What the place reads, maybe the output of an Identity. */
  readonly name: string;
}

/**
 * Gives the running statistics of each batch normalization a stored tensor of their own. Exporters store equal tensors
 * once: in a network that is not yet trained, means with biases and variances with scales, and those of different
 * layers. A statistic that shares a weight's tensor would move with the weight, and could not be set when the network
 * is saved. A layer that the module applies several times keeps one.
 */
export function separateStatistics(model: OnnxModel, limits: OnnxLimits): OnnxModel {
  const { graph } = model;
  const isNormalization = ({ opType, domain }: { readonly opType: string; readonly domain: string }): boolean =>
    opType === 'BatchNormalization' && standardDomain(domain) === '';
  if (!graph.node.some(isNormalization)) return model;
  const origins = readOrigins(model);
  const nodes = graph.node.map((proto, index) => readNode(proto, index, origins));
  const protos = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  const sources = new Map([...protos.keys()].map((name) => [name, name]));
  const statistics = new Map<string, Place[]>();
  // Tensors, and outputs of Identity nodes, that something else reads.
  const read = new Set<string>(graph.output.map(({ name }) => name));
  for (const node of nodes) {
    for (const [input, name] of node.inputs.entries()) {
      const source = sources.get(name);
      if (source === undefined) continue;
      if (node.opType === 'Identity') sources.set(node.outputs[0] ?? '', source);
      else if (isNormalization(node) && places.has(input))
        statistics.set(source, [...(statistics.get(source) ?? []), { node, input, name }]);
      else read.add(source).add(name);
    }
  }
  const tensors = [...protos].map(([name, proto]) => checkTensor(proto, limits, `Initializer ${name}`));
  const traced = new Map<ModelNode, Map<number, string>>();
  for (const { node, input, origin } of traceUses(nodes, floatSizes(tensors), origins)) {
    if (typeof origin !== 'object' || !isNormalization(node)) continue;
    traced.set(node, (traced.get(node) ?? new Map()).set(input, origin.target));
  }

  const copies = [...statistics.values()].flat().filter(({ name }) => !protos.has(name) && !read.has(name));
  const dropped = new Set(copies.map(({ name }) => name));
  const taken = namesIn(model);
  for (const name of dropped) taken.delete(name);
  const inputs = new Map(nodes.map((node) => [node, [...node.inputs]]));
  let changed = false;
  for (const [source, uses] of statistics) {
    const proto = protos.get(source);
    const groups = new Map<string, Place[]>();
    for (const place of uses) {
      const key = keyOf(place, read.has(source));
      groups.set(key, [...(groups.get(key) ?? []), place]);
    }
    if (proto === undefined || (groups.size === 1 && !read.has(source))) continue;
    changed = true;
    // A layer that reads the tensor under its own name keeps it where nothing else does.
    const [keeps] = read.has(source) ? [] : ([...groups].find(([, [place]]) => place?.name === source) ?? []);
    for (const [key, group] of groups) {
      const [first] = group;
      if (key === keeps || first === undefined) continue;
      const own = takeName(nameOf(first), taken);
      protos.set(own, renamed(proto, own));
      for (const { node, input } of group) inputs.get(node)?.splice(input, 1, own);
    }
  }
  if (!changed) return model;
  const rewritten = graph.node.map((proto, index) => {
    const node = nodes[index];
    return withInputs(proto, (node && inputs.get(node)) ?? proto.input);
  });
  const kept = rewritten.filter(({ opType, output }) => opType !== 'Identity' || !dropped.has(output[0] ?? ''));
  return withGraph(model, kept, [...protos.values()]);

  /** The same for the places of one layer. The name of a weight's tensor tells nothing of layers. */
  function keyOf({ node, input, name }: Place, isWeight: boolean): string {
    const target = traced.get(node)?.get(input);
    if (target !== undefined) return target;
    if (name !== sources.get(name)) return `${name} ${input}`;
    return isWeight ? `${node.label} ${input}` : `${node.inputs.slice(1, 5).join(' ')} ${input}`;
  }

  function nameOf({ node, input, name }: Place): string {
    const target = traced.get(node)?.get(input);
    if (target !== undefined) return target;
    return name !== sources.get(name) ? name : `${node.outputs[0]}.${places.get(input)}`;
  }
}
