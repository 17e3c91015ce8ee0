import { create } from '@bufbuild/protobuf';
import test from 'ava';
import { evaluate, input } from '../../lib/graph/index.js';
import { OperatorSetIdProtoSchema } from '../../lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, type TestModel, type TestNode, tensor } from '../support/onnx/builder.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const x = tensor([1, -2, 3, 0, 0, 0, -1, -0.5, -2], [3, 3]);

/** A model of one node of ai.onnx.ml; `opset` is the version of the standard operators that it names, if any. */
function modelOf(node: Partial<TestNode> & { readonly op: string }, outputs = ['y'], opset?: number): Uint8Array {
  const model: TestModel = {
    inputs: { x: { shape: ['batch', 3] } },
    nodes: [{ name: 'linear', inputs: ['x'], outputs: ['y'], domain: 'ai.onnx.ml', ...node }],
    outputs,
  };
  const proto = buildModel(opset === undefined ? model : { ...model, opset });
  const own = create(OperatorSetIdProtoSchema, { domain: 'ai.onnx.ml', version: 3n });
  return encode({ ...proto, opsetImport: opset === undefined ? [own] : [...proto.opsetImport, own] });
}

async function results(bytes: Uint8Array, outputs: readonly string[]) {
  const network = await Network.load(bytes, { outputs });
  const node = input('x', x.shape);
  const parameters = network.parameterNodes();
  const feeds = new Map([[node, Float64Array.from(x.data)]]);
  for (const [name, value] of Object.entries(network.initialParameters())) {
    feeds.set(parameters[name] ?? node, Float64Array.from(value.data));
  }
  const values = network.applyAll(node, parameters);
  return outputs.map((name) => [...(evaluate([values[name] ?? node], feeds)[0] ?? [])]);
}

/** Every output of a model by this package is that of ONNX Runtime, and so is that of the file that it saves. */
const agrees = test.macro(async (t, bytes: Uint8Array, outputs: readonly string[]) => {
  for (const name of outputs) {
    const network = await Network.load(bytes, { outputs: [name] });
    const [ours = []] = await results(bytes, [name]);
    for (const file of [bytes, network.toBytes(network.initialParameters())]) {
      const theirs = await runByRuntime(file, { x }, name);
      t.is(ours.length, theirs.data.length);
      for (const [index, value] of theirs.data.entries()) t.true(Math.abs(value - (ours[index] ?? Number.NaN)) < 2e-6);
    }
  }
});

const floats = (...values: number[]) => ({ floats: values });
const coefficients = floats(1, 2, 3, 0.1, 0.2, -0.3);
const intercepts = floats(0.5, -0.5);

for (const post_transform of ['NONE', 'SOFTMAX', 'LOGISTIC']) {
  const attributes = { coefficients, intercepts, post_transform };
  test(
    `LinearRegressor, ${post_transform}`,
    agrees,
    modelOf({ op: 'LinearRegressor', attributes: { ...attributes, targets: 2 } }),
    ['y'],
  );
  const node = {
    op: 'LinearClassifier',
    outputs: ['label', 'y'],
    attributes: { ...attributes, classlabels_ints: [7, 9] },
  };
  test(`LinearClassifier, ${post_transform}`, agrees, modelOf(node, ['label', 'y']), ['label', 'y']);
}

test(
  'LinearRegressor without intercepts, beside an opset of the standard operators',
  agrees,
  modelOf({ op: 'LinearRegressor', attributes: { coefficients: floats(1, 2, -0.5) } }, ['y'], 9),
  ['y'],
);
test(
  'LinearClassifier with one row of coefficients for two classes',
  agrees,
  modelOf(
    {
      op: 'LinearClassifier',
      outputs: ['label', 'y'],
      attributes: {
        coefficients: floats(1, 2, 3),
        intercepts: floats(0.5),
        classlabels_ints: [7, 9],
        post_transform: 'LOGISTIC',
      },
    },
    ['label', 'y'],
  ),
  ['label', 'y'],
);
test('Scaler', agrees, modelOf({ op: 'Scaler', attributes: { offset: floats(1, 2, 3), scale: floats(2, 3, 4) } }), [
  'y',
]);
test('Scaler of one number', agrees, modelOf({ op: 'Scaler', attributes: { offset: floats(1), scale: floats(2) } }), [
  'y',
]);
for (const norm of ['L1', 'L2'])
  test(`Normalizer, ${norm}`, agrees, modelOf({ op: 'Normalizer', attributes: { norm } }), ['y']);

test('coefficients and intercepts are parameters, and are saved', async (t) => {
  const bytes = modelOf({ op: 'LinearRegressor', attributes: { coefficients, intercepts, targets: 2 } });
  const network = await Network.load(bytes);
  const initial = network.initialParameters();
  t.deepEqual(initial['y/coefficients']?.toArray(), [1, 0.1, 2, 0.2, 3, -0.3].map(Math.fround));
  t.deepEqual(Object.keys(initial), ['y/coefficients', 'y/intercepts']);
  const trained = network.toBytes({ ...initial, 'y/intercepts': Tensor.from([10, 20]) });
  const [before, after] = [await runByRuntime(bytes, { x }), await runByRuntime(trained, { x })];
  t.true(
    after.data.every(
      (value, index) => Math.abs(value - (before.data[index] ?? 0) - (index % 2 === 0 ? 9.5 : 20.5)) < 1e-5,
    ),
  );
});

test('the numbers of a scaler are constants', async (t) => {
  const bytes = modelOf({ op: 'Scaler', attributes: { offset: floats(1, 2, 3), scale: floats(2, 3, 4) } });
  t.deepEqual([...(await Network.load(bytes)).parameters.keys()], []);
});

test('labels that are words are refused where they are wanted, and scores are not', async (t) => {
  const attributes = { coefficients, intercepts };
  const node = {
    op: 'LinearClassifier',
    outputs: ['label', 'y'],
    attributes: { ...attributes, classlabels_strings: { strings: ['a', 'b'] } },
  };
  const bytes = modelOf(node, ['label', 'y']);
  await t.throwsAsync(() => Network.load(bytes), {
    code: 'UNSUPPORTED_OPERATOR',
    message: /LinearClassifier node "linear"/,
  });
  t.is((await results(bytes, ['y']))[0]?.length, 6);
});

test('forms that are not understood are refused', async (t) => {
  const refused = [
    modelOf({ op: 'LinearRegressor', attributes: { coefficients, intercepts, targets: 2, post_transform: 'PROBIT' } }),
    modelOf({ op: 'LinearRegressor', attributes: { coefficients, intercepts: floats(1, 2, 3), targets: 2 } }),
    modelOf({ op: 'Normalizer', attributes: { norm: 'MAX' } }),
    modelOf({ op: 'TreeEnsembleRegressor' }),
  ];
  for (const bytes of refused) await t.throwsAsync(() => Network.load(bytes), { code: 'UNSUPPORTED_OPERATOR' });
});
