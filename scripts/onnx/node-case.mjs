// Runs one case in the layout of ONNX's tests: model.onnx beside test_data_set_0 with the values of inputs and outputs.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BilevelError } from '../../dist/lib/errors.js';
import { constant } from '../../dist/lib/graph/index.js';
import {
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  AttributeProto_AttributeType as Type,
  ValueInfoProtoSchema,
} from '../../dist/lib/onnx/file/schema/onnx_pb.js';
import { checkTensor, tensorValues } from '../../dist/lib/onnx/file/stored-tensor.js';
import { defaultLimits } from '../../dist/lib/onnx/index.js';
import { computeOutput, difference, loadOutput } from './compute.mjs';

/** Operators whose values are random: their shapes alone are compared. */
const random = /^(Bernoulli|Multinomial|Random(Normal|Uniform)(Like)?)$/;

/** Ways in which a file may hold what a case lists as inputs, from the freest to that of exporters. */
const arrangements = [
  () => [],
  (inputs) => inputs.filter(({ value }) => value.dtype !== 'float32'),
  (inputs) => inputs.slice(1),
  (inputs) => inputs,
];

async function readProtos(folder, kind) {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${kind}_`));
  const protos = names.map(async (name) => [
    Number(name.slice(kind.length + 1).split('.')[0]),
    fromBinary(TensorProtoSchema, await readFile(join(folder, name))),
  ]);
  return new Map(await Promise.all(protos));
}

function readTensor(proto, name) {
  const stored = checkTensor(proto, defaultLimits, `The value of ${name}`);
  return { dtype: stored.dtype, shape: stored.shape, data: tensorValues(stored), type: proto.dataType };
}

/** The model with some of its inputs stored in it. */
function storing(model, stored) {
  const copy = fromBinary(ModelProtoSchema, toBinary(ModelProtoSchema, model));
  const names = new Set(stored.map(({ name }) => name));
  copy.graph.initializer.push(...stored.map(({ name, proto }) => create(TensorProtoSchema, { ...proto, name })));
  copy.graph.input = copy.graph.input.filter(({ name }) => !names.has(name));
  return copy;
}

const scaled = 'as reals times one';
const one = { dtype: 'float32', shape: [1], data: [1] };

/**
 * A model has to depend on an input: one of stored values alone gives its output as reals, times an input that is 1.
 */
function scale(model, output) {
  const to = create(AttributeProtoSchema, { name: 'to', type: Type.INT, i: BigInt(DataType.FLOAT) });
  model.graph.node.push(
    create(NodeProtoSchema, { opType: 'Cast', input: [output], output: ['as reals'], attribute: [to] }),
    create(NodeProtoSchema, { opType: 'Mul', input: ['as reals', 'one'], output: [scaled] }),
  );
  const shape = { dim: [{ value: { case: 'dimValue', value: 1n } }] };
  const type = { value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape } } };
  model.graph.input.push(create(ValueInfoProtoSchema, { name: 'one', type }));
  model.graph.output.push(create(ValueInfoProtoSchema, { name: scaled }));
}

function scaledValue(value) {
  return { ...value, dtype: 'float32', shape: value.shape.length === 0 ? [1] : value.shape };
}

/** The first arrangement that is not refused for want of a known input decides. */
async function runOutput(model, inputs, name, expected, device) {
  const shapesOnly = model.graph.node.some(({ opType }) => random.test(opType));
  const tried = new Set();
  let refusal;
  for (const arrange of arrangements) {
    const stored = arrange(inputs);
    const key = stored.map((each) => each.name).join();
    if (tried.has(key)) continue;
    tried.add(key);
    const arranged = storing(model, stored);
    const alone = arranged.graph.input.length === 0;
    if (alone) scale(arranged, name);
    const feeds = new Map([...inputs.map((each) => [each.name, each.value]), ['one', one]]);
    try {
      const network = await loadOutput(toBinary(ModelProtoSchema, arranged), alone ? scaled : name);
      const actual = await computeOutput(network, feeds, device, constant([1, 2], [2], 'int32'));
      const problem = difference(actual, alone ? scaledValue(expected) : expected, shapesOnly);
      return problem === undefined ? { status: 'passes' } : { status: 'differs', problem };
    } catch (error) {
      refusal = refused(error);
      if (!/must be known|depends on no input/.test(error.message)) return refusal;
    }
  }
  return refusal;
}

/** Anything but an error of the package is a fault of the package. */
function refused(error) {
  if (!(error instanceof BilevelError)) throw error;
  return { status: 'refused', code: error.code, problem: error.message };
}

const noTensor = {
  status: 'refused',
  code: 'UNSUPPORTED_OPERATOR',
  problem: 'the output is a sequence or an optional value',
};

/** { status, code, problem }: that of the worst of the case's outputs. */
export async function runNodeCase(folder, device) {
  const model = fromBinary(ModelProtoSchema, await readFile(join(folder, 'model.onnx')));
  const data = join(folder, 'test_data_set_0');
  const [given, wanted] = [await readProtos(data, 'input'), await readProtos(data, 'output')];
  let worst = { status: 'passes' };
  try {
    const inputs = model.graph.input.flatMap(({ name }, position) => {
      const proto = given.get(position);
      return proto === undefined ? [] : [{ name, proto, value: readTensor(proto, name) }];
    });
    for (const [position, { name }] of model.graph.output.entries()) {
      const proto = wanted.get(position);
      if (proto === undefined) return noTensor;
      const result = await runOutput(model, inputs, name, readTensor(proto, name), device);
      if (result.status === 'differs') return result;
      if (result.status === 'refused') worst = result;
    }
  } catch (error) {
    return refused(error);
  }
  return worst;
}
