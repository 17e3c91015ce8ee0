import { fromBinary } from '@bufbuild/protobuf';
import { BilevelError } from '../../errors.js';
import type { OnnxLimits } from './limits.js';
import { scanWire } from './scan.js';
import { type GraphProto, type ModelProto, ModelProtoSchema } from './schema/onnx_pb.js';

/** A decoded model that has a graph. */
export type OnnxModel = ModelProto & { graph: GraphProto };

/**
 * Decodes a model file within limits. Fields that this package does not know stay in the messages.
 * @throws INVALID_FILE for bytes that are not an ONNX model, LIMIT_EXCEEDED.
 */
export function decodeModel(bytes: Uint8Array, limits: OnnxLimits): OnnxModel {
  const model = decodeMessage(bytes, limits);
  const { graph } = model;
  if (graph === undefined || graph.output.length === 0 || model.opsetImport.length === 0) {
    throw new BilevelError(
      'INVALID_FILE',
      'The file is not an ONNX model: it has no graph with outputs, or does not say which operator set it uses.',
    );
  }
  return Object.assign(model, { graph });
}

function decodeMessage(bytes: Uint8Array, limits: OnnxLimits): ModelProto {
  try {
    scanWire(ModelProtoSchema, bytes, limits);
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    if (cause instanceof BilevelError) throw cause;
    throw new BilevelError('INVALID_FILE', 'The file is not an ONNX model, or it is truncated or damaged.', {
      cause,
    });
  }
}
