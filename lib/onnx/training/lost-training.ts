import { elementCount } from '../../tensor.js';
import { type StoredTensor, tensorValues } from '../file/stored-tensor.js';
import type { ModelGraph } from '../model-graph.js';
import type { ModelNode } from '../model-node.js';
import { quote } from '../quote.js';
import { type Use, usesByName } from '../uses.js';
import { exportForTraining } from './advice.js';
import { isGenerated } from './guesses.js';
import { findMerged } from './merged.js';
import { type Roles, resolveAliases } from './parameters.js';

/** Exporters leave convolutions whose weights contain the scales of the batch normalization that followed. */
export function foldedBatchNorm(graph: ModelGraph): string | undefined {
  const folded = graph.nodes.filter(isFolded);
  if (folded.length === 0) return undefined;
  const left = graph.nodes.some(({ opType }) => opType === 'BatchNormalization');
  return (
    `${folded.length} layer(s), first ${folded[0]?.label}, seem to contain the batch normalization that followed them` +
    `${left ? ', beside others that are left' : ''}: their weights are its products. Training would go on without this ` +
    `normalization; to keep it, ${exportForTraining(graph.origins.exporter)}.`
  );
}

function isFolded({ opType, inputs, swallowedBatchNorm }: ModelNode): boolean {
  if (swallowedBatchNorm) return true;
  // tf2onnx names what it fuses so.
  if (/^Conv/.test(opType) && inputs[1]?.includes('_weights_fused_bn')) return true;
  // The older exporter gives both the weight and the bias new names.
  return /^Conv/.test(opType) && inputs.length === 3 && inputs.slice(1).every((name) => name.startsWith('onnx::'));
}

export function mergedParameters(graph: ModelGraph): string | undefined {
  const { exporter, byTarget } = graph.origins;
  const remedy = `Load with { untie: true } to train them apart, or ${exportForTraining(exporter)}.`;
  const merged = findMerged(graph.uses, graph.initializers, graph.origins);
  const [first] = merged;
  if (first !== undefined) {
    const nodes = first.others.flatMap(({ uses }) => uses.map(({ node }) => node.label));
    const example = first.certain
      ? `${quote(first.keeper)} and ${quote(first.others[0]?.name)}`
      : `what ${nodes.length + 1} nodes use, the last of them ${nodes.at(-1)}`;
    return (
      `${merged.length} stored tensor(s) ${first.certain ? 'stand' : 'seem to stand'} for several of the module that were ` +
      `equal when it was exported, first ${quote(first.tensor.name)} for ${example}: training would keep them equal. ${remedy}`
    );
  }
  const copies = byTarget.size > 0 ? [] : [...resolveAliases(graph)].filter(([name, source]) => name !== source);
  const [copy] = copies;
  if (copy === undefined) return undefined;
  return (
    `${copies.length} Identity node(s) use a stored tensor under a second name, first ${quote(copy[1])} as ` +
    `${quote(copy[0])}: the exporter merges parameters that are equal, and training would keep them equal. ${remedy}`
  );
}

export function lostNames({ parameters }: Roles, { origins, uses }: ModelGraph): string | undefined {
  const found = parameters.filter(({ name }) =>
    origins.byTarget.size > 0 ? !origins.byTarget.has(name) : isGenerated(name),
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const origin = uses.find(({ name }) => name === first.name)?.origin;
  const was = typeof origin === 'object' ? ` which was ${quote(origin.target)},` : '';
  return (
    `${found.length} parameter(s) have generated names, first ${quote(first.name)},${was} because the exporter ` +
    `transposed or combined the original ones. To keep them, ${exportForTraining(origins.exporter)}.`
  );
}

/** Parameters that are in the file only as a part of something else. */
export function foldedParameters({ vanished, computed, parameters }: Roles, graph: ModelGraph): string | undefined {
  const remedy = `${exportForTraining(graph.origins.exporter)}.`;
  if (vanished.length > 0) {
    return (
      `${vanished.length} parameter(s) of the module, first ${quote(vanished[0]?.target)}, are not in the file: no output ` +
      'needs them, the exporter left out a bias of zeros (such as out_proj.bias of a new MultiheadAttention), which is ' +
      'not trained then, or it computed something from them, such as a normalized or reshaped weight, which is trained or ' +
      `kept in their place. To train what the module trains, ${remedy}`
    );
  }
  const uses = usesByName(graph.uses);
  const weights =
    graph.origins.byTarget.size > 0 ? [] : parameters.filter(({ name }) => isFoldedWeight(name, uses.get(name)));
  const doubtful = computed[0] ?? weights[0];
  if (doubtful === undefined) return undefined;
  return (
    `${computed.length + weights.length} tensor(s), first ${quote(doubtful.name)}, were computed by the exporter. If they ` +
    'were computed from parameters, as a square or a normalized weight is, training would no longer change them ' +
    `together; to keep what the module computes, ${remedy}`
  );
}

/** The older exporter renames what it folds; only a matrix product has the reason that its weight was transposed. */
function isFoldedWeight(name: string, places: readonly Use[] = []): boolean {
  if (!name.startsWith('onnx::')) return false;
  return places.some(({ node, input }) => input === 1 && /^Conv/.test(node.opType) && !isFolded(node));
}

/** One parameter that the file holds twice, because the exporter transposed or copied it for one of its uses. */
export function separatedParameters({ parameters, kinds }: Roles, graph: ModelGraph): string | undefined {
  const pair = separatedByNotes(graph, kinds) ?? separatedByValue(parameters);
  if (pair === undefined) return undefined;
  const [copy, original] = pair;
  return (
    `${quote(copy)} is a copy of ${quote(original)}, transposed or reshaped by the exporter: the module uses one parameter ` +
    'in both places, and training would let them come apart. To keep them tied, ' +
    `${exportForTraining(graph.origins.exporter)}.`
  );
}

function separatedByNotes({ uses, origins }: ModelGraph, kinds: Roles['kinds']): [string, string] | undefined {
  const names = new Map<string, string>();
  for (const { name, origin } of uses) {
    if (typeof origin !== 'object' || origin.kind !== 'parameter' || kinds.get(name) !== 'parameter') continue;
    const first = origin.stored ? origin.target : (names.get(origin.target) ?? name);
    names.set(origin.target, first);
    // Under the name of another module's tensor it is merged, which is told elsewhere.
    if (first !== name && !origins.byTarget.has(name)) return [name, first];
  }
  return undefined;
}

/** A pair is sought among matrices with generated names, and only if there are any. */
function separatedByValue(parameters: readonly StoredTensor[]): [string, string] | undefined {
  const matrices = parameters.filter(({ shape }) => shape.length === 2 && elementCount(shape) > 1);
  if (!matrices.some(({ name }) => isGenerated(name))) return undefined;
  const alike = new Map<string, StoredTensor>();
  for (const matrix of matrices) if (!isGenerated(matrix.name)) alike.set(fingerprint(matrix, matrix.shape), matrix);
  for (const copy of matrices.filter(({ name }) => isGenerated(name))) {
    const original = alike.get(fingerprint(copy, copy.shape.toReversed()));
    if (original !== undefined && isTransposed(copy, original)) return [copy.name, original.name];
  }
  return undefined;
}

/** What transposing changes in the shape alone. */
function fingerprint(matrix: StoredTensor, shape: readonly number[]): string {
  const values = tensorValues(matrix);
  const [least, most] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  return [...shape, values[0], values.at(-1), least, most].join();
}

/** Values that are all equal prove nothing. */
function isTransposed(copy: StoredTensor, original: StoredTensor): boolean {
  const [rows = 1, columns = 1] = copy.shape;
  const [values, others] = [tensorValues(copy), tensorValues(original)];
  if (values.every((value) => value === values[0])) return false;
  return values.every((value, index) => value === others[(index % columns) * rows + Math.floor(index / columns)]);
}
