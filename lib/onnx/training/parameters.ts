import { type StoredTensor, tensorValues } from '../file/stored-tensor.js';
import type { ModelGraph } from '../model-graph.js';
import { operators } from '../operators/index.js';
import type { ModuleTensor } from '../origins.js';
import { isWeightPlace, lastPart, type Use, usesByName } from '../uses.js';
import { findGuesses, type Guess } from './guesses.js';

/** What a float tensor of a file is to training. */
export type TensorKind = 'parameter' | 'statistic' | 'buffer' | 'constant';

/** The float tensors of a file by what they are to training. */
export interface Roles {
  /** What training changes. */
  readonly parameters: readonly StoredTensor[];
  /** Running statistics of batch normalization: they change, but not by gradients. */
  readonly state: readonly StoredTensor[];
  /** Buffers of the module and numbers that the exporter wrote, which training leaves as they are. */
  readonly constants: readonly StoredTensor[];
  readonly kinds: ReadonlyMap<string, TensorKind>;
  /** Names of the tensors from which a differentiable path leads to an output that is computed. */
  readonly trainable: ReadonlySet<string>;
  /** Constants of which only their place in the graph tells that they are, with the reason. */
  readonly guesses: ReadonlyMap<string, Guess>;
  /** Constants of many values that the exporter computed from tensors that the file does not name. */
  readonly computed: readonly StoredTensor[];
  /** Parameters of the module of which the file has nothing that could be trained in their place. */
  readonly vanished: readonly ModuleTensor[];
}

/** Follows Identity nodes back: the initializer that each name stands for. */
export function resolveAliases(graph: ModelGraph): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const name of graph.initializers.keys()) aliases.set(name, name);
  for (const { opType, domain, inputs, outputs } of graph.nodes) {
    const source = aliases.get(inputs[0] ?? '');
    const [output] = outputs;
    if (opType === 'Identity' && domain === '' && source !== undefined && output !== undefined)
      aliases.set(output, source);
  }
  return aliases;
}

export function assignRoles(graph: ModelGraph): Roles {
  const statistics = findStatistics(graph);
  const uses = usesByName(graph.uses);
  const vanished = findVanished(graph);
  const guesses = new Map<string, Guess>();
  const computed: StoredTensor[] = [];
  const kinds = new Map<string, TensorKind>();
  const floats = [...graph.initializers.values()].filter(({ dtype }) => dtype === 'float32');
  const noted = graph.origins.byTarget.size > 0;
  const guess = noted ? undefined : findGuesses(graph);
  for (const tensor of floats) {
    const places = uses.get(tensor.name) ?? [];
    if (statistics.has(tensor.name)) {
      kinds.set(tensor.name, 'statistic');
    } else if (places.length > 0 && places.every(isSetting)) {
      kinds.set(tensor.name, 'constant');
    } else if (guess === undefined) {
      const kind = notedKind(tensor, places, graph);
      const replacement = kind === undefined && vanished.length > 0 && places.some(isWeight);
      kinds.set(tensor.name, replacement ? 'parameter' : (kind ?? 'constant'));
      if (kind === undefined && !replacement && hasManyValues(tensor)) computed.push(tensor);
    } else {
      const reason = guess(tensor, places);
      if (reason !== undefined) guesses.set(tensor.name, reason);
      kinds.set(tensor.name, reason === undefined ? 'parameter' : 'constant');
    }
  }
  const of = (...wanted: TensorKind[]): StoredTensor[] =>
    floats.filter(({ name }) => wanted.includes(kinds.get(name) ?? 'constant'));
  return {
    parameters: of('parameter'),
    state: of('statistic'),
    constants: of('buffer', 'constant'),
    kinds,
    trainable: findTrainable(graph),
    guesses,
    computed,
    vanished,
  };
}

/** Tensors that only batch normalization reads, as its third and fourth operand. */
function findStatistics(graph: ModelGraph): ReadonlySet<string> {
  const aliases = resolveAliases(graph);
  const statistics = new Set<string>();
  const weights = new Set<string>();
  for (const { opType, inputs } of graph.nodes.filter((node) => node.opType !== 'Identity')) {
    for (const [index, input] of inputs.entries()) {
      const name = aliases.get(input);
      if (name === undefined) continue;
      (opType === 'BatchNormalization' && index >= 3 ? statistics : weights).add(name);
    }
  }
  return new Set([...statistics].filter((name) => !weights.has(name)));
}

/** Undefined for a tensor that the exporter computed, nobody knows from what. */
function notedKind({ name }: StoredTensor, places: readonly Use[], { origins }: ModelGraph): TensorKind | undefined {
  const found = places.map(({ origin }) => (typeof origin === 'object' ? origin.kind : origin));
  if (found.includes('parameter')) return 'parameter';
  return origins.byTarget.get(name)?.kind ?? found.find((kind) => kind !== undefined);
}

/**
 * Parameters that nothing in the file stands for, except those of folded batch normalization, which has its own
 * warning.
 */
function findVanished({ origins, uses, nodes }: ModelGraph): ModuleTensor[] {
  const found = new Set(uses.map(({ origin }) => origin));
  // A tied parameter has two names in the module, and nodes in the scope of both note the same one.
  const tied = new Set<string>();
  for (const { swallowedBatchNorm, traced } of nodes) {
    for (const operand of traced?.operands ?? []) {
      if (swallowedBatchNorm) found.add(operand);
      if (operand.stored) tied.add(`${traced?.scope}.${lastPart(operand.target)}`);
    }
  }
  return [...origins.byTarget.values()].filter(
    (tensor) => tensor.kind === 'parameter' && !tensor.stored && !found.has(tensor) && !tied.has(tensor.target),
  );
}

function isWeight({ node: { opType }, input }: Use): boolean {
  return isWeightPlace(opType, input);
}

/** Masks, tables of ones and ranges are constants, whatever they were computed from. */
function hasManyValues(tensor: StoredTensor): boolean {
  const values = tensorValues(tensor);
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const isRange = values.every(
    (value, index) => index === 0 || Math.abs(value - (values[index - 1] ?? 0) - step) < 1e-6,
  );
  return !isRange && new Set(values.subarray(0, 1000)).size > 2;
}

/** Whether the operator has to know the value while it is imported. */
function isSetting({ node, input }: Use): boolean {
  return operators.get(node.opType)?.settings?.includes(input) ?? false;
}

function findTrainable(graph: ModelGraph): ReadonlySet<string> {
  const reached = new Set(graph.outputs);
  for (const node of graph.nodes.toReversed()) {
    const { constantAlmostEverywhere, settings = [] } = operators.get(node.opType) ?? {};
    if (constantAlmostEverywhere || !node.outputs.some((name) => reached.has(name))) continue;
    for (const [index, name] of node.inputs.entries()) if (!settings.includes(index)) reached.add(name);
  }
  return reached;
}
