import { clone, create } from '@bufbuild/protobuf';
import type { OnnxModel } from '../file/decode.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from '../file/schema/onnx_pb.js';

/** All names of tensors in a graph. */
export function namesIn({ graph }: OnnxModel): Set<string> {
  return new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
    ...graph.input.map(({ name }) => name),
  ]);
}

/** A copy of a stored tensor under another name. */
export function renamed(proto: TensorProto, name: string): TensorProto {
  return Object.assign(clone(TensorProtoSchema, proto), { name });
}

/** The node with other inputs, as many as it has. */
export function withInputs(proto: NodeProto, inputs: readonly string[]): NodeProto {
  return Object.assign(create(NodeProtoSchema), proto, { input: inputs.slice(0, proto.input.length) });
}

export function withGraph(model: OnnxModel, node: NodeProto[], initializer: TensorProto[]): OnnxModel {
  const graph = Object.assign(create(GraphProtoSchema), model.graph, { node, initializer });
  return Object.assign(create(ModelProtoSchema), model, { graph });
}
