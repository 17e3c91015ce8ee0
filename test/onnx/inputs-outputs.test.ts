import test from 'ava';
import { constant, evaluate, input, type Node } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, type TestModel, tensor } from '../support/onnx/builder.js';

function load(model: TestModel, options = {}): Promise<Network> {
  return Network.load(encode(buildModel(model)), options);
}

/** Two heads on one body h = relu(x): logits = h a, value = h b + c, and an output whose operator does not exist. */
const heads: TestModel = {
  inputs: { x: { shape: ['batch', 2] } },
  initializers: { a: tensor([1, 2, 3, 4], [2, 2]), b: tensor([5, 6], [2, 1]), c: tensor([7]) },
  nodes: [
    { op: 'Relu', inputs: ['x'], outputs: ['h'] },
    { op: 'MatMul', inputs: ['h', 'a'], outputs: ['logits'] },
    { op: 'Gemm', inputs: ['h', 'b', 'c'], outputs: ['value'] },
    { op: 'Mystery', inputs: ['h'], outputs: ['mystery'] },
  ],
  outputs: ['logits', 'value', 'mystery'],
};

/** Values of named outputs at x = [[1, -1], [2, 3]] and the parameters of the file. */
function valuesOf(network: Network, outputs: Readonly<Record<string, Node>>, x: Node, v: Record<string, Node>): object {
  const feeds = new Map([[x, Float64Array.of(1, -1, 2, 3)]]);
  for (const [name, node] of Object.entries(v)) {
    feeds.set(node, Float64Array.from(network.parameters.get(name)?.value.data ?? []));
  }
  const values = evaluate(Object.values(outputs), feeds);
  return Object.fromEntries(Object.keys(outputs).map((name, index) => [name, [...(values[index] ?? [])]]));
}

test('a network ends at a node or a value within that is named, and leaves out what comes after', async (t) => {
  const named = { ...heads, nodes: heads.nodes.map((node, at) => ({ ...node, name: `node ${at}` })) };
  for (const name of ['h', 'node 0']) {
    const body = await load(named, { outputs: [name] });
    t.deepEqual(body.outputs, ['h']);
    t.deepEqual([...body.parameters.keys()], []);
    const x = input('x', [2, 2]);
    t.deepEqual(valuesOf(body, body.applyAll(x, {}), x, {}), { h: [1, 0, 2, 3] });
  }
  const both = await load(named, { outputs: ['logits', 'h', 'node 1'] });
  t.deepEqual(both.outputs, ['logits', 'h']);
  // The file stays whole.
  t.deepEqual((await Network.load(both.toBytes())).outputs, ['logits']);
  for (const name of ['node 9', '']) {
    const expected = { code: 'INVALID_ARGUMENT', message: /names among "logits", .* or of a node or a value within/ };
    await t.throwsAsync(load(named, { outputs: [name] }), expected as never);
  }
});

test('the first output is computed unless others are asked for, and a warning says how', async (t) => {
  const network = await load(heads);
  t.deepEqual(network.outputs, ['logits']);
  t.deepEqual(network.otherOutputs, ['value', 'mystery']);
  t.deepEqual([...network.parameters.keys()], ['a']);
  t.deepEqual([...network.operators.keys()], ['Relu', 'MatMul']);
  const [warning] = network.warnings;
  t.is(warning?.code, 'IGNORED_OUTPUTS');
  t.regex(warning?.message ?? '', /\{ outputs: \["logits", "value", "mystery"\] \}/);
  t.deepEqual((await load(heads, { outputs: ['logits'] })).warnings, []);
});

test('a chosen output is what apply gives, with the parameters that it needs', async (t) => {
  const network = await load(heads, { outputs: ['value'] });
  t.deepEqual(network.outputs, ['value']);
  t.deepEqual(Object.keys(network.initialParameters()), ['b', 'c']);
  const [x, v] = [input('x', [2, 2]), network.parameterNodes()];
  t.deepEqual(valuesOf(network, { value: network.apply(x, v) }, x, v), { value: [12, 35] });
  t.deepEqual(Object.keys(network.applyAll(x, v)), ['value']);
});

test('several outputs are given by name, in the order asked for', async (t) => {
  const network = await load(heads, { outputs: ['value', 'logits'] });
  t.deepEqual([...network.parameters.keys()], ['a', 'b', 'c']);
  const [x, v] = [input('x', [2, 2]), network.parameterNodes()];
  const outputs = network.applyAll(x, v);
  t.deepEqual(Object.keys(outputs), ['value', 'logits']);
  t.deepEqual(valuesOf(network, outputs, x, v), { value: [12, 35], logits: [1, 2, 11, 16] });
  const first = network.applyWithState(x, v);
  t.is(first.outputs.value, first.output);
});

test('a network saved with one output chosen keeps the others', async (t) => {
  const network = await load(heads, { outputs: ['value'] });
  const saved = network.toBytes({ c: Tensor.from([8]) });
  const again = await Network.load(saved, { outputs: ['logits', 'value'] });
  t.deepEqual(again.parameters.get('c')?.value.toArray(), [8]);
  t.deepEqual(again.parameters.get('a')?.value.toArray(), [1, 2, 3, 4]);
});

test('an output that does not exist or is not supported is refused by name', async (t) => {
  await t.throwsAsync(load(heads, { outputs: ['logit'] }), {
    code: 'INVALID_ARGUMENT',
    message: /"logits", "value", "mystery".*outputs.*"logit"/,
  });
  await t.throwsAsync(load(heads, { outputs: [] }), { code: 'INVALID_ARGUMENT', message: /at least one output name/ });
  await t.throwsAsync(load(heads, { outputs: 'value' }), { code: 'INVALID_ARGUMENT', message: /a list/ });
  await t.throwsAsync(load(heads, { outputs: ['mystery'] }), { code: 'UNSUPPORTED_OPERATOR', message: /Mystery node/ });
});

/** y = table[tokens] * mask, summed over the sequence. */
const masked: TestModel = {
  inputs: { tokens: { type: 'int64', shape: ['batch', 'length'] }, mask: { shape: ['batch', 'length', 1] } },
  initializers: { table: tensor([1, 10, 2, 20, 3, 30], [3, 2]), axis: { type: 'int64', shape: [1], data: [1] } },
  nodes: [
    { op: 'Gather', inputs: ['table', 'tokens'], outputs: ['embedded'] },
    { op: 'Mul', inputs: ['embedded', 'mask'], outputs: ['kept'] },
    { op: 'ReduceSum', inputs: ['kept', 'axis'], outputs: ['y'], attributes: { keepdims: 0 } },
  ],
  outputs: ['y'],
};

test('several inputs are given by name, in any order', async (t) => {
  const network = await load(masked);
  t.deepEqual(network.inputs, [
    { name: 'tokens', dtype: 'int64', shape: ['batch', 'length'] },
    { name: 'mask', dtype: 'float32', shape: ['batch', 'length', 1] },
  ]);
  const [tokens, mask] = [input('tokens', [1, 3], 'int64'), constant([1, 0, 1], [1, 3, 1])];
  const table = constant([1, 10, 2, 20, 3, 30], [3, 2]);
  const y = network.apply({ mask, tokens }, { table });
  t.deepEqual([...(evaluate([y], new Map([[tokens, Float64Array.of(0, 1, 2)]]))[0] ?? [])], [4, 40]);
  const first = network.apply(tokens, { table }, { inputs: { mask } });
  t.deepEqual([...(evaluate([first], new Map([[tokens, Float64Array.of(0, 1, 2)]]))[0] ?? [])], [4, 40]);
});

test('missing, unknown and wrong inputs are refused with the inputs that there are', async (t) => {
  const network = await load(masked);
  const table = constant([1, 10, 2, 20, 3, 30], [3, 2]);
  const [tokens, mask] = [input('tokens', [1, 3], 'int64'), input('mask', [1, 3, 1])];
  const refused = (given: Parameters<Network['apply']>[0], code: string, message: RegExp, options = {}) =>
    t.throws(() => network.apply(given, { table }, options), { code, message });
  const known = /"tokens" int64\[batch, length\], "mask" float32\[batch, length, 1\]/;
  refused({ tokens }, 'INVALID_ARGUMENT', new RegExp(`input "mask".*${known.source}`));
  refused(tokens, 'INVALID_ARGUMENT', new RegExp(`input "mask".*${known.source}`));
  refused({ tokens, masks: mask }, 'INVALID_ARGUMENT', new RegExp(`no input "masks".*${known.source}`));
  refused(tokens, 'INVALID_ARGUMENT', /inputs after the first/, { inputs: { tokens, mask } });
  refused({ tokens: mask, mask }, 'SHAPE_MISMATCH', /int64\[batch, length\] for input "tokens"/);
  refused({ tokens, mask: input('mask', [1, 2, 1]) }, 'SHAPE_MISMATCH', /input "mask".*"length", which is 3/);
  t.throws(() => network.inputShape(1, 'masks'), { code: 'INVALID_ARGUMENT', message: known });
});

test('shapes are told for every input whose sizes are fixed', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 2] }, y: { shape: ['batch', 2, 2] }, scale: { shape: [] } },
    nodes: [
      { op: 'Mul', inputs: ['x', 'scale'], outputs: ['scaled'] },
      { op: 'Add', inputs: ['scaled', 'y'], outputs: ['z'] },
    ],
    outputs: ['z'],
  });
  t.deepEqual(network.inputShape(3), [3, 2]);
  t.deepEqual(network.inputShape(3, 'y'), [3, 2, 2]);
  t.deepEqual(network.inputShape(3, 'scale'), []);
});

test('an output with the rows of the exported batch is refused, one with other rows is not', async (t) => {
  const flattened = (rows: number) =>
    load({
      inputs: { x: { shape: [2, 4] } },
      initializers: { shape: { type: 'int64', shape: [2], data: [rows, -1] } },
      nodes: [{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }],
      outputs: ['y'],
    });
  const x = input('x', [6, 4]);
  const error = { code: 'SHAPE_MISMATCH', message: /batches of 2 and gives float32\[2, 12\] for float32\[6, 4\]/ };
  await t.notThrowsAsync(async () => (await flattened(24)).apply(x, {}));
  const network = await flattened(2);
  t.throws(() => network.apply(x, {}), error);
});
