import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from '../../data/half.js';
import { BilevelError } from '../../errors.js';
import type { DType } from '../../tensor.js';
import { TensorProto_DataType as DataType, type TensorProto } from './schema/onnx_pb.js';

/** The fields of a TensorProto that hold numbers one by one, instead of as raw bytes. */
type TypedField = 'floatData' | 'doubleData' | 'int32Data' | 'int64Data' | 'uint64Data';

/** How an ONNX element type is stored in a file, and as which dtype it is computed. */
export interface ElementType {
  readonly name: string;
  /** Computation is in float32, int32, int64 or bool; the file's type is kept when weights are written back. */
  readonly dtype: DType;
  /** Bytes of one element in raw data (little-endian). */
  readonly bytes: number;
  readonly field: TypedField;
  read(view: DataView, offset: number): number;
  write(view: DataView, offset: number, value: number): void;
  /** Meaning of one entry of the typed field, where it is not the value itself. */
  readonly fromField?: (entry: number | bigint) => number;
}

const elementTypes: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [
    DataType.FLOAT,
    {
      name: 'float32',
      dtype: 'float32',
      bytes: 4,
      field: 'floatData',
      read: (view, offset) => view.getFloat32(offset, true),
      write: (view, offset, value) => view.setFloat32(offset, value, true),
    },
  ],
  [
    DataType.DOUBLE,
    {
      name: 'float64',
      dtype: 'float32',
      bytes: 8,
      field: 'doubleData',
      read: (view, offset) => view.getFloat64(offset, true),
      write: (view, offset, value) => view.setFloat64(offset, value, true),
    },
  ],
  [
    DataType.FLOAT16,
    {
      name: 'float16',
      dtype: 'float32',
      bytes: 2,
      field: 'int32Data',
      read: (view, offset) => decodeFloat16(view.getUint16(offset, true)),
      write: (view, offset, value) => view.setUint16(offset, encodeFloat16(value), true),
      fromField: (entry) => decodeFloat16(Number(entry)),
    },
  ],
  [
    DataType.BFLOAT16,
    {
      name: 'bfloat16',
      dtype: 'float32',
      bytes: 2,
      field: 'int32Data',
      read: (view, offset) => decodeBfloat16(view.getUint16(offset, true)),
      write: (view, offset, value) => view.setUint16(offset, encodeBfloat16(value), true),
      fromField: (entry) => decodeBfloat16(Number(entry)),
    },
  ],
  [
    DataType.BOOL,
    {
      ...integer('bool', 'bool', 1, 'int32Data', (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1)),
      fromField: (entry) => (Number(entry) === 0 ? 0 : 1),
    },
  ],
  [DataType.INT8, integer('int8', 'int32', 1, 'int32Data', (view, offset) => view.getInt8(offset))],
  [DataType.UINT8, integer('uint8', 'int32', 1, 'int32Data', (view, offset) => view.getUint8(offset))],
  [DataType.INT16, integer('int16', 'int32', 2, 'int32Data', (view, offset) => view.getInt16(offset, true))],
  [DataType.UINT16, integer('uint16', 'int32', 2, 'int32Data', (view, offset) => view.getUint16(offset, true))],
  [DataType.INT32, integer('int32', 'int32', 4, 'int32Data', (view, offset) => view.getInt32(offset, true))],
  [DataType.UINT32, integer('uint32', 'int64', 4, 'uint64Data', (view, offset) => view.getUint32(offset, true))],
  [DataType.INT64, integer('int64', 'int64', 8, 'int64Data', (view, at) => saturate(view.getBigInt64(at, true)))],
  [DataType.UINT64, integer('uint64', 'int64', 8, 'uint64Data', (view, at) => saturate(view.getBigUint64(at, true)))],
]);

/** Exporters write the largest or smallest int64 for "to the end"; the outermost exact number means the same. */
export function saturate(value: number | bigint): number {
  return Math.min(Math.max(Number(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** Integers are never parameters, so they are only read. */
function integer(name: string, dtype: DType, bytes: number, field: TypedField, read: ElementType['read']): ElementType {
  const write = (): never => {
    throw new BilevelError('INVALID_ARGUMENT', `A tensor of ${name} is not a parameter and cannot be written.`);
  };
  return { name, dtype, bytes, field, read, write };
}

/** Whether this ONNX element type is computed with as float32. */
export function isReal(dataType: number): boolean {
  return elementTypes.get(dataType)?.dtype === 'float32';
}

/** @throws UNSUPPORTED_OPERATOR for strings, complex numbers and the 8-bit and 4-bit floating-point types. */
export function elementType(dataType: number, what: string): ElementType {
  const found = elementTypes.get(dataType);
  if (found !== undefined) return found;
  const name = DataType[dataType] ?? `number ${dataType}`;
  throw new BilevelError(
    'UNSUPPORTED_OPERATOR',
    `${what} has the ONNX element type ${name}, which is not supported; export the model in float32.`,
  );
}

/** The typed field of `proto` for this element type, as numbers. */
export function typedValues(proto: TensorProto, type: ElementType): number[] {
  const entries: readonly (number | bigint)[] = proto[type.field];
  const { fromField = type.dtype === 'float32' ? Number : saturate } = type;
  return Array.from(entries, (entry) => fromField(entry));
}
