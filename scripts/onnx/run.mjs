// Runs one ONNX model in ONNX's test layout over importer and engine, and holds every output against the values beside it.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { compile } from '../../dist/lib/compile/index.js';
import { BilevelError } from '../../dist/lib/errors.js';
import { constant, input } from '../../dist/lib/graph/index.js';
import { defaultLimits } from '../../dist/lib/onnx/limits.js';
import { Network } from '../../dist/lib/onnx/network.js';
import {
  AttributeProtoSchema,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  AttributeProto_AttributeType as Type,
  ValueInfoProtoSchema,
} from '../../dist/lib/onnx/schema/onnx_pb.js';
import { checkTensor, tensorValues } from '../../dist/lib/onnx/stored-tensor.js';
import { Tensor } from '../../dist/lib/tensor.js';

/** Largest difference over the largest finite element, by the precision of the file's numbers. */
const tolerances = { [DataType.FLOAT16]: 2e-3, [DataType.BFLOAT16]: 2e-2 };
const defaultTolerance = 2e-5;

/** Operators whose values are random: their shapes alone are compared. */
const random = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** Ways in which a file may hold what the case lists as inputs, from the freest to that of exporters. */
const arrangements = [
  () => [],
  (inputs) => inputs.filter(({ value }) => value.dtype !== 'float32'),
  (inputs) => inputs.slice(1),
  (inputs) => inputs,
];

async function readProtos(folder, kind) {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${kind}_`));
  const protos = await Promise.all(
    names.map(async (name) => [
      Number(name.slice(kind.length + 1).split('.')[0]),
      fromBinary(TensorProtoSchema, await readFile(join(folder, name))),
    ]),
  );
  return new Map(protos);
}

function readValue(proto, name) {
  const stored = checkTensor(proto, defaultLimits, `The value of ${name}`);
  return { dtype: stored.dtype, shape: stored.shape, data: tensorValues(stored), type: proto.dataType };
}

/** The model with some inputs stored, and one of its outputs; where nothing is left to feed, that output times an input. */
function variant(model, stored, output) {
  const copy = fromBinary(ModelProtoSchema, toBinary(ModelProtoSchema, model));
  const names = new Set(stored.map(({ name }) => name));
  copy.graph.initializer.push(...stored.map(({ name, proto }) => create(TensorProtoSchema, { ...proto, name })));
  copy.graph.input = copy.graph.input.filter(({ name }) => !names.has(name));
  copy.graph.output = [output];
  if (copy.graph.input.length > 0) return { bytes: toBinary(ModelProtoSchema, copy), scaled: false };
  const to = create(AttributeProtoSchema, { name: 'to', type: Type.INT, i: BigInt(DataType.FLOAT) });
  copy.graph.node.push(
    create(NodeProtoSchema, { opType: 'Cast', input: [output.name], output: ['real of it'], attribute: [to] }),
    create(NodeProtoSchema, { opType: 'Mul', input: ['real of it', 'one'], output: ['product'] }),
  );
  const type = (dims) => ({ value: { case: 'tensorType', value: { elemType: DataType.FLOAT, shape: { dim: dims } } } });
  copy.graph.input.push(
    create(ValueInfoProtoSchema, { name: 'one', type: type([{ value: { case: 'dimValue', value: 1n } }]) }),
  );
  copy.graph.output = [create(ValueInfoProtoSchema, { name: 'product' })];
  return { bytes: toBinary(ModelProtoSchema, copy), scaled: true };
}

async function compute(bytes, feeds, device) {
  const network = await Network.load(bytes);
  const nodes = new Map(
    network.inputs.map(({ name }) => {
      const { shape, dtype } = feeds.get(name);
      return [name, input(`in ${name}`, shape, dtype)];
    }),
  );
  const [first, ...rest] = network.inputs.map(({ name }) => name);
  const parameters = network.parameterNodes('parameter ');
  const key = constant([1, 2], [2], 'int32');
  const inputs = Object.fromEntries(rest.map((name) => [name, nodes.get(name)]));
  const y = network.apply(nodes.get(first), parameters, { inputs, key });
  const compiled = compile({ outputs: { result: y } });
  const initial = network.initialParameters();
  const tensors = Object.fromEntries(
    compiled.bindings.map(({ name, shape, dtype }) => {
      if (name === 'result') return [name, Tensor.zeros(shape, dtype)];
      if (name.startsWith('parameter ')) return [name, initial[name.slice('parameter '.length)]];
      return [name, Tensor.from(feeds.get(name.slice('in '.length)).data, shape, dtype)];
    }),
  );
  const program = device.load(compiled);
  await program.run(tensors);
  program.dispose();
  return { dtype: y.dtype, shape: y.shape, data: Float64Array.from(tensors.result.toArray()) };
}

function difference(actual, expected, scaled, shapesOnly) {
  const shape = scaled && expected.shape.length === 0 ? [1] : expected.shape;
  if (!scaled && actual.dtype !== expected.dtype) return `dtype ${actual.dtype} for ${expected.dtype}`;
  if (actual.shape.join() !== shape.join()) return `shape [${actual.shape}] for [${shape}]`;
  if (shapesOnly) return undefined;
  const finite = expected.data.filter(Number.isFinite).map(Math.abs);
  const scale = finite.reduce((most, value) => Math.max(most, value), 1e-30);
  const worst = expected.data.reduce((most, value, index) => {
    const got = actual.data[index];
    if (got === value || Object.is(got, value)) return most;
    const error = Math.abs(got - value) / scale;
    return error <= most ? most : Number.isNaN(error) ? Infinity : error;
  }, 0);
  return worst <= (tolerances[expected.type] ?? defaultTolerance)
    ? undefined
    : `values off by ${worst.toExponential(1)}`;
}

/** The first way of holding the inputs that is not refused decides. */
async function runOutput(model, inputs, output, expected, device) {
  let refusal;
  const tried = new Set();
  for (const arrange of arrangements) {
    const stored = arrange(inputs);
    const key = stored.map(({ name }) => name).join();
    if (tried.has(key)) continue;
    tried.add(key);
    const { bytes, scaled } = variant(model, stored, output);
    const feeds = new Map(inputs.map(({ name, value }) => [name, value]));
    if (scaled) feeds.set('one', { dtype: 'float32', shape: [1], data: [1] });
    try {
      const actual = await compute(bytes, feeds, device);
      const shapesOnly = model.graph.node.some(({ opType }) => random.has(opType));
      const problem = difference(actual, expected, scaled, shapesOnly);
      return problem === undefined ? { status: 'pass' } : { status: 'wrong', problem };
    } catch (error) {
      if (!(error instanceof BilevelError)) return { status: 'fault', problem: error.stack };
      refusal = { status: 'refused', code: error.code, problem: error.message };
      if (!error.message.includes('must be known') && !error.message.includes('depends on no input')) break;
    }
  }
  return refusal;
}

const severity = ['pass', 'refused', 'wrong', 'fault'];

/** The worst of a case's outputs: { name, status, code?, problem? }. */
export async function runCase(folder, device) {
  const name = basename(folder);
  try {
    const model = fromBinary(ModelProtoSchema, await readFile(join(folder, 'model.onnx')));
    const data = join(folder, 'test_data_set_0');
    const [given, wanted] = [await readProtos(data, 'input'), await readProtos(data, 'output')];
    const inputs = model.graph.input.flatMap(({ name }, position) => {
      const proto = given.get(position);
      return proto === undefined ? [] : [{ name, proto, value: readValue(proto, name) }];
    });
    let worst = { status: 'pass' };
    for (const [position, output] of model.graph.output.entries()) {
      const proto = wanted.get(position);
      if (proto === undefined) {
        return {
          name,
          status: 'refused',
          code: 'UNSUPPORTED_OPERATOR',
          problem: 'gives no tensor, but a sequence or an optional value',
        };
      }
      const result = await runOutput(model, inputs, output, readValue(proto, output.name), device);
      if (severity.indexOf(result.status) > severity.indexOf(worst.status)) worst = result;
    }
    return { name, ...worst };
  } catch (error) {
    if (!(error instanceof BilevelError)) throw error;
    return { name, status: 'refused', code: error.code, problem: error.message };
  }
}
