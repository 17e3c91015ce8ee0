import { adviseName, BilevelError, describe, invalidArgument } from '../errors.js';
import { bytesPerElement, type DType, elementCount } from '../tensor.js';
import type { OnnxModel } from './file/decode.js';
import { elementType } from './file/element-types.js';
import { checkLimit, type OnnxLimits } from './file/limits.js';
import type { ValueInfoProto } from './file/schema/onnx_pb.js';
import { checkTensor, type StoredTensor } from './file/stored-tensor.js';
import { type ModelNode, readNode } from './model-node.js';
import { readOpset } from './opset.js';
import { type Origins, readOrigins } from './origins.js';
import { quote } from './quote.js';
import { sortNodes } from './sort.js';
import { traceUses, type Use } from './uses.js';

/** An input of the network as the file declares it. */
export interface NetworkInput {
  readonly name: string;
  readonly dtype: DType;
  /** A number, a symbolic name, or undefined for an axis of which nothing is said; undefined when no shape is given. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** What of a file takes part in computing the outputs that are asked for, in an order in which it can be computed. */
export interface ModelGraph {
  readonly opset: number;
  readonly inputs: readonly NetworkInput[];
  /** The outputs that are computed, in the order in which they were asked for. */
  readonly outputs: readonly string[];
  /** Outputs of the file that are not computed. */
  readonly otherOutputs: readonly string[];
  /** Whether the caller said which outputs to compute. */
  readonly outputsChosen: boolean;
  readonly nodes: readonly ModelNode[];
  readonly initializers: ReadonlyMap<string, StoredTensor>;
  /** Where the nodes read float initializers, and what these stand for. */
  readonly uses: readonly Use[];
  readonly origins: Origins;
}

/**
 * Resolves the names of a decoded model.
 * @param chosen names of the outputs to compute; the first one of the file when undefined.
 * @throws INVALID_ARGUMENT for an output that the model does not have; INVALID_FILE for names that are missing, double
 * or cyclic; UNSUPPORTED_OPERATOR for a model without standard operators and for sparse weights.
 */
export function readModelGraph(model: OnnxModel, limits: OnnxLimits, chosen?: readonly string[]): ModelGraph {
  const { graph } = model;
  const origins = readOrigins(model);
  const all = graph.node.map((proto, index) => readNode(proto, index, origins));
  const inputNames = new Set(graph.input.map(({ name }) => name));
  const available = graph.output.map(({ name }) => name);
  const outputs = chosen === undefined ? available.slice(0, 1) : chooseOutputs(chosen, available, all);
  const stored = new Map(graph.initializer.map((proto) => [proto.name, proto]));
  if (stored.size !== graph.initializer.length) {
    throw new BilevelError('INVALID_FILE', 'Two initializers of the model have the same name.');
  }
  const sparse = graph.sparseInitializer.map(({ values }) => values?.name ?? '');
  const sources = new Set([...inputNames, ...stored.keys(), ...sparse]);
  const nodes = sortNodes(all, sources, outputs);

  const used = new Set([...nodes.flatMap((node) => node.inputs), ...outputs]);
  const usedSparse = sparse.find((name) => used.has(name));
  if (usedSparse !== undefined) {
    throw new BilevelError(
      'UNSUPPORTED_OPERATOR',
      `Initializer ${quote(usedSparse)} is stored as a sparse tensor, which is not supported; store it densely.`,
    );
  }
  const initializers = new Map<string, StoredTensor>();
  let bytes = 0;
  for (const [name, proto] of [...stored].filter(([name]) => used.has(name))) {
    const tensor = checkTensor(proto, limits, `Initializer ${quote(name)}`);
    bytes += elementCount(tensor.shape) * bytesPerElement[tensor.dtype];
    checkLimit(limits, 'parameterBytes', bytes, 'The size of all initializers in bytes');
    initializers.set(name, tensor);
  }
  return {
    opset: readOpset(model),
    inputs: graph.input.filter(({ name }) => used.has(name) && !stored.has(name)).map(readInput),
    outputs,
    otherOutputs: available.filter((name) => !outputs.includes(name)),
    outputsChosen: chosen !== undefined,
    nodes,
    initializers,
    uses: traceUses(nodes, floatSizes(initializers.values()), origins),
    origins,
  };
}

/** The values that are asked for: outputs of the file, or what a node within computes. */
function chooseOutputs(chosen: readonly string[], available: readonly string[], nodes: readonly ModelNode[]): string[] {
  if (!Array.isArray(chosen) || chosen.length === 0) {
    throw invalidArgument('outputs', 'a list of at least one output name', chosen);
  }
  const found = chosen.map((name): string => {
    const value = available.includes(name) ? name : findValue(name, nodes);
    if (value !== undefined) return value;
    const expected = `names among ${available.map(quote).join(', ')}, or of a node or a value within the graph,`;
    const { message } = invalidArgument('outputs', expected, name);
    throw new BilevelError('INVALID_ARGUMENT', `${message} ${adviseValue(name, nodes)}`);
  });
  return [...new Set(found)];
}

/** The value that a node computes, by the name of that value or, for the first of its values, of the node. */
function findValue(name: string, nodes: readonly ModelNode[]): string | undefined {
  if (name === '') return undefined;
  if (nodes.some(({ outputs }) => outputs.includes(name))) return name;
  return nodes.find((node) => node.name === name)?.outputs[0];
}

/** The name of a value or node that is nearest, or some of those that there are. */
function adviseValue(name: string, nodes: readonly ModelNode[]): string {
  const names = nodes.flatMap((node) => [node.name, ...node.outputs]).filter((each) => each !== '');
  return adviseName(name, [...new Set(names)]);
}

/**
 * The part of a model on the way to what one of its nodes computes.
 * @param name of that value, or of the node
 * @throws INVALID_ARGUMENT naming the nearest one there is
 */
export function cutGraph(graph: ModelGraph, name: string): ModelGraph {
  const value = findValue(name, graph.nodes);
  if (value === undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The network has no node or value ${describe(name)} to end at. ${adviseValue(name, graph.nodes)}`,
    );
  }
  const sources = [...graph.inputs.map((each) => each.name), ...graph.initializers.keys()];
  const nodes = sortNodes(graph.nodes, new Set(sources), [value]);
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  return {
    ...graph,
    inputs: graph.inputs.filter((each) => used.has(each.name)),
    outputs: [value],
    outputsChosen: true,
    nodes,
    initializers: new Map([...graph.initializers].filter(([each]) => used.has(each))),
    uses: graph.uses.filter(({ node }) => nodes.includes(node)),
  };
}

/** Numbers of elements, of those that training could change. */
export function floatSizes(tensors: Iterable<StoredTensor>): ReadonlyMap<string, number> {
  const floats = [...tensors].filter(({ dtype }) => dtype === 'float32');
  return new Map(floats.map(({ name, shape }) => [name, elementCount(shape)]));
}

function readInput({ name, type }: ValueInfoProto): NetworkInput {
  if (type?.value.case !== 'tensorType') {
    throw new BilevelError('UNSUPPORTED_OPERATOR', `Input ${quote(name)} of the model is not a dense tensor.`);
  }
  const { elemType, shape } = type.value.value;
  return {
    name,
    dtype: elementType(elemType, `Input ${quote(name)}`).dtype,
    shape: shape?.dim.map(({ value }) => (value.case === 'dimValue' ? fixedSize(value.value) : value.value)),
  };
}

/** Some exporters write 0 or -1 for an axis of any size. */
function fixedSize(size: bigint): number | undefined {
  return size > 0n ? Number(size) : undefined;
}
