import { BilevelError } from '../errors.js';
import { constant, currentOrigin, foldExpression, type Node, type Origin, withOrigin } from '../graph/index.js';
import { elementCount } from '../tensor.js';
import { checkLimit, type OnnxLimits } from './file/limits.js';
import type { GraphProto, NodeProto } from './file/schema/onnx_pb.js';
import { checkTensor, tensorValues } from './file/stored-tensor.js';
import type { ModelGraph } from './model-graph.js';
import { type ModelNode, readNode } from './model-node.js';
import { type ImportMode, type Moments, Operation, type OperatorImporter, Sequence, type Value } from './operation.js';
import { operators } from './operators/index.js';
import { opsetRange } from './opset.js';
import { quote } from './quote.js';
import { sortNodes } from './sort.js';
import { resolveAliases } from './training/parameters.js';
import { listOperators, UnsupportedOperatorsError } from './unsupported.js';

/**
 * What one batch normalization in training form computes of a mini-batch, and the stored tensors that stand for it in
 * use.
 */
export interface BatchStatistics extends Moments {
  /** Names of the stored running mean and variance. */
  readonly stored: { readonly mean: string; readonly variance: string };
}

export interface ImportedGraph {
  /** The outputs that the graph computes, by name. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Next values of stored statistics, by the stored tensors' names. */
  readonly state: ReadonlyMap<string, Node>;
  readonly statistics: readonly BatchStatistics[];
}

/** What imports a node, or why its operator is not understood, or not as it is in this opset. */
function findImporter(node: ModelNode, opset: number): OperatorImporter | string {
  const refusal = (version: string, advice: string): string => `${node.label} (${version}) ${advice}.`;
  if (node.domain !== '') return refusal(`domain ${quote(node.domain)}`, withoutIt);
  const importer = operators.get(node.opType);
  if (importer === undefined) return refusal(`opset ${opset}`, withoutIt);
  const { since = opsetRange.oldest, until = opsetRange.newest } = importer;
  const again = 'export the model again with that opset_version';
  if (opset < since) return refusal(`opset ${opset}`, `is understood from opset ${since} on; ${again}`);
  if (opset > until) return refusal(`opset ${opset}`, `is understood up to opset ${until}; ${again}`);
  return importer;
}

/** @throws UNSUPPORTED_OPERATOR naming every operator that is not understood */
export function checkOperators({ nodes, opset, origins }: ModelGraph): void {
  const uses = listOperators(nodes, (node) => {
    const found = findImporter(node, opset);
    return typeof found === 'string' ? found : undefined;
  });
  if (uses.some(({ problem }) => problem !== undefined))
    throw new UnsupportedOperatorsError(opset, origins.exporter, uses);
}

const withoutIt = 'is not supported; export the model without it, or rewrite that layer with basic operators';

/**
 * Builds the graph of a model's outputs.
 * @param given values of the model's inputs and initializers, by name.
 */
export function importGraph(
  graph: ModelGraph,
  given: ReadonlyMap<string, Node>,
  mode: ImportMode,
  limits: OnnxLimits,
): ImportedGraph {
  const state = new Map<string, Node>();
  const statistics: BatchStatistics[] = [];
  const aliases = resolveAliases(graph);
  let folded = 0;
  const countFolded = (elements: number): void => {
    folded += elements;
    checkLimit(limits, 'foldedElements', folded, 'The number of elements of constants computed while importing');
  };
  // Nodes are numbered as they are made, so the number of a result tells how many were made for it and before it.
  let first = 0;
  for (const { id } of given.values()) first = Math.max(first, id);
  let serial = 0;

  /** The nodes of graphs within nodes, which a loop around them reads only once. */
  const bodies = new Map<GraphProto, readonly ModelNode[]>();
  const readOwn = (proto: NodeProto, index: number): ModelNode => readNode(proto, index, graph.origins);

  /** Adds the results of the nodes to the values that they read. */
  function importNodes(nodes: readonly ModelNode[], values: Map<string, Value>): void {
    for (const node of nodes) {
      const operation = new Operation(node, {
        opset: graph.opset,
        mode,
        limits,
        serial: serial++,
        values: node.inputs.map((name) => (name === '' ? undefined : computed(values, name, node.label))),
        countFolded,
        readBody: (body) => readBody(body, node, values),
        updateStatistics: (batch, next) => {
          const [, , , mean = '', variance = ''] = node.inputs.map((name) => aliases.get(name));
          state.set(mean, next.mean).set(variance, next.variance);
          statistics.push({ ...batch, stored: { mean, variance } });
        },
      });
      const what = `The number of operations of the graph up to ${node.label}`;
      // A loop repeats nodes, also such as make nothing new.
      checkLimit(limits, 'operations', serial, what);
      const results = withLabel(operation, () => importNode(operation).map((value) => fold(operation, value)));
      for (const [index, name] of node.outputs.entries()) {
        const value = results[index];
        if (value === undefined) continue;
        values.set(name, value);
        if (!(value instanceof Sequence)) checkLimit(limits, 'operations', value.id - first, what);
      }
    }
  }

  function readBody(body: GraphProto, { inputs, captured }: ModelNode, outer: ReadonlyMap<string, Value>) {
    const scope = new Map<string, Value>();
    for (const name of inputs.slice(inputs.length - captured)) scope.set(name, computed(outer, name, 'A graph'));
    for (const proto of body.initializer) {
      const stored = checkTensor(proto, limits, `Initializer ${quote(proto.name)}`);
      countFolded(elementCount(stored.shape));
      scope.set(proto.name, constant(tensorValues(stored), stored.shape, stored.dtype));
    }
    const names = body.input.map(({ name }) => name);
    const outputs = body.output.map(({ name }) => name);
    const nodes = bodies.get(body) ?? sortNodes(body.node.map(readOwn), new Set([...scope.keys(), ...names]), outputs);
    bodies.set(body, nodes);
    return (args: readonly Value[]): Value[] => {
      const values = new Map(scope);
      for (const [index, name] of names.entries()) {
        const value = args[index];
        if (value !== undefined) values.set(name, value);
      }
      importNodes(nodes, values);
      return outputs.map((name) => computed(values, name, 'A graph'));
    };
  }

  const values = new Map<string, Value>(given);
  importNodes(graph.nodes, values);
  const outputs = graph.outputs.map((name): [string, Node] => {
    const value = computed(values, name, 'The model');
    if (!(value instanceof Sequence)) return [name, value];
    throw new BilevelError('UNSUPPORTED_OPERATOR', `Output ${quote(name)} of the model is a sequence, not a tensor.`);
  });
  return { outputs: new Map(outputs), state, statistics };
}

/** Side results such as the mask of dropout are not computed; files may define them, but nothing may read them. */
function computed(values: ReadonlyMap<string, Value>, name: string, reader: string): Value {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw new BilevelError(
    'UNSUPPORTED_OPERATOR',
    `${reader} reads ${quote(name)}, an optional output of its operator that is not supported.`,
  );
}

function importNode(operation: Operation): readonly (Value | undefined)[] {
  const { node, opset, context } = operation;
  const importer = findImporter(node, opset);
  if (typeof importer === 'string') throw new BilevelError('UNSUPPORTED_OPERATOR', importer);
  const result = importer.build(operation);
  const results = 'op' in result || result instanceof Sequence ? [result] : result;
  const unknown = operation.attributes.unread();
  if (unknown.length > 0) throw operation.unsupported(`has the unknown attribute ${unknown.map(quote).join(', ')}`);
  for (const value of results) {
    if (!(value instanceof Sequence)) continue;
    // A loop that appends copies what there is each time, so the work grows with the square of the length.
    checkLimit(context.limits, 'sequenceLength', value.items.length, `The length of the sequence of ${node.label}`);
  }
  for (const value of results.flatMap(tensorsOf)) {
    const what = `of the result of ${node.label}`;
    checkLimit(context.limits, 'rank', value.shape.length, `The number of axes ${what}`);
    checkLimit(context.limits, 'tensorElements', elementCount(value.shape), `The number of elements ${what}`);
  }
  return results;
}

function tensorsOf(value: Value | undefined): readonly Node[] {
  if (value === undefined) return [];
  return value instanceof Sequence ? value.items : [value];
}

/**
 * New nodes know the node of the file that they are made for. Errors of the graph do not, so they are told again with
 * it.
 */
function withLabel<T>({ node, opset }: Operation, build: () => T): T {
  const origin: Origin = { kind: 'model', label: node.label, within: currentOrigin() };
  try {
    return withOrigin(() => origin, build);
  } catch (cause) {
    // What the limits let through may still be more than JavaScript holds.
    if (cause instanceof RangeError) {
      throw new BilevelError('LIMIT_EXCEEDED', `${node.label} (opset ${opset}) is too large: ${cause.message}.`, {
        cause,
      });
    }
    if (!(cause instanceof BilevelError) || cause.message.includes(node.label)) throw cause;
    const code = cause.code === 'INVALID_ARGUMENT' ? 'INVALID_FILE' : cause.code;
    throw new BilevelError(code, `${node.label} (opset ${opset}): ${cause.message}`, { cause });
  }
}

/** Float constants above this are left to the compiler: here they are only needed as scales and sizes. */
const mostFoldedReals = 4096;

/**
 * What depends on constants alone becomes a constant at once, so that later nodes can read it: shape arithmetic, masks,
 * small tables. The work is linear in the elements, which are counted, or small.
 */
function fold({ context }: Operation, value: Value | undefined): Value | undefined {
  if (value === undefined || value instanceof Sequence || value.op === 'constant') return value;
  const known = context.values.flatMap(tensorsOf);
  const large = [value, ...known].some(({ shape }) => elementCount(shape) > mostFoldedReals);
  if (known.some(({ op }) => op !== 'constant') || (value.dtype === 'float32' && large)) return value;
  context.countFolded(elementCount(value.shape));
  return foldExpression(value) ?? value;
}
