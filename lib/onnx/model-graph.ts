import { BilevelError, invalidArgument } from '../errors.js';
import { bytesPerElement, type DType, elementCount } from '../tensor.js';
import type { OnnxModel } from './file/decode.js';
import { elementType } from './file/element-types.js';
import { checkLimit, type OnnxLimits } from './file/limits.js';
import type { NodeProto, ValueInfoProto } from './file/schema/onnx_pb.js';
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
  const outputs = chosen === undefined ? available.slice(0, 1) : chooseOutputs(chosen, available, graph.node);
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

/**
 * The values that are asked for: outputs of the file, or what a node within computes, by the name of that value or, for
 * the first of its values, of the node.
 */
function chooseOutputs(chosen: readonly string[], available: readonly string[], nodes: readonly NodeProto[]): string[] {
  if (!Array.isArray(chosen) || chosen.length === 0) {
    throw invalidArgument('outputs', 'a list of at least one output name', chosen);
  }
  const byNode = new Map(nodes.map(({ name, output: [first] }) => [name, first]));
  const values = new Set([...available, ...nodes.flatMap(({ output }) => output)]);
  const found = chosen.map((name): string => {
    const value = values.has(name) ? name : byNode.get(name);
    if (name !== '' && value !== undefined && value !== '') return value;
    const expected = `names among ${available.map(quote).join(', ')}, or of a node or a value within the graph,`;
    throw invalidArgument('outputs', expected, name);
  });
  return [...new Set(found)];
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
