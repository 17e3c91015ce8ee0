import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import test from 'ava';
import { evaluate, gradient, inner, input, mul, type Node, reduceSum, sin } from '../../lib/graph/index.js';
import { ModelProtoSchema, ValueInfoProtoSchema } from '../../lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../lib/onnx/index.js';
import { compareGradient } from '../support/graph/differences.js';
import { buildModel, encode, type TestModel, tensor } from '../support/onnx/builder.js';
import { random } from '../support/onnx/operator-case.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

/** The network of a fixture with an input of three samples, its parameters as nodes, and the values of all of them. */
async function begin(name: string) {
  const bytes = await readFile(`${fixtures}${name}/model.onnx`);
  const network = await Network.load(bytes);
  const given = random(network.inputShape(3));
  const x = input('x', given.shape);
  const v = network.parameterNodes();
  const feeds = new Map<Node, Float64Array>([[x, Float64Array.from(given.data)]]);
  for (const [parameter, node] of Object.entries(v)) {
    feeds.set(node, Float64Array.from(network.parameters.get(parameter)?.value.data ?? []));
  }
  const model = fromBinary(ModelProtoSchema, bytes);
  return { network, given, x, v, feeds, model };
}

for (const name of ['lenet', 'conv4-eval', 'smooth-mlp']) {
  test(`${name} cut at any of its nodes gives what ONNX Runtime gives there`, async (t) => {
    const { network, given, x, v, feeds, model } = await begin(name);
    const { graph } = model;
    const nodes = (graph?.node ?? []).filter(({ opType }) => opType !== 'Greater');
    const values = nodes.map(({ output }) => output[0] ?? '');
    graph?.output.push(
      ...values
        .filter((value) => !graph.output.some((output) => output.name === value))
        .map((value) => create(ValueInfoProtoSchema, { name: value })),
    );
    const bytes = toBinary(ModelProtoSchema, model);
    for (const [index, value] of values.entries()) {
      const cut = network.apply(x, v, { upTo: value });
      const byNode = network.apply(x, v, { upTo: nodes[index]?.name ?? '' });
      const [ours = [], again = []] = evaluate([cut, byNode], feeds).map((each) => [...each]);
      t.deepEqual(again, ours);
      const theirs = await runByRuntime(bytes, { x: given }, value);
      t.deepEqual(cut.shape, [...theirs.shape]);
      const largest = Math.max(1e-3, ...theirs.data.map(Math.abs));
      const error = Math.max(...theirs.data.map((each, at) => Math.abs(each - (ours[at] ?? Number.NaN)))) / largest;
      t.true(error < 1e-5, `${value}: ${error}`);
    }
  });
}

for (const upTo of ['layer_norm', 'mul_14', 'linear_3']) {
  test(`first and second derivatives of smooth-mlp up to ${upTo} agree with differences`, async (t) => {
    const { network, x, v, feeds } = await begin('smooth-mlp');
    const features = network.apply(x, v, { upTo });
    // Not linear in the features, so that the second derivative is that of more than the network.
    const sum = reduceSum(sin(mul(features, 1.3)));
    const xs = [x, ...Object.values(v)];
    const slope = inner(
      gradient(sum, xs),
      xs.map((each) => sin(mul(each, 3))),
    );
    for (const [kind, value] of Object.entries({ first: sum, second: slope })) {
      const { error, accepted } = compareGradient(value, xs, feeds, 1, 8);
      t.true(accepted > 0);
      t.true(error < 1e-6, `the ${kind} derivative is off by ${error}`);
    }
  });
}

/**
 * y = relu(x a) b + mask, where b and mask are needed behind the features alone, and a second output from an own node.
 */
const twoInputs: TestModel = {
  inputs: { x: { shape: ['batch', 2] }, mask: { shape: ['batch', 2] } },
  initializers: { a: tensor([1, 2, 3, 4], [2, 2]), b: tensor([1, 0, 0, 1], [2, 2]), c: tensor([1, 2]) },
  nodes: [
    { op: 'MatMul', name: 'first', inputs: ['x', 'a'], outputs: ['products'] },
    { op: 'Relu', name: 'features', inputs: ['products'], outputs: ['h'] },
    { op: 'Gemm', name: 'last', inputs: ['h', 'b', 'mask'], outputs: ['y'] },
    { op: 'Add', name: 'aside', inputs: ['h', 'c'], outputs: ['other'] },
  ],
  outputs: ['y', 'other'],
};

test('what only the layers behind need may be given or left out, and the rest may not', async (t) => {
  const network = await Network.load(encode(buildModel(twoInputs)));
  const [x, mask] = [input('x', [1, 2]), input('mask', [1, 2])];
  const { a = x, b = x } = network.parameterNodes();
  const upTo = 'features';
  const cut = network.apply(x, { a }, { upTo });
  const feeds = new Map([
    [x, Float64Array.of(1, -1)],
    [a, Float64Array.of(1, 2, 3, 4)],
  ]);
  t.deepEqual([...(evaluate([cut], feeds)[0] ?? [])], [0, 0]);
  t.deepEqual(network.apply({ x, mask }, { a, b }, { upTo }).shape, [1, 2]);
  t.deepEqual(Object.keys(network.applyAll(x, { a }, { upTo })), ['h']);
  t.throws(() => network.apply(x, { b }, { upTo }), { code: 'INVALID_ARGUMENT', message: /parameters\["a"\]/ });
  t.throws(() => network.apply({ mask }, { a }, { upTo }), {
    code: 'INVALID_ARGUMENT',
    message: /needs its input "x"/,
  });
  t.throws(() => network.apply({ x, other: mask }, { a }, { upTo }), { code: 'INVALID_ARGUMENT', message: /"other"/ });
  // Without a cut all of it is needed, as ever.
  t.throws(() => network.apply({ x, mask }, { a }), { message: /parameters\["b"\]/ });
});

test('a node to end at that there is not on the way to the outputs is refused with the nearest', async (t) => {
  const network = await Network.load(encode(buildModel(twoInputs)));
  const x = input('x', [1, 2]);
  const refused = (upTo: unknown, message: RegExp) =>
    t.throws(() => network.apply(x, network.parameterNodes(), { upTo: upTo as string }), {
      code: 'INVALID_ARGUMENT',
      message,
    });
  refused('featurs', /no node or value "featurs" to end at\. Did you mean features\?/);
  refused('aside', /Known are: first, products, features, h, last, y\./);
  refused('x', /Known are:|Did you mean/);
  refused(3, /the name of a node or of a value for upTo but received 3/);
  await t.throwsAsync(Network.load(encode(buildModel(twoInputs)), { outputs: ['featurs'] }), {
    code: 'INVALID_ARGUMENT',
    message: /Did you mean features\?/,
  });
});
