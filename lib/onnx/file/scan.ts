import type { DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { BilevelError } from '../../errors.js';
import { checkLimit, type OnnxLimits } from './limits.js';
import { NodeProtoSchema, TensorProtoSchema } from './schema/onnx_pb.js';

/** Bytes of one packed number of fixed width; all others are varints of one byte or more. */
const fixedWidths: ReadonlyMap<ScalarType | undefined, number> = new Map([
  [ScalarType.FLOAT, 4],
  [ScalarType.DOUBLE, 8],
]);

/**
 * Walks the wire format along the schema without building anything, so that a small file cannot make the decoder
 * allocate without bound (an empty message of two bytes becomes an object of hundreds) or recurse without bound.
 * @throws LIMIT_EXCEEDED, or INVALID_FILE when a field does not end where its message does.
 */
export function scanWire(schema: DescMessage, bytes: Uint8Array, limits: OnnxLimits): void {
  const counts = { fields: 0, packedValues: 0, nodes: 0, initializers: 0 };

  function count(name: keyof typeof counts, what: string, amount = 1): void {
    counts[name] += amount;
    checkLimit(limits, name, counts[name], what);
  }

  function scanField(message: DescMessage, number: number, reader: BinaryReader, stop: number, depth: number): void {
    const field = message.fields.find((candidate) => candidate.number === number);
    const length = stop - reader.pos;
    if (field?.message) {
      scanMessage(field.message, reader, stop, depth + 1);
    } else if (field?.scalar === ScalarType.STRING) {
      checkLimit(limits, 'stringBytes', length, `The length of ${message.typeName}.${field.name}`);
    } else if (field !== undefined && field.scalar !== ScalarType.BYTES) {
      count('packedValues', 'The number of packed values', Math.ceil(length / (fixedWidths.get(field.scalar) ?? 1)));
    }
    reader.pos = stop;
  }

  function scanMessage(message: DescMessage, reader: BinaryReader, end: number, depth: number): void {
    checkLimit(limits, 'nestingDepth', depth, 'The depth of nested messages');
    if (message.typeName === NodeProtoSchema.typeName) count('nodes', 'The number of nodes');
    if (message.typeName === TensorProtoSchema.typeName) count('initializers', 'The number of stored tensors');
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      count('fields', 'The number of fields');
      if (wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number, limits.nestingDepth - depth);
        continue;
      }
      const length = reader.uint32();
      if (reader.pos + length > end) {
        throw new BilevelError(
          'INVALID_FILE',
          `Field ${number} of ${message.typeName} at byte ${reader.pos} needs ${length} bytes, but only ` +
            `${end - reader.pos} are left: the file is truncated or damaged.`,
        );
      }
      scanField(message, number, reader, reader.pos + length, depth);
    }
    if (reader.pos > end) {
      throw new BilevelError('INVALID_FILE', `A field of ${message.typeName} runs past the end of it at byte ${end}.`);
    }
  }

  scanMessage(schema, new BinaryReader(bytes), bytes.byteLength, 1);
}
