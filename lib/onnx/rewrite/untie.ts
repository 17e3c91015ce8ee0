import { clone, create } from '@bufbuild/protobuf';
import type { OnnxModel } from '../file/decode.js';
import type { OnnxLimits } from '../file/limits.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from '../file/schema/onnx_pb.js';
import { checkTensor } from '../file/stored-tensor.js';
import { floatSizes } from '../model-graph.js';
import { readNode } from '../model-node.js';
import { readOrigins } from '../origins.js';
import { findMerged, type MergedTensor } from '../training/merged.js';
import { traceUses } from '../uses.js';

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
  const taken = new Set([
    ...protos.keys(),
    ...nodes.flatMap((node) => node.outputs),
    ...graph.input.map(({ name }) => name),
  ]);
  for (const each of merged) separate(each);

  function separate({ tensor, others }: MergedTensor): void {
    for (const { name, uses } of others) {
      const proto = protos.get(tensor.name);
      if (proto === undefined) continue;
      const own = unusedName(name, taken);
      taken.add(own);
      protos.set(own, renamed(proto, own));
      for (const { node, input } of uses) inputs.get(node)?.splice(input, 1, own);
    }
  }

  const rewritten = graph.node.map((proto, index) => {
    const node = nodes[index];
    return Object.assign(create(NodeProtoSchema), proto, {
      input: (node && inputs.get(node)?.slice(0, proto.input.length)) ?? proto.input,
    });
  });
  return withGraph(model, rewritten, [...protos.values()]);
}

function unusedName(name: string, taken: ReadonlySet<string>): string {
  let own = name;
  for (let count = 2; taken.has(own); count++) own = `${name}_${count}`;
  return own;
}

function renamed(proto: TensorProto, name: string): TensorProto {
  return Object.assign(clone(TensorProtoSchema, proto), { name });
}

function withGraph(model: OnnxModel, node: NodeProto[], initializer: TensorProto[]): OnnxModel {
  const graph = Object.assign(create(GraphProtoSchema), model.graph, { node, initializer });
  return Object.assign(create(ModelProtoSchema), model, { graph });
}
