import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { types } from 'node:util';
import { attempt, readBytes, writeFileAtomic } from '../data/files.js';
import { BilevelError, checkKeys, checkRecord, describe, invalidArgument } from '../errors.js';
import { constant, input, type Node, requireNode } from '../graph/index.js';
import { formatType, type Shape, sameShape, Tensor } from '../tensor.js';
import { decodeModel, type OnnxModel } from './file/decode.js';
import { encodeModel } from './file/encode.js';
import { embedExternalData } from './file/external-data.js';
import { checkLimit, type OnnxLimits, resolveLimits } from './file/limits.js';
import { type StoredTensor, tensorValues } from './file/stored-tensor.js';
import { type BatchStatistics, checkOperators, importGraph } from './import-graph.js';
import { cutGraph, type ModelGraph, type NetworkInput, readModelGraph } from './model-graph.js';
import { bindInputs, checkBatch, type NetworkInputs, unknownInput } from './network-inputs.js';
import type { Exporter } from './origins.js';
import { quote } from './quote.js';
import { storeConstantWeights } from './rewrite/constant-weights.js';
import { expandLinearModels } from './rewrite/linear-models.js';
import { separateStatistics } from './rewrite/separate-statistics.js';
import { untieParameters } from './rewrite/untie.js';
import { assignRoles, type Roles, type TensorKind } from './training/parameters.js';
import { findWarnings, type ModelWarning } from './training/warnings.js';

/** Options of {@link Network.load}. */
export interface LoadOptions {
  /** Safety limits to change; see OnnxLimits. */
  readonly limits?: Partial<OnnxLimits>;
  /**
   * Whether parameters that the exporter merged because they were equal are trained apart; false by default, which
   * keeps the graph of the file. The warning MERGED_PARAMETERS tells when it matters.
   */
  readonly untie?: boolean;
  /**
   * Names of the outputs to compute, the first output of the file by default. A node within may be named in place of an
   * output, or a value that one computes: the network then ends there, and what comes after is left out, as for the
   * features before a last layer. Inputs, operators, parameters and warnings are those of these outputs: what only
   * others need is left out.
   */
  readonly outputs?: readonly string[];
}

/** Options of {@link Network.apply}. */
export interface ApplyOptions {
  /**
   * Whether batch normalization uses the statistics of the batch and dropout drops. By default each layer does what the
   * file says.
   */
  readonly training?: boolean;
  /** Random key of dropout, int32 [2]; needed where dropout drops. */
  readonly key?: Node;
  /** Values of inputs after the first, by name, when that is given as a single node. */
  readonly inputs?: Readonly<Record<string, Node>>;
  /**
   * Where the network ends in place of its outputs: the name of a value that is computed on the way to them, or of the
   * node that computes it. That value is then the output; inputs and parameters of the layers behind may be left out.
   * By default it does not end before its outputs.
   */
  readonly upTo?: string;
}

/** A float tensor of the file. */
export interface NetworkTensor {
  readonly name: string;
  readonly shape: Shape;
  /**
   * A parameter, a running statistic of batch normalization, another buffer of the module, or a number that the
   * exporter wrote. PyTorch's default exporter notes it; of other files the use of the tensor is judged.
   */
  readonly kind: TensorKind;
  /** Whether it is trained unless something else is said: a parameter whose gradient can be other than zero. */
  readonly trainable: boolean;
  /** The value in the file. */
  readonly value: Tensor<'float32'>;
}

/** A network written into a graph. */
export interface Application {
  /** The first of the outputs. */
  readonly output: Node;
  /** All outputs that the network computes, by name. */
  readonly outputs: Readonly<Record<string, Node>>;
  /**
   * Next values of the running statistics that training-form batch normalization updates, by name in `network.state`.
   */
  readonly state: Readonly<Record<string, Node>>;
  /** What those layers compute of the mini-batch itself. */
  readonly statistics: readonly BatchStatistics[];
}

/** A neural network that came in as an ONNX file: a function of inputs and named parameters, built as a graph. */
export class Network {
  readonly #model: OnnxModel;
  readonly #graph: ModelGraph;
  readonly #limits: OnnxLimits;
  /** Parts of the graph by the names of where they end. */
  readonly #parts = new Map<string, ModelGraph>();
  /** Statistics that some application of this network made anew: those of the file do not belong to what it trains. */
  readonly #outdated = new Set<string>();
  /** What the file lost for training, with a remedy for each. */
  readonly warnings: readonly ModelWarning[];
  /** What the module trains: float tensors without running statistics, buffers and constants. */
  readonly parameters: ReadonlyMap<string, NetworkTensor>;
  /** Running statistics of batch normalization, which gradients do not change. */
  readonly state: ReadonlyMap<string, NetworkTensor>;
  /** Buffers and constants, which are not trained unless they are given to `apply` among the parameters. */
  readonly constants: ReadonlyMap<string, NetworkTensor>;

  private constructor(model: OnnxModel, limits: OnnxLimits, outputs: readonly string[] | undefined) {
    this.#model = model;
    this.#limits = limits;
    this.#graph = readModelGraph(model, limits, outputs);
    checkOperators(this.#graph);
    const roles = assignRoles(this.#graph);
    const tensors = (stored: readonly StoredTensor[]): ReadonlyMap<string, NetworkTensor> =>
      new Map(stored.map((each) => [each.name, readNetworkTensor(each, roles)]));
    this.parameters = tensors(roles.parameters);
    this.state = tensors(roles.state);
    this.constants = tensors(roles.constants);
    this.warnings = findWarnings(this.#graph, roles);
  }

  /**
   * Reads a model. From a path, tensors may lie in other files of the model's folder; from bytes they may not.
   * @throws UNKNOWN_OPTION; naming the file: INVALID_ARGUMENT for an output that it does not have, NOT_FOUND, IO_ERROR,
   *   INVALID_FILE, LIMIT_EXCEEDED, or UNSUPPORTED_OPERATOR naming operators, opset and nodes.
   */
  static async load(source: string | Uint8Array, options: LoadOptions = {}): Promise<Network> {
    checkKeys(options, ['limits', 'untie', 'outputs'], 'Network.load');
    const limits = resolveLimits(options.limits);
    const bytes = await readSource(source, limits);
    const path = typeof source === 'string' ? source : undefined;
    try {
      const model = decodeModel(bytes, limits);
      await embedExternalData(model, path && dirname(path), limits);
      const standard = separateStatistics(storeConstantWeights(expandLinearModels(model)), limits);
      return new Network(options.untie ? untieParameters(standard, limits) : standard, limits, options.outputs);
    } catch (error) {
      if (path === undefined || !(error instanceof BilevelError)) throw error;
      throw new BilevelError(error.code, `${path}: ${error.message}`, { cause: error.cause ?? error });
    }
  }

  /** Version of the operators of ONNX that the file is written in. */
  get opset(): number {
    return this.#graph.opset;
  }

  /** Which program wrote the file, as it tells: PyTorch's default exporter (dynamo), its older one, or another. */
  get exporter(): Exporter {
    return this.#graph.origins.exporter;
  }

  /** The inputs that the outputs depend on, in the order of the file. */
  get inputs(): readonly NetworkInput[] {
    return this.#graph.inputs;
  }

  /** Names of the outputs that are computed; the first is what `apply` gives. */
  get outputs(): readonly string[] {
    return this.#graph.outputs;
  }

  /** Names of the outputs of the file that are not computed; the option `outputs` of `Network.load` asks for them. */
  get otherOutputs(): readonly string[] {
    return this.#graph.otherOutputs;
  }

  /**
   * Names of the values that dense layers read, products with a stored matrix, from the first to the last: where a
   * network is cut for features, with the option `upTo` of `apply`. The first of a network may be its input.
   */
  get denseInputs(): readonly string[] {
    const layers = this.#graph.nodes.filter(
      ({ opType, inputs: [, weights = ''] }) =>
        /^(?:Gemm|MatMul)$/.test(opType) && this.#graph.initializers.has(weights),
    );
    return layers.map(({ inputs: [value = ''] }) => value);
  }

  /** How often each operator occurs on the way to the outputs. */
  get operators(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { opType } of this.#graph.nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
    return counts;
  }

  /**
   * The shape of an input, the first by default, for `batch` samples.
   * @throws INVALID_ARGUMENT when the file leaves another axis than the first open, or has no such input.
   */
  inputShape(batch: number, name?: string): Shape {
    if (!Number.isSafeInteger(batch) || batch < 0) throw invalidArgument('batch', 'a non-negative integer', batch);
    const declared = this.inputs.find((each) => each.name === (name ?? this.inputs[0]?.name));
    if (declared === undefined) throw unknownInput(this.inputs, name);
    const [, ...sizes] = declared.shape ?? [undefined, undefined];
    if (!sizes.every((size) => typeof size === 'number')) {
      throw invalidArgument('network', 'a model whose input has fixed sizes after the batch axis', declared.name);
    }
    return declared.shape?.length === 0 ? [] : [batch, ...sizes];
  }

  /** Independent copies of the trainable parameters in the file, by name. */
  initialParameters(): Record<string, Tensor<'float32'>> {
    return Object.fromEntries(this.#trainable().map(({ name, value }) => [name, value.clone()]));
  }

  /** Independent copies of the running statistics in the file, by name. */
  initialState(): Record<string, Tensor<'float32'>> {
    return Object.fromEntries([...this.state.values()].map(({ name, value }) => [name, value.clone()]));
  }

  /** An input node for every trainable parameter, named `prefix` + its name. */
  parameterNodes(prefix = ''): Record<string, Node> {
    return Object.fromEntries(this.#trainable().map(({ name, shape }) => [name, input(prefix + name, shape)]));
  }

  /**
   * The first output as a function of the inputs and the parameters. Parameters that cannot be trained and running
   * statistics may be given too; without they keep the values of the file.
   * @param x the input, or all inputs by name
   * @throws INVALID_ARGUMENT for a missing or unknown input or parameter, or for a node to end at that there is not,
   * naming the nearest; SHAPE_MISMATCH naming the input or the node where shapes do not fit.
   */
  apply(x: NetworkInputs, parameters: Readonly<Record<string, Node>>, options: ApplyOptions = {}): Node {
    return this.applyWithState(x, parameters, options).output;
  }

  /** As `apply`, with all outputs of the network by name. */
  applyAll(
    x: NetworkInputs,
    parameters: Readonly<Record<string, Node>>,
    options: ApplyOptions = {},
  ): Readonly<Record<string, Node>> {
    return this.applyWithState(x, parameters, options).outputs;
  }

  /**
   * As `apply`, with all outputs and the next running statistics of batch normalization where it works in training
   * form.
   */
  applyWithState(
    x: NetworkInputs,
    parameters: Readonly<Record<string, Node>>,
    options: ApplyOptions = {},
  ): Application {
    checkKeys(options, ['training', 'key', 'inputs', 'upTo'], 'apply');
    const { training, key, inputs, upTo } = options;
    const graph = upTo === undefined ? this.#graph : this.#partUpTo(upTo);
    checkRecord(parameters, 'parameters');
    const given = new Map(Object.entries(parameters).map(([name, node]) => [name, this.#checkParameter(name, node)]));
    const bound = bindInputs(graph.inputs, x, inputs, this.inputs);
    const values = new Map([...this.#constants(graph, given), ...given, ...bound]);
    const { outputs, state, statistics } = importGraph(graph, values, { training, key }, this.#limits);
    for (const output of outputs.values()) checkBatch(graph.inputs[0], bound, output);
    const stored = [...state].filter(([name]) => this.state.has(name));
    for (const [name] of stored) this.#outdated.add(name);
    const [output] = outputs.values();
    return {
      output: output as Node,
      outputs: Object.fromEntries(outputs),
      state: Object.fromEntries(stored),
      statistics,
    };
  }

  /**
   * The model file with new values for the named parameters and running statistics, none by default; everything else
   * stays as it was, but external data are put inside.
   * @throws INVALID_ARGUMENT for an unknown name, SHAPE_MISMATCH, LIMIT_EXCEEDED above 2 GiB; STALE_STATISTICS for new
   * parameters without the running statistics of layers that this network applied in training form, see
   * `runningStatistics`
   */
  toBytes(parameters: Readonly<Record<string, Tensor>> = {}): Uint8Array {
    checkRecord(parameters, 'parameters');
    const replacements = Object.entries(parameters).map(([name, value]) => {
      this.#find(name);
      if (!(value instanceof Tensor)) throw invalidArgument(`parameters[${describe(name)}]`, 'a Tensor', value);
      return [name, value] as const;
    });
    this.#checkStatistics(parameters);
    return encodeModel(this.#model, this.#graph.initializers, new Map(replacements));
  }

  /**
   * Writes `toBytes(parameters)` to a file, which is replaced in one step: after a failure the old file is still whole.
   * @throws IO_ERROR, and the errors of `toBytes`.
   */
  async save(path: string, parameters: Readonly<Record<string, Tensor>> = {}): Promise<void> {
    if (typeof path !== 'string' || path === '') throw invalidArgument('path', 'the path of a file', path);
    await writeFileAtomic(path, this.toBytes(parameters));
  }

  #trainable(): NetworkTensor[] {
    return [...this.parameters.values()].filter(({ trainable }) => trainable);
  }

  /** What was trained by the statistics of mini-batches is wrong with those that the file had before. */
  #checkStatistics(given: Readonly<Record<string, Tensor>>): void {
    if (!Object.keys(given).some((name) => this.parameters.has(name))) return;
    const missing = [...this.#outdated].filter((name) => !Object.hasOwn(given, name));
    if (missing.length === 0) return;
    throw new BilevelError(
      'STALE_STATISTICS',
      `The network was applied in training form, so the running statistics of the file, ${missing.length} tensor(s), first ` +
        `${quote(missing[0])}, do not belong to new parameters: without new ones the saved network would be wrong where it ` +
        'is used. Save { ...v, ...(await runningStatistics(network, inputs, v, { training: true })) }, or keep those of the ' +
        'file on purpose with { ...v, ...network.initialState() }.',
    );
  }

  #find(name: string): NetworkTensor {
    const found = this.parameters.get(name) ?? this.state.get(name) ?? this.constants.get(name);
    if (found !== undefined) return found;
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The network has no parameter, state or constant named ${describe(name)}.`,
    );
  }

  #checkParameter(name: string, node: Node): Node {
    const { shape } = this.#find(name);
    requireNode(node, `parameters[${describe(name)}]`);
    if (node.dtype === 'float32' && sameShape(node.shape, shape)) return node;
    const expected = formatType({ dtype: 'float32', shape });
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected ${expected} for parameter ${quote(name)} but received ${formatType(node)}.`,
    );
  }

  #partUpTo(name: string): ModelGraph {
    if (typeof name !== 'string') throw invalidArgument('upTo', 'the name of a node or of a value', name);
    const part = this.#parts.get(name) ?? cutGraph(this.#graph, name);
    this.#parts.set(name, part);
    return part;
  }

  /** The initializers that were not given, which keep the values of the file. */
  #constants({ initializers }: ModelGraph, given: ReadonlyMap<string, Node>): [string, Node][] {
    const missing = this.#trainable().find(({ name }) => initializers.has(name) && !given.has(name));
    if (missing !== undefined) {
      // What is not trained has to be given all the same.
      const expected = 'a node, or constant(tensor) to keep it as it is,';
      throw invalidArgument(`parameters[${describe(missing.name)}]`, expected, undefined);
    }
    return [...initializers]
      .filter(([name]) => !given.has(name))
      .map(([name, stored]) => [name, constant(tensorValues(stored), stored.shape, stored.dtype)]);
  }
}

/** The bytes of a model in memory of their own, whose size is checked before it is taken. */
async function readSource(source: string | Uint8Array, limits: OnnxLimits): Promise<Uint8Array> {
  if (types.isUint8Array(source)) {
    checkModelBytes(source.byteLength, 'the model', limits);
    return source.slice();
  }
  if (typeof source !== 'string') throw invalidArgument('source', 'a path or the bytes of a model', source);
  const { size } = await attempt('read', source, () => stat(source));
  checkModelBytes(size, source, limits);
  return readBytes(source, limits.modelBytes);
}

function checkModelBytes(size: number, what: string, limits: OnnxLimits): void {
  checkLimit(limits, 'modelBytes', size, `The size of ${what} in bytes`);
}

function readNetworkTensor(stored: StoredTensor, roles: Roles): NetworkTensor {
  const { name, shape } = stored;
  const kind = roles.kinds.get(name) ?? 'constant';
  const trainable = kind === 'parameter' && roles.trainable.has(name);
  return { name, shape, kind, trainable, value: Tensor.from(tensorValues(stored), shape) };
}
