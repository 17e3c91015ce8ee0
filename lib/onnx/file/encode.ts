import { create, toBinary } from '@bufbuild/protobuf';
import { BilevelError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import type { OnnxModel } from './decode.js';
import { GraphProtoSchema, ModelProtoSchema } from './schema/onnx_pb.js';
import { replaceValues, type StoredTensor } from './stored-tensor.js';

/** What a protobuf message can hold. */
const largestMessageBytes = 2 ** 31 - 1;

/** The bytes of `model` with other values for some of its initializers. The model itself stays as it is. */
export function encodeModel(
  model: OnnxModel,
  initializers: ReadonlyMap<string, StoredTensor>,
  replacements: ReadonlyMap<string, Tensor>,
): Uint8Array {
  const replaced = model.graph.initializer.map((proto) => {
    const [stored, values] = [initializers.get(proto.name), replacements.get(proto.name)];
    return stored === undefined || values === undefined ? proto : replaceValues(stored, values);
  });
  const bytes = replaced.reduce((sum, { rawData }) => sum + rawData.byteLength, 0);
  if (bytes > largestMessageBytes) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `The weights take ${bytes} bytes, but a model file can hold 2 GiB at most.`,
    );
  }
  const graph = Object.assign(create(GraphProtoSchema), model.graph, { initializer: replaced });
  return toBinary(ModelProtoSchema, Object.assign(create(ModelProtoSchema), model, { graph }));
}
