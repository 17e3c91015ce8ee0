import { printable } from '../../printable.js';
import type { ModelGraph } from '../model-graph.js';
import type { ModelNode } from '../model-node.js';
import { quote } from '../quote.js';
import { exportForTraining } from './advice.js';
import {
  foldedBatchNorm,
  foldedParameters,
  lostNames,
  mergedParameters,
  separatedParameters,
} from './lost-training.js';
import type { Roles } from './parameters.js';

/** What an export may have lost for training. */
export type WarningCode =
  /** Convolutions seem to have swallowed their batch normalization. */
  | 'FOLDED_BATCH_NORM'
  /** One stored tensor stands for several parameters that were equal when the model was exported. */
  | 'MERGED_PARAMETERS'
  /** Parameters have names made up by the exporter. */
  | 'LOST_NAMES'
  /** Parameters of the module are in the file only as a part of what was computed from them. */
  | 'FOLDED_PARAMETERS'
  /** One parameter is stored twice, because one of its uses needs it transposed. */
  | 'SEPARATED_PARAMETERS'
  /** Tensors of which the file does not say what they are were taken for constants. */
  | 'ASSUMED_CONSTANTS'
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

/** Signs in a file that information for training was lost when it was exported. */
export function findWarnings(graph: ModelGraph, roles: Roles): ModelWarning[] {
  const found: readonly (readonly [WarningCode, string | undefined])[] = [
    ['NO_PARAMETERS', withoutParameters(roles)],
    ['FOLDED_BATCH_NORM', foldedBatchNorm(graph)],
    ['MERGED_PARAMETERS', mergedParameters(graph)],
    ['SEPARATED_PARAMETERS', separatedParameters(roles, graph)],
    ['FOLDED_PARAMETERS', foldedParameters(roles, graph)],
    ['LOST_NAMES', lostNames(roles, graph)],
    ['ASSUMED_CONSTANTS', assumedConstants(roles)],
    ['INFERENCE_BATCH_NORM', inferenceBatchNorm(graph)],
    ['INFERENCE_DROPOUT', inferenceDropout(graph)],
    ['FIXED_BATCH', fixedBatch(graph)],
    ['IGNORED_OUTPUTS', ignoredOutputs(graph)],
    ['CONVERTED_PRECISION', convertedPrecision(roles)],
  ];
  return found.flatMap(([code, message]) => (message === undefined ? [] : [{ code, message: printable(message) }]));
}

function withoutParameters({ trainable, parameters, constants }: Roles): string | undefined {
  if (parameters.some(({ name }) => trainable.has(name))) return undefined;
  const none = 'The model has no trainable parameters';
  if (parameters.length > 0) return `${none}: no gradient reaches those that it has. Choose another output.`;
  if (constants.length > 0) {
    return `${none}: all its float tensors pass for buffers or constants. To train one, give it to apply among the parameters.`;
  }
  return `${none}: it stores no float tensors. If it should have weights, export it with them.`;
}

function assumedConstants({ guesses }: Roles): string | undefined {
  const uncertain = [...guesses].filter(([, { certain }]) => !certain);
  const [first] = uncertain;
  if (first === undefined) return undefined;
  return (
    `${uncertain.length} tensor(s), first ${quote(first[0])}, which looks like ${first[1].reason}, are not trained, as the ` +
    'file does not say whether they are parameters. To train one, give it to apply among the parameters, beginning with its ' +
    'value in network.constants; files of PyTorch with optimize=False say what is a parameter.'
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
    `network with { training: true }${trainingForm(graph)}; runningStatistics then makes those that the trained network ` +
    'is used with.'
  );
}

/** The default exporter writes batch normalization in inference form whatever the mode of the module. */
function trainingForm({ origins: { exporter } }: ModelGraph): string {
  return exporter === 'torchscript' ? `, or ${exportForTraining(exporter)}` : '';
}

function inferenceDropout(graph: ModelGraph): string | undefined {
  // In the training form the third input, from opset 12 on, is true; a name is given only then by exporters.
  const nodes = graph.nodes.filter(({ opType, inputs }) => opType === 'Dropout' && (inputs[2] ?? '') === '');
  if (nodes.length === 0) return undefined;
  return (
    `${nodes.length} Dropout node(s), first ${nodes[0]?.label}, are in inference form and do nothing. To drop, apply ` +
    `the network with { training: true, key }, or export it after module.train()${trainingForm(graph)}.`
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
    `sure, export with ${freeBatch(graph)}.`
  );
}

function freeBatch({ inputs, origins: { exporter } }: ModelGraph): string {
  const [now, before] = [
    "dynamic_shapes=({0: torch.export.Dim('batch')},)",
    `dynamic_axes={'${inputs[0]?.name}': {0: 'batch'}}`,
  ];
  if (exporter === 'tf2onnx') return 'an axis of the size None (keras.Input has one)';
  if (exporter === 'skl2onnx') return 'initial_types=[("x", FloatTensorType([None, features]))]';
  if (exporter === 'other') return `a free batch axis (of PyTorch: ${now}, or ${before} with dynamo=False)`;
  return exporter === 'dynamo' ? now : `dynamo=False, ${before}`;
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
