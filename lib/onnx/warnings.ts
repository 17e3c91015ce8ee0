import type { ModelGraph, ModelNode } from './model-graph.js';
import { type Roles, resolveAliases } from './parameters.js';
import { quote } from './quote.js';

export type WarningCode =
  /** Convolutions seem to have swallowed their batch normalization. */
  | 'FOLDED_BATCH_NORM'
  /** One stored tensor stands for several parameters that were equal when the model was exported. */
  | 'MERGED_PARAMETERS'
  /** Parameters have names made up by the exporter. */
  | 'LOST_NAMES'
  /** Batch normalization is stored in its inference form. */
  | 'INFERENCE_BATCH_NORM'
  /** Dropout is stored in its inference form. */
  | 'INFERENCE_DROPOUT'
  /** The file fixes the number of samples. */
  | 'FIXED_BATCH'
  /** Nothing can be trained. */
  | 'NO_PARAMETERS'
  /** The file has more outputs than the first, which is the one that is computed unless others are asked for. */
  | 'IGNORED_OUTPUTS'
  /** Weights are stored in another precision than float32. */
  | 'CONVERTED_PRECISION';

/** Something about a model that makes training differ from what its author may expect, and what to do about it. */
export interface ModelWarning {
  readonly code: WarningCode;
  readonly message: string;
}

const trainingExport =
  'export with torch.onnx.export(..., training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)';

/** Signs in a file that information for training was lost when it was exported. */
export function findWarnings(graph: ModelGraph, roles: Roles): ModelWarning[] {
  const found: readonly (readonly [WarningCode, string | undefined])[] = [
    ['NO_PARAMETERS', withoutParameters(roles)],
    ['FOLDED_BATCH_NORM', foldedBatchNorm(graph)],
    ['MERGED_PARAMETERS', mergedParameters(graph)],
    ['LOST_NAMES', lostNames(roles)],
    ['INFERENCE_BATCH_NORM', inferenceBatchNorm(graph)],
    ['INFERENCE_DROPOUT', inferenceDropout(graph)],
    ['FIXED_BATCH', fixedBatch(graph)],
    ['IGNORED_OUTPUTS', ignoredOutputs(graph)],
    ['CONVERTED_PRECISION', convertedPrecision(roles)],
  ];
  return found.flatMap(([code, message]) => (message === undefined ? [] : [{ code, message }]));
}

function withoutParameters({ trainable, parameters }: Roles): string | undefined {
  if (parameters.some(({ name }) => trainable.has(name))) return undefined;
  return 'The model has no trainable parameters: its weights may be stored as Constant nodes; export them as initializers.';
}

/** The folding exporter replaces weight and bias of a convolution by new tensors with names of its own. */
function foldedBatchNorm(graph: ModelGraph): string | undefined {
  if (graph.nodes.some(({ opType }) => opType === 'BatchNormalization')) return undefined;
  const folded = graph.nodes.filter(
    ({ opType, inputs }) =>
      opType === 'Conv' && inputs.length === 3 && inputs.slice(1).every((name) => isGenerated(name)),
  );
  if (folded.length === 0) return undefined;
  return (
    `${folded.length} convolution(s), first ${folded[0]?.label}, have weights with generated names, as when batch ` +
    `normalization is folded into them. Training would go on without normalization; to keep it, ${trainingExport}.`
  );
}

function isGenerated(name: string): boolean {
  return name.startsWith('onnx::');
}

function mergedParameters(graph: ModelGraph): string | undefined {
  const aliases = resolveAliases(graph);
  const copies = [...aliases].filter(([name, source]) => name !== source);
  const [first] = copies;
  if (first === undefined) return undefined;
  return (
    `${copies.length} Identity node(s) use a stored tensor under a second name, first ${quote(first[1])} as ` +
    `${quote(first[0])}: the exporter merges parameters that are equal, and training would keep them equal. ` +
    `Load with { untie: true } to train them apart, or ${trainingExport}.`
  );
}

function lostNames({ parameters }: Roles): string | undefined {
  const generated = parameters.filter(({ name }) => isGenerated(name));
  if (generated.length === 0) return undefined;
  return (
    `${generated.length} parameter(s) have generated names, first ${quote(generated[0]?.name)}: the exporter ` +
    `transposed or combined the original ones. To keep the original names, ${trainingExport}.`
  );
}

function inferenceBatchNorm(graph: ModelGraph): string | undefined {
  const nodes = graph.nodes.filter(
    (node) => node.opType === 'BatchNormalization' && !hasFlag(node, 'training_mode') && !(node.outputs.length > 1),
  );
  if (nodes.length === 0) return undefined;
  return (
    `${nodes.length} BatchNormalization node(s), first ${nodes[0]?.label}, are in inference form: they use the running ` +
    'statistics of the file, which then stay as they are. To normalize by the statistics of each batch, apply the ' +
    `network with { training: true }, or ${trainingExport}.`
  );
}

function inferenceDropout(graph: ModelGraph): string | undefined {
  // In the training form the third input, from opset 12 on, is true; a name is given only then by exporters.
  const nodes = graph.nodes.filter(({ opType, inputs }) => opType === 'Dropout' && (inputs[2] ?? '') === '');
  if (nodes.length === 0) return undefined;
  return (
    `${nodes.length} Dropout node(s), first ${nodes[0]?.label}, are in inference form and do nothing. To drop, apply ` +
    `the network with { training: true, key }, or ${trainingExport}.`
  );
}

function hasFlag({ attributes }: ModelNode, name: string): boolean {
  return attributes.some((attribute) => attribute.name === name && attribute.i !== 0n);
}

function fixedBatch(graph: ModelGraph): string | undefined {
  const batch = graph.inputs[0]?.shape?.[0];
  if (typeof batch !== 'number') return undefined;
  return (
    `The model was exported for batches of ${batch}. Other sizes work unless the size is written into it elsewhere; to be ` +
    "sure, export with dynamic_axes={'input': {0: 'batch'}} or dynamic_shapes."
  );
}

function ignoredOutputs({ outputs: [first], otherOutputs, outputsChosen }: ModelGraph): string | undefined {
  if (otherOutputs.length === 0 || outputsChosen) return undefined;
  const names = [first, ...otherOutputs].slice(0, 10).map(quote);
  return (
    `Of the ${otherOutputs.length + 1} outputs only the first, ${quote(first)}, is computed, and what the others need is ` +
    `left out. Load with { outputs: [${names.join(', ')}] }, or some of these, to choose; { outputs: [${quote(first)}] } ` +
    'keeps it so without this warning.'
  );
}

function convertedPrecision({ parameters, state }: Roles): string | undefined {
  const others = new Set([...parameters, ...state].map(({ type }) => type.name).filter((name) => name !== 'float32'));
  if (others.size === 0) return undefined;
  return (
    `Weights are stored as ${[...others].join(' and ')} and computed with as float32; they are converted back when the ` +
    'model is saved. Export in float32 to keep every bit.'
  );
}
