import { create, toBinary } from '@bufbuild/protobuf';
import { Random } from '../data/random.js';
import { BilevelError } from '../errors.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
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
  /**
   * A batch normalization is in training form: it normalizes by the statistics of the batch. An average pool is over
   * all pixels.
   */
  | { readonly kind: 'flatten' | 'relu' | 'maxPool' | 'averagePool' | 'batchNorm' }
  | { readonly kind: 'leakyRelu'; readonly slope: number }
  /** With a bias unless it says otherwise. */
  | { readonly kind: 'dense'; readonly width?: number; readonly bias?: boolean }
  | {
      readonly kind: 'conv';
      readonly channels: number;
      readonly kernel: number;
      readonly padding?: number;
      /** 1 by default. */
      readonly stride?: number;
      /** True by default. */
      readonly bias?: boolean;
    }
  /** The sum of two chains from one value; one without layers is the value itself. */
  | { readonly kind: 'residual'; readonly layers: readonly Layer[]; readonly shortcut: readonly Layer[] };

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
  const builder = new LayerBuilder(name, inputShape, classes);
  builder.addAll(layers);
  const graph = builder.end(outputName);
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: 17n })];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, producerName: 'bilevel', opsetImport, graph }),
  );
}

/** A graph that grows layer by layer. */
class LayerBuilder {
  readonly #name: string;
  readonly #inputShape: Shape;
  readonly #classes: number;
  readonly #random: Random;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  /** What the next layer takes, and the sizes of a sample of it. */
  #value = 'input';
  #shape: Shape;

  constructor(name: string, inputShape: Shape, classes: number) {
    this.#name = name;
    this.#inputShape = inputShape;
    this.#classes = classes;
    this.#random = Random.fromSeed(0, `layers of ${name}`);
    this.#shape = inputShape;
  }

  addAll(layers: readonly Layer[]): void {
    for (const layer of layers) this.#add(layer);
  }

  /** The graph, whose output is that of the last layer. */
  end(outputName: string): GraphProto {
    const last = this.#nodes.at(-1);
    if (last !== undefined) last.output[0] = outputName;
    return create(GraphProtoSchema, {
      name: this.#name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: [valueInfo('input', ['batch', ...this.#inputShape])],
      output: [valueInfo(outputName, ['batch', ...this.#shape])],
    });
  }

  #add(layer: Layer): void {
    const [channels = 0] = this.#shape;
    switch (layer.kind) {
      case 'flatten':
        this.#addNode('Flatten');
        this.#shape = [elementCount(this.#shape)];
        break;
      case 'relu':
        this.#addNode('Relu');
        break;
      case 'leakyRelu':
        this.#addNode('LeakyRelu', [], [float('alpha', layer.slope)]);
        break;
      case 'batchNorm': {
        const at = this.#nodes.length;
        const numbers = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
        const names = Object.entries(numbers).map(([tensor, number]) =>
          this.#addInitializer(tensor, [channels], () => number),
        );
        const statistics = ['mean', 'variance'].map((name) => `${at}.next_${name}`);
        this.#addNode('BatchNormalization', names, [ints('training_mode', 1)], statistics);
        break;
      }
      case 'maxPool':
        this.#shapeImages(channels, (size) => Math.floor(size / poolSide));
        this.#addNode(
          'MaxPool',
          [],
          [ints('kernel_shape', [poolSide, poolSide]), ints('strides', [poolSide, poolSide])],
        );
        break;
      case 'averagePool':
        this.#shapeImages(channels, () => 1);
        this.#addNode('GlobalAveragePool');
        break;
      case 'conv': {
        const { kernel, padding = 0, stride = 1, bias = true } = layer;
        this.#shapeImages(layer.channels, (size) => Math.floor((size + 2 * padding - kernel) / stride) + 1);
        const names = this.#addWeights([layer.channels, channels, kernel, kernel], channels * kernel * kernel, bias);
        this.#addNode('Conv', names, [
          ints('kernel_shape', [kernel, kernel]),
          ints('pads', new Array(4).fill(padding)),
        ]);
        break;
      }
      case 'dense': {
        const units = layer.width ?? this.#classes;
        this.#addNode('Gemm', this.#addWeights([units, channels], channels, layer.bias), [ints('transB', 1)]);
        this.#shape = [units];
        break;
      }
      case 'residual': {
        const from = [this.#value, this.#shape] as const;
        this.addAll(layer.layers);
        const value = this.#value;
        [this.#value, this.#shape] = from;
        this.addAll(layer.shortcut);
        this.#addNode('Add', [value]);
        break;
      }
    }
  }

  /** Images of so many channels, whose sides change as told. @throws SHAPE_MISMATCH where nothing is left of them */
  #shapeImages(channels: number, sideOf: (size: number) => number): void {
    const sizes = this.#shape.slice(1).map(sideOf);
    if (this.#shape.length !== 3 || !sizes.every((size) => size > 0)) {
      throw new BilevelError(
        'SHAPE_MISMATCH',
        `The network ${this.#name} takes images [channels, height, width] that are larger, but the data have [${this.#inputShape.join(', ')}]. Choose another network, or give the data another shape.`,
      );
    }
    this.#shape = [channels, ...sizes];
  }

  #addNode(
    opType: string,
    inputs: readonly string[] = [],
    attributes: readonly AttributeProto[] = [],
    others: readonly string[] = [],
  ): void {
    const output = `value${this.#nodes.length}`;
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType,
        input: [this.#value, ...inputs],
        output: [output, ...others],
        attribute: [...attributes],
      }),
    );
    this.#value = output;
  }

  #addWeights(sizes: Shape, fanIn: number, bias = true): string[] {
    const bound = 1 / Math.sqrt(fanIn);
    const draw = (): number => bound * (2 * this.#random.uniform() - 1);
    const names = [this.#addInitializer('weight', sizes, draw)];
    return bias ? [...names, this.#addInitializer('bias', sizes.slice(0, 1), draw)] : names;
  }

  /** @returns the name of a tensor of the next node */
  #addInitializer(tensor: string, dims: Shape, next: () => number): string {
    const name = `${this.#nodes.length}.${tensor}`;
    this.#initializers.push(float32(name, dims, Float32Array.from({ length: elementCount(dims) }, next)));
    return name;
  }
}

function float32(name: string, dims: Shape, data: Float32Array): TensorProto {
  const rawData = new Uint8Array(4 * data.length);
  const view = new DataView(rawData.buffer);
  for (const [index, value] of data.entries()) view.setFloat32(4 * index, value, true);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: TensorProto_DataType.FLOAT, rawData });
}

const float = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value });

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
