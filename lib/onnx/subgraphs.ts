import type { AttributeProto, GraphProto } from './file/schema/onnx_pb.js';

/** The graphs among the attributes of a node: branches, or the body of a loop. */
export function subgraphsOf(attributes: readonly AttributeProto[]): GraphProto[] {
  return attributes.flatMap(({ g, graphs }) => [...(g === undefined ? [] : [g]), ...graphs]);
}

/** Names that the graphs of a node read from outside of them, each once. */
export function capturedNames(attributes: readonly AttributeProto[]): string[] {
  const captured = new Set<string>();
  for (const graph of subgraphsOf(attributes)) {
    const own = new Set([
      '',
      ...graph.input.map(({ name }) => name),
      ...graph.initializer.map(({ name }) => name),
      ...graph.node.flatMap(({ output }) => output),
    ]);
    const read = [
      ...graph.node.flatMap(({ input, attribute }) => [...input, ...capturedNames(attribute)]),
      ...graph.output.map(({ name }) => name),
    ];
    for (const name of read) if (!own.has(name)) captured.add(name);
  }
  return [...captured];
}
