import { create, toBinary } from '@bufbuild/protobuf';
import { Random } from '../data/random.js';
import { BilevelError } from '../errors.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx/file/schema/onnx_pb.js';
import { elementCount, type Shape } from '../tensor.js';

/** A layer of a chain; a dense one without a width gives the classes. */
export type Layer =
  /** A batch normalization is in training form: it normalizes by the statistics of the batch. */
  | { readonly kind: 'flatten' | 'relu' | 'maxPool' | 'batchNorm' }
  | { readonly kind: 'dense'; readonly width?: number }
  | { readonly kind: 'conv'; readonly channels: number; readonly kernel: number; readonly padding?: number };

/** Side of the windows of a max pool, which do not overlap. */
const poolSide = 2;

/**
 * A chain of layers as an ONNX file for inputs of a size, with first weights and biases drawn uniformly within 1 /
 * sqrt(inputs of a unit), which is PyTorch's default. The same arguments give the same bytes.
 * @param inputShape of one sample
 * @param classes outputs of a dense layer that has no width of its own
 * @throws SHAPE_MISMATCH naming the layer for which nothing of the sample is left, or which needs images
 */
export function buildLayers(
  name: string,
  layers: readonly Layer[],
  inputShape: Shape,
  { classes = 0, outputName = 'logits' }: { readonly classes?: number; readonly outputName?: string },
): Uint8Array {
  const random = Random.fromSeed(0, `layers of ${name}`);
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  let shape = inputShape;
  let value = 'input';
  const fits = (holds: boolean, what: string): void => {
    if (holds) return;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The network ${name} ${what}, but the data have [${inputShape.join(', ')}]. Choose another network, or give the data another shape.`,
    );
  };
  const add = (
    opType: string,
    inputs: readonly string[],
    attributes: readonly AttributeProto[] = [],
    others: readonly string[] = [],
  ): void => {
    const last = nodes.length === layers.length - 1;
    const output = last ? outputName : `value${nodes.length}`;
    nodes.push(
      create(NodeProtoSchema, {
        opType,
        input: [value, ...inputs],
        output: [output, ...others],
        attribute: [...attributes],
      }),
    );
    value = output;
  };
  const addWeights = (sizes: Shape, fanIn: number): string[] => {
    const layer = nodes.length;
    const bound = 1 / Math.sqrt(fanIn);
    const draw = (tensor: string, dims: Shape): string => {
      const data = Float32Array.from({ length: elementCount(dims) }, () => bound * (2 * random.uniform() - 1));
      initializers.push(float32(`${layer}.${tensor}`, dims, data));
      return `${layer}.${tensor}`;
    };
    return [draw('weight', sizes), draw('bias', sizes.slice(0, 1))];
  };
  const addConstant = (tensor: string, length: number, number: number): string => {
    const name = `${nodes.length}.${tensor}`;
    initializers.push(float32(name, [length], new Float32Array(length).fill(number)));
    return name;
  };
  for (const layer of layers) {
    const [channels = 0, height = 0, width = 0] = shape;
    switch (layer.kind) {
      case 'flatten':
        add('Flatten', []);
        shape = [elementCount(shape)];
        break;
      case 'relu':
        add('Relu', []);
        break;
      case 'batchNorm': {
        const at = nodes.length;
        const numbers = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
        const names = Object.entries(numbers).map(([tensor, number]) => addConstant(tensor, channels, number));
        const statistics = ['mean', 'variance'].map((name) => `${at}.next_${name}`);
        add('BatchNormalization', names, [ints('training_mode', 1)], statistics);
        break;
      }
      case 'maxPool': {
        const sizes = [height, width].map((size) => Math.floor(size / poolSide));
        fits(
          shape.length === 3 && sizes.every((size) => size > 0),
          'takes images [channels, height, width] that are larger',
        );
        add('MaxPool', [], [ints('kernel_shape', [poolSide, poolSide]), ints('strides', [poolSide, poolSide])]);
        shape = [channels, ...sizes];
        break;
      }
      case 'conv': {
        const { kernel, padding = 0 } = layer;
        const sizes = [height, width].map((size) => size + 2 * padding - kernel + 1);
        fits(
          shape.length === 3 && sizes.every((size) => size > 0),
          'takes images [channels, height, width] that are larger',
        );
        const names = addWeights([layer.channels, channels, kernel, kernel], channels * kernel * kernel);
        add('Conv', names, [ints('kernel_shape', [kernel, kernel]), ints('pads', new Array(4).fill(padding))]);
        shape = [layer.channels, ...sizes];
        break;
      }
      case 'dense': {
        const units = layer.width ?? classes;
        add('Gemm', addWeights([units, channels], channels), [ints('transB', 1)]);
        shape = [units];
        break;
      }
    }
  }
  const graph = create(GraphProtoSchema, {
    name,
    node: nodes,
    initializer: initializers,
    input: [valueInfo('input', ['batch', ...inputShape])],
    output: [valueInfo(outputName, ['batch', ...shape])],
  });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: 17n })];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, producerName: 'bilevel', opsetImport, graph }),
  );
}

function float32(name: string, dims: Shape, data: Float32Array): TensorProto {
  const rawData = new Uint8Array(4 * data.length);
  const view = new DataView(rawData.buffer);
  for (const [index, value] of data.entries()) view.setFloat32(4 * index, value, true);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: TensorProto_DataType.FLOAT, rawData });
}

function ints(name: string, value: number | readonly number[]): AttributeProto {
  return typeof value === 'number'
    ? create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) })
    : create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
}

function valueInfo(name: string, shape: readonly (number | string)[]): ValueInfoProto {
  const dim = shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'number' ? { case: 'dimValue', value: BigInt(size) } : { case: 'dimParam', value: size },
    }),
  );
  const value = create(TypeProto_TensorSchema, {
    elemType: TensorProto_DataType.FLOAT,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value } }),
  });
}
