import { create } from '@bufbuild/protobuf';
import { Attributes } from '../attributes.js';
import type { OnnxModel } from '../file/decode.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  AttributeProto_AttributeType as Type,
} from '../file/schema/onnx_pb.js';
import { readNode } from '../model-node.js';
import { standardDomain } from '../opset.js';
import { readOrigins } from '../origins.js';

const domain = 'ai.onnx.ml';

/** What a node is replaced by. */
interface Replacement {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

/** Gives undefined for a form that is not understood, which is refused later, if an output needs it. */
type Rewrite = (node: NodeProto, attributes: Attributes) => Replacement | undefined;

const rewrites: Readonly<Record<string, Rewrite>> = {
  LinearClassifier: classifier,
  LinearRegressor: regressor,
  Normalizer: normalizer,
  Scaler: scaler,
};

/**
 * Writes the linear models and scalers of the domain ai.onnx.ml by standard operators. Coefficients and intercepts,
 * which are attributes there, become stored tensors named after the node's output, so that they can be trained and
 * saved.
 */
export function expandLinearModels(model: OnnxModel): OnnxModel {
  const { graph } = model;
  if (!graph.node.some((node) => node.domain === domain && Object.hasOwn(rewrites, node.opType))) return model;
  const initializers = [...graph.initializer];
  const origins = readOrigins(model);
  const nodes = graph.node.flatMap((node, index) => {
    const rewrite = node.domain === domain && Object.hasOwn(rewrites, node.opType) ? rewrites[node.opType] : undefined;
    const attributes = new Attributes(readNode(node, index, origins));
    const replacement = rewrite?.(node, attributes);
    if (replacement === undefined || attributes.unread().length > 0) return [node];
    initializers.push(...replacement.initializers);
    return replacement.nodes;
  });
  const expanded = Object.assign(create(GraphProtoSchema), graph, { node: nodes, initializer: initializers });
  return Object.assign(model, { graph: expanded, opsetImport: withStandardOperators(model) });
}

/** A version that has all operators used here, for a file that names none. */
const added = 18n;

function withStandardOperators({ opsetImport }: OnnxModel): OnnxModel['opsetImport'] {
  if (opsetImport.some((entry) => standardDomain(entry.domain) === '')) return opsetImport;
  return [...opsetImport, create(OperatorSetIdProtoSchema, { domain: '', version: added })];
}

function regressor(node: NodeProto, attributes: Attributes): Replacement | undefined {
  const [y = ''] = node.output;
  const linear = product(node, attributes, attributes.int('targets', 1));
  const transform = transformation(attributes, linear?.scores ?? '', y);
  return linear && transform && { nodes: [...linear.nodes, transform], initializers: linear.initializers };
}

/**
 * Scores, and the label of the largest. With one row of coefficients for two classes, the first has the negative score.
 */
function classifier(node: NodeProto, attributes: Attributes): Replacement | undefined {
  attributes.ignore('multi_class');
  const labels = attributes.ints('classlabels_ints');
  const words = attributes.strings('classlabels_strings');
  const count = labels?.length ?? words?.length ?? 0;
  const [label = '', y = ''] = node.output;
  const base = y === '' ? label : y;
  const linear = product(node, attributes, count, base) ?? (count === 2 ? opposed(node, attributes, base) : undefined);
  const transform = transformation(attributes, linear?.scores ?? '', y);
  if (linear === undefined || transform === undefined) return undefined;
  const nodes = [...linear.nodes, ...(y === '' ? [] : [transform])];
  if (label === '') return { nodes, initializers: linear.initializers };
  // Labels that are words have no tensor here: what reads them is refused.
  if (labels === undefined) {
    const refused = Object.assign(create(NodeProtoSchema), node, { output: [label] });
    return { nodes: [...nodes, refused], initializers: linear.initializers };
  }
  const names = create(TensorProtoSchema, {
    name: `${base}/labels`,
    dims: [BigInt(count)],
    dataType: DataType.INT64,
    int64Data: labels.map(BigInt),
  });
  const choice = [
    operator('ArgMax', [linear.scores], `${base}/class`, [integer('axis', 1), integer('keepdims', 0)]),
    operator('Gather', [names.name, `${base}/class`], label),
  ];
  return { nodes: [...nodes, ...choice], initializers: [...linear.initializers, names] };
}

interface Product extends Replacement {
  /** Name of the value [samples, rows]. */
  readonly scores: string;
}

/** x times the transposed coefficients [rows, features], plus the intercepts. */
function product(
  { name, input: [x = ''], output: [y = ''] }: NodeProto,
  attributes: Attributes,
  rows: number,
  base = y,
): Product | undefined {
  const coefficients = attributes.floats('coefficients') ?? [];
  const intercepts = attributes.floats('intercepts') ?? [];
  const features = coefficients.length / rows;
  if (!(Number.isInteger(features) && features > 0) || ![0, rows].includes(intercepts.length)) return undefined;
  const transposed = coefficients.map(
    (_, index) => coefficients[(index % rows) * features + Math.floor(index / rows)] ?? 0,
  );
  const weights = stored(`${base}/coefficients`, [features, rows], transposed);
  const scores = `${base}/scores`;
  const real = `${base}/real`;
  const nodes = [operator('Cast', [x], real, [integer('to', DataType.FLOAT)])];
  if (intercepts.length === 0) {
    return {
      nodes: [...nodes, operator('MatMul', [real, weights.name], scores, [], name)],
      initializers: [weights],
      scores,
    };
  }
  const shifts = stored(`${base}/intercepts`, [rows], intercepts);
  nodes.push(
    operator('MatMul', [real, weights.name], `${base}/product`, [], name),
    operator('Add', [`${base}/product`, shifts.name], scores),
  );
  return { nodes, initializers: [weights, shifts], scores };
}

/** The scores of two classes from those of one. */
function opposed(node: NodeProto, attributes: Attributes, base: string): Product | undefined {
  const second = product(node, attributes, 1, base);
  if (second === undefined) return undefined;
  const [first, scores] = [`${base}/negative`, `${base}/both`];
  const nodes = [
    ...second.nodes,
    operator('Neg', [second.scores], first),
    operator('Concat', [first, second.scores], scores, [integer('axis', 1)]),
  ];
  return { ...second, nodes, scores };
}

function transformation(attributes: Attributes, x: string, y: string): NodeProto | undefined {
  switch (attributes.text('post_transform', 'NONE')) {
    case 'NONE':
      return operator('Identity', [x], y);
    case 'LOGISTIC':
      return operator('Sigmoid', [x], y);
    case 'SOFTMAX':
      return operator('Softmax', [x], y, [integer('axis', 1)]);
    default:
      return undefined;
  }
}

/** (x - offset) * scale, with constants. */
function scaler(
  { name, input: [x = ''], output: [y = ''] }: NodeProto,
  attributes: Attributes,
): Replacement | undefined {
  const [offset, scale] = [attributes.floats('offset'), attributes.floats('scale')];
  if (offset === undefined || scale === undefined) return undefined;
  const nodes = [
    operator('Cast', [x], `${y}/real`, [integer('to', DataType.FLOAT)]),
    constant(`${y}/offset`, offset),
    operator('Sub', [`${y}/real`, `${y}/offset`], `${y}/shifted`, [], name),
    constant(`${y}/scale`, scale),
    operator('Mul', [`${y}/shifted`, `${y}/scale`], y),
  ];
  return { nodes, initializers: [] };
}

/** Rows over their norm. */
function normalizer(
  { name, input: [x = ''], output: [y = ''] }: NodeProto,
  attributes: Attributes,
): Replacement | undefined {
  const p = { L1: 1, L2: 2 }[attributes.text('norm', 'MAX')];
  if (p === undefined) return undefined;
  const nodes = [
    operator('Cast', [x], `${y}/real`, [integer('to', DataType.FLOAT)]),
    operator('LpNormalization', [`${y}/real`], y, [integer('axis', -1), integer('p', p)], name),
  ];
  return { nodes, initializers: [] };
}

function operator(
  opType: string,
  input: string[],
  output: string,
  attribute: AttributeProto[] = [],
  name = '',
): NodeProto {
  return create(NodeProtoSchema, { opType, input, output: [output], attribute, name });
}

function integer(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: Type.INT, i: BigInt(value) });
}

function stored(name: string, shape: readonly number[], floatData: number[]): TensorProto {
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: DataType.FLOAT, floatData });
}

function constant(output: string, values: number[]): NodeProto {
  const value = create(AttributeProtoSchema, {
    name: 'value',
    type: Type.TENSOR,
    t: stored('', [values.length], values),
  });
  return operator('Constant', [], output, [value]);
}
