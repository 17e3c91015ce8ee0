import type { OnnxModel } from './file/decode.js';
import type { NodeProto, StringStringEntryProto } from './file/schema/onnx_pb.js';

/**
 * What wrote a file: PyTorch's default exporter (dynamo), its older one, the converters of Keras and TensorFlow
 * or of scikit-learn, or another.
 */
export type Exporter = 'dynamo' | 'torchscript' | 'tf2onnx' | 'skl2onnx' | 'other';

/** What a tensor was in the module that was exported. */
export interface ModuleTensor {
  /** Its name in the module, which an initializer has too unless the exporter computed it anew. */
  readonly target: string;
  readonly kind: 'parameter' | 'buffer' | 'constant';
  /** Whether the file has an initializer of that name. */
  readonly stored: boolean;
}

/** What a file says of the module that it was exported from. */
export interface Origins {
  readonly exporter: Exporter;
  /** By the names that the traced program gives them, which the notes of nodes use. */
  readonly byProgramName: ReadonlyMap<string, ModuleTensor>;
  /** By their names in the module. Empty when the file says nothing. */
  readonly byTarget: ReadonlyMap<string, ModuleTensor>;
}

/** The operation of the traced program that a node was written for. */
export interface TracedOperation {
  /** The name of its result, which no other operation has. */
  readonly result: string;
  /** As in torch.ops.aten.layer_norm.default. */
  readonly operation: string;
  /** The tensors of the module among its operands, in their order. */
  readonly operands: readonly ModuleTensor[];
  /** The path of the layer that it belongs to. */
  readonly scope: string;
  /** Whether the exporter put several operations into the node, of which this is the last. */
  readonly fused: boolean;
}

const kinds: Readonly<Record<string, ModuleTensor['kind']>> = {
  PARAMETER: 'parameter',
  BUFFER: 'buffer',
  CONSTANT_TENSOR: 'constant',
};

const specKind = 'pkg.torch.export.graph_signature.InputSpec.kind';
const ruleName = 'pkg.onnxscript.rewriter.rule_name';
const programName = 'pkg.torch.onnx.original_node_name';

/**
 * Reads the notes of PyTorch's default exporter: the signature of the whole program, and what the declarations of
 * single tensors say, which other tools more often keep.
 */
export function readOrigins({ graph, producerName }: OnnxModel): Origins {
  const stored = new Set(graph.initializer.map(({ name }) => name));
  const byProgramName = new Map<string, ModuleTensor>();
  const byTarget = new Map<string, ModuleTensor>();
  function add(program: string, kindName: string, target: string): void {
    const kind = Object.hasOwn(kinds, kindName) ? kinds[kindName] : undefined;
    if (kind === undefined) return;
    const tensor = { target, kind, stored: stored.has(target) };
    byProgramName.set(program, tensor);
    byTarget.set(target, tensor);
  }
  const signature = note(graph.metadataProps, 'pkg.torch.export.ExportedProgram.graph_signature') ?? '';
  for (const line of signature.split('\n')) {
    const [, program, kind, target] = /^(\w+): ([A-Z_]+) target='(.*)'/.exec(line) ?? [];
    if (program !== undefined && kind !== undefined && target !== undefined) add(program, kind, target);
  }
  for (const { name, metadataProps } of [...graph.input, ...graph.valueInfo]) {
    if (stored.has(name)) add(note(metadataProps, programName) ?? name, note(metadataProps, specKind) ?? '', name);
  }
  return {
    exporter: findExporter(graph.node, producerName, signature !== '' || byTarget.size > 0),
    byProgramName,
    byTarget,
  };
}

function findExporter(nodes: readonly NodeProto[], producer: string, noted: boolean): Exporter {
  if (noted) return 'dynamo';
  if (producer === 'tf2onnx' || producer === 'skl2onnx') return producer;
  if (producer !== 'pytorch') return 'other';
  // Without notes the names of nodes tell: "node_linear" here, "/fc/Gemm" or "Gemm_3" there.
  return nodes.some(({ name }) => name.startsWith('node_')) ? 'dynamo' : 'torchscript';
}

/** Whether a file notes nothing of its own about what its tensors are. */
export const isSilent = (exporter: Exporter): boolean => exporter !== 'dynamo' && exporter !== 'torchscript';

/** Of longer lists nothing is concluded, so that the work stays linear in the file. */
const mostOperands = 100;

/** Undefined for a node without a note. */
export function readTracedOperation({ metadataProps }: NodeProto, origins: Origins): TracedOperation | undefined {
  const text = note(metadataProps, 'pkg.torch.onnx.fx_node') ?? '';
  const [call, begin] = ['call_function[target=', text.indexOf('](')];
  const target = text.indexOf(call);
  if (!text.startsWith('%') || target < 0 || begin < target) return undefined;
  const names = [...text.slice(begin).matchAll(/%(\w+)/g)].map(([, name]) => origins.byProgramName.get(name ?? ''));
  const operands = [...new Set(names.filter((operand) => operand !== undefined))];
  if (operands.length > mostOperands) return undefined;
  return {
    result: text.slice(1, text.indexOf(' ')),
    operation: text.slice(target + call.length, begin),
    operands,
    scope: /'([^']*)', '[^']*'\]$/.exec(note(metadataProps, 'pkg.torch.onnx.name_scopes') ?? '')?.[1] ?? '',
    fused: note(metadataProps, ruleName) !== undefined,
  };
}

/** Whether the exporter multiplied the scales of a batch normalization into the weights of this node. */
export function swallowedBatchNorm({ metadataProps }: NodeProto): boolean {
  return note(metadataProps, ruleName)?.includes('BatchNorm') ?? false;
}

function note(notes: readonly StringStringEntryProto[], key: string): string | undefined {
  return notes.find((entry) => entry.key === key)?.value;
}
