import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  AttributeProto_AttributeType as Type,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../../../lib/onnx/file/schema/onnx_pb.js';
import { elementCount } from '../../../lib/tensor.js';

export type ElementName = 'float32' | 'float64' | 'int32' | 'int64' | 'bool';

/** A tensor of a test model. */
export interface TestTensor {
  readonly type: ElementName;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const dataTypes = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
} as const;

const writers: Readonly<
  Record<ElementName, readonly [bytes: number, (view: DataView, at: number, x: number) => void]>
> = {
  float32: [4, (view, at, x) => view.setFloat32(at, x, true)],
  float64: [8, (view, at, x) => view.setFloat64(at, x, true)],
  int32: [4, (view, at, x) => view.setInt32(at, x, true)],
  int64: [8, (view, at, x) => view.setBigInt64(at, BigInt(x), true)],
  bool: [1, (view, at, x) => view.setUint8(at, x)],
};

export function tensor(data: readonly number[], shape: readonly number[] = [data.length]): TestTensor {
  return { type: 'float32', shape, data };
}

export function int64s(data: readonly number[], shape: readonly number[] = [data.length]): TestTensor {
  return { type: 'int64', shape, data };
}

export function bools(data: readonly number[], shape: readonly number[] = [data.length]): TestTensor {
  return { type: 'bool', shape, data };
}

/** Little-endian bytes, as raw_data holds them. */
export function rawBytes({ type, data }: TestTensor): Uint8Array<ArrayBuffer> {
  const [bytes, write] = writers[type];
  const raw = new Uint8Array(data.length * bytes);
  const view = new DataView(raw.buffer);
  for (const [index, value] of data.entries()) write(view, index * bytes, value);
  return raw;
}

export function tensorProto(name: string, value: TestTensor): TensorProto {
  if (value.data.length !== elementCount(value.shape)) throw new Error(`${name} does not have the size of its shape.`);
  return create(TensorProtoSchema, {
    name,
    dims: value.shape.map(BigInt),
    dataType: dataTypes[value.type],
    rawData: rawBytes(value),
  });
}

/** A number or bigint is an INT; `{ float }` and `{ floats }` say that it is not. */
export type AttributeValue =
  | number
  | bigint
  | string
  | readonly (number | bigint)[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly texts: readonly string[] }
  | { readonly graph: TestGraph }
  | { readonly tensor: TestTensor };

function attributeProto(name: string, value: AttributeValue): AttributeProto {
  const of = (type: Type, fields: Partial<AttributeProto>): AttributeProto =>
    Object.assign(create(AttributeProtoSchema, { name, type }), fields);
  if (typeof value === 'number' || typeof value === 'bigint') return of(Type.INT, { i: BigInt(value) });
  if (typeof value === 'string') return of(Type.STRING, { s: new TextEncoder().encode(value) });
  if ('float' in value) return of(Type.FLOAT, { f: value.float });
  if ('floats' in value) return of(Type.FLOATS, { floats: [...value.floats] });
  if ('strings' in value)
    return of(Type.STRINGS, { strings: value.strings.map((text) => new TextEncoder().encode(text)) });
  if ('graph' in value) return of(Type.GRAPH, { g: graphProto(value.graph) });
  if ('texts' in value) return of(Type.STRINGS, { strings: value.texts.map((text) => new TextEncoder().encode(text)) });
  if ('tensor' in value) return of(Type.TENSOR, { t: tensorProto('', value.tensor) });
  return of(Type.INTS, { ints: value.map(BigInt) });
}

/** A branch, or the body of a loop: a graph within a node. */
export interface TestGraph {
  readonly inputs?: Readonly<Record<string, TestInput>>;
  readonly initializers?: Readonly<Record<string, TestTensor>>;
  readonly nodes: readonly TestNode[];
  readonly outputs: readonly string[];
}

export interface TestNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export interface TestInput {
  readonly type?: ElementName;
  readonly shape: readonly (number | string)[];
}

export interface TestModel {
  /** 17 by default. */
  readonly opset?: number;
  readonly inputs: Readonly<Record<string, TestInput>>;
  readonly initializers?: Readonly<Record<string, TestTensor>>;
  readonly nodes: readonly TestNode[];
  readonly outputs: readonly string[];
}

function valueInfo(name: string, { type = 'float32', shape }: TestInput): ValueInfoProto {
  const dim = shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'number' ? { case: 'dimValue', value: BigInt(size) } : { case: 'dimParam', value: size },
    }),
  );
  const value = create(TypeProto_TensorSchema, {
    elemType: dataTypes[type],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value } }),
  });
}

function nodeProto({ op, inputs, outputs, name = '', domain = '', attributes = {} }: TestNode): NodeProto {
  return create(NodeProtoSchema, {
    opType: op,
    input: [...inputs],
    output: [...outputs],
    name,
    domain,
    attribute: Object.entries(attributes).map(([key, value]) => attributeProto(key, value)),
  });
}

function graphProto({ inputs = {}, initializers = {}, nodes, outputs }: TestGraph): GraphProto {
  return create(GraphProtoSchema, {
    name: 'body',
    node: nodes.map(nodeProto),
    initializer: Object.entries(initializers).map(([name, value]) => tensorProto(name, value)),
    input: Object.entries(inputs).map(([name, value]) => valueInfo(name, value)),
    output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
  });
}

/** The messages of a small model. Outputs are declared without type, which readers infer. */
export function buildModel({ opset = 17, inputs, initializers = {}, nodes, outputs }: TestModel): ModelProto {
  return create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'test',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })],
    graph: create(GraphProtoSchema, {
      name: 'graph',
      node: nodes.map(nodeProto),
      initializer: Object.entries(initializers).map(([name, value]) => tensorProto(name, value)),
      input: Object.entries(inputs).map(([name, value]) => valueInfo(name, value)),
      output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
    }),
  });
}

export function encode(model: ModelProto): Uint8Array {
  return toBinary(ModelProtoSchema, model);
}
