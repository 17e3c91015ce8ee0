import { clone, create } from '@bufbuild/protobuf';
import type { OnnxModel } from './decode.js';
import { GraphProtoSchema, type NodeProto, TensorProtoSchema } from './schema/onnx_pb.js';

/**
 * Gives every Identity of an initializer a stored tensor of its own, named as the Identity's output was, and drops the
 * Identity. Exporters make such nodes when they merge equal parameters; a weight that a model really shares has none.
 */
export function untieParameters(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const initializers = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  const kept: NodeProto[] = [];
  for (const node of graph.node) {
    const source = node.opType === 'Identity' ? initializers.get(node.input[0] ?? '') : undefined;
    const [name] = node.output;
    if (source === undefined || name === undefined || graph.output.some((output) => output.name === name)) {
      kept.push(node);
    } else {
      initializers.set(name, Object.assign(clone(TensorProtoSchema, source), { name }));
    }
  }
  const untied = Object.assign(create(GraphProtoSchema), graph, {
    node: kept,
    initializer: [...initializers.values()],
  });
  return Object.assign(model, { graph: untied });
}
