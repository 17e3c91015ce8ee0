import { create } from '@bufbuild/protobuf';
import { BilevelError } from '../../errors.js';
import { type DType, elementCount, type Shape, sameShape, type Tensor } from '../../tensor.js';
import { quote } from '../quote.js';
import { type ElementType, elementType, typedValues } from './element-types.js';
import { checkLimit, type OnnxLimits } from './limits.js';
import { type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from './schema/onnx_pb.js';

/** A tensor stored in a model file, checked: its data have the size that its shape says. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly type: ElementType;
  readonly proto: TensorProto;
}

/**
 * Checks the header of a stored tensor against its data and the limits. External data must have been read before.
 * @throws INVALID_FILE, LIMIT_EXCEEDED, or UNSUPPORTED_OPERATOR for an element type that is not supported.
 */
export function checkTensor(proto: TensorProto, limits: OnnxLimits, what: string): StoredTensor {
  const type = elementType(proto.dataType, what);
  checkLimit(limits, 'rank', proto.dims.length, `The number of axes of ${what}`);
  const shape = proto.dims.map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new BilevelError('INVALID_FILE', `${what} has the impossible shape [${proto.dims.join(', ')}].`);
  }
  const count = elementCount(shape);
  checkLimit(limits, 'tensorElements', count, `The number of elements of ${what}`);
  if (proto.segment !== undefined) {
    throw new BilevelError('INVALID_FILE', `${what} is stored in segments, which ONNX models do not use.`);
  }
  const raw = proto.rawData.byteLength > 0;
  const stored = raw ? proto.rawData.byteLength / type.bytes : proto[type.field].length;
  if (stored !== count) {
    throw new BilevelError(
      'INVALID_FILE',
      `${what} of shape [${shape.join(', ')}] needs ${count} elements of ${type.name} but the file holds ${stored}.`,
    );
  }
  return { name: proto.name, dtype: type.dtype, shape, type, proto };
}

/** The elements in row-major order, as numbers of float64; integers beyond 2^53 saturate. */
export function tensorValues({ proto, shape, type }: StoredTensor): Float64Array {
  if (proto.rawData.byteLength === 0) return Float64Array.from(typedValues(proto, type));
  // Those of most parameters: converted at once, from memory that is aligned.
  if (isFloat32(type)) return new Float64Array(new Float32Array(new Uint8Array(proto.rawData).buffer));
  const { buffer, byteOffset, byteLength } = proto.rawData;
  const view = new DataView(buffer, byteOffset, byteLength);
  const values = new Float64Array(elementCount(shape));
  for (let index = 0; index < values.length; index++) values[index] = type.read(view, index * type.bytes);
  return values;
}

/** A message like that of `stored`, with other elements, in the element type of the file. */
export function replaceValues(stored: StoredTensor, values: Tensor): TensorProto {
  const { type, shape, proto } = stored;
  if (values.dtype !== 'float32' || !sameShape(values.shape, shape)) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected float32[${shape.join(', ')}] for parameter ${quote(stored.name)} but received ` +
        `${values.dtype}[${values.shape.join(', ')}].`,
    );
  }
  const rawData = isFloat32(type) ? bytesOf(values) : convertedBytes(values, type);
  const { dims, dataType, name, $unknown } = proto;
  const message = create(TensorProtoSchema, { dims, dataType, name, rawData });
  if ($unknown) message.$unknown = $unknown;
  return message;
}

const isFloat32 = ({ dtype, bytes }: ElementType): boolean => dtype === 'float32' && bytes === 4;

function bytesOf({ data }: Tensor): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function convertedBytes({ data }: Tensor, type: ElementType): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.length * type.bytes);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < data.length; index++) type.write(view, index * type.bytes, Number(data[index]));
  return bytes;
}

/** Makes `proto` hold `bytes` itself, instead of pointing to another file. */
export function embed(proto: TensorProto, bytes: Uint8Array): void {
  proto.rawData = bytes;
  proto.externalData = [];
  proto.dataLocation = TensorProto_DataLocation.DEFAULT;
}
