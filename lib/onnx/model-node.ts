import { printable } from '../printable.js';
import type { AttributeProto, NodeProto } from './file/schema/onnx_pb.js';
import { standardDomain } from './opset.js';
import { type Origins, readTracedOperation, swallowedBatchNorm, type TracedOperation } from './origins.js';
import { quote } from './quote.js';
import { capturedNames } from './subgraphs.js';

/** One operator application of the file. */
export interface ModelNode {
  /** As the file has it; '' for none. */
  readonly name: string;
  readonly opType: string;
  /** '' for the standard operators. */
  readonly domain: string;
  /** For messages: operator and node name, as in `Conv node "/features/0/Conv"`. */
  readonly label: string;
  /** '' stands for an optional input or output that is left out. */
  readonly inputs: readonly string[];
  /** How many of the inputs, the last ones, are read by graphs within the node instead. */
  readonly captured: number;
  readonly outputs: readonly string[];
  readonly attributes: readonly AttributeProto[];
  /** What the exporter noted about it. */
  readonly traced?: TracedOperation | undefined;
  /** Whether the exporter noted that it folded batch normalization into the weights. */
  readonly swallowedBatchNorm?: boolean;
}

/** A node of the file as messages and importers see it; `index` is its position there. */
export function readNode(proto: NodeProto, index: number, origins: Origins): ModelNode {
  const captured = capturedNames(proto.attribute);
  return {
    name: proto.name,
    opType: proto.opType,
    domain: standardDomain(proto.domain),
    label: `${printable(proto.opType.slice(0, 100))} node ${proto.name === '' ? `number ${index}` : quote(proto.name)}`,
    inputs: [...proto.input, ...captured],
    captured: captured.length,
    outputs: proto.output,
    attributes: proto.attribute,
    traced: readTracedOperation(proto, origins),
    swallowedBatchNorm: swallowedBatchNorm(proto),
  };
}
