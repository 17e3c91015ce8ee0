import { takeName } from '../../names.js';
import type { OnnxModel } from '../file/decode.js';
import type { OnnxLimits } from '../file/limits.js';
import type { NodeProto } from '../file/schema/onnx_pb.js';
import { checkTensor } from '../file/stored-tensor.js';
import { floatSizes } from '../model-graph.js';
import { readNode } from '../model-node.js';
import { readOrigins } from '../origins.js';
import { findMerged, type MergedTensor } from '../training/merged.js';
import { traceUses } from '../uses.js';
import { namesIn, renamed, withGraph, withInputs } from './graph-edit.js';

/**
 * Gives every tensor of the module a stored tensor of its own where the exporter stored equal ones once. A weight that
 * the module itself shares stays one.
 */
export function untieParameters(model: OnnxModel, limits: OnnxLimits): OnnxModel {
  return untieUses(untieIdentities(model), limits);
}

/** Drops every Identity of an initializer, and names the new tensor as the Identity's output was. */
function untieIdentities(model: OnnxModel): OnnxModel {
  const { graph } = model;
  // The default exporter notes what it merges; its Identity nodes are operations of the module.
  if (readOrigins(model).byTarget.size > 0) return model;
  const initializers = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  const kept: NodeProto[] = [];
  for (const node of graph.node) {
    const source = node.opType === 'Identity' ? initializers.get(node.input[0] ?? '') : undefined;
    const [name] = node.output;
    const isNew = name !== undefined && !initializers.has(name) && !graph.output.some((output) => output.name === name);
    if (source !== undefined && isNew) initializers.set(name, renamed(source, name));
    else kept.push(node);
  }
  return withGraph(model, kept, [...initializers.values()]);
}

/** Where nodes read one tensor in place of several, each gets its own. */
function untieUses(model: OnnxModel, limits: OnnxLimits): OnnxModel {
  const { graph } = model;
  const origins = readOrigins(model);
  const nodes = graph.node.map((proto, index) => readNode(proto, index, origins));
  const protos = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  const tensors = new Map(
    [...protos].map(([name, proto]) => [name, checkTensor(proto, limits, `Initializer ${name}`)]),
  );
  const merged = findMerged(traceUses(nodes, floatSizes(tensors.values()), origins), tensors, origins);
  if (merged.length === 0) return model;
  const inputs = new Map(nodes.map((node) => [node, [...node.inputs]]));
  const taken = namesIn(model);
  for (const each of merged) separate(each);

  function separate({ tensor, others }: MergedTensor): void {
    for (const { name, uses } of others) {
      const proto = protos.get(tensor.name);
      if (proto === undefined) continue;
      const own = takeName(name, taken);
      protos.set(own, renamed(proto, own));
      for (const { node, input } of uses) inputs.get(node)?.splice(input, 1, own);
    }
  }

  const rewritten = graph.node.map((proto, index) => {
    const node = nodes[index];
    return withInputs(proto, (node && inputs.get(node)) ?? proto.input);
  });
  return withGraph(model, rewritten, [...protos.values()]);
}
