import test from 'ava';
import { evaluate, input } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, type TestModel, type TestNode, tensor } from '../support/onnx/builder.js';

const normalize = (x: string, names: readonly string[], y: string): TestNode => ({
  op: 'BatchNormalization',
  name: `/${y}/BatchNormalization`,
  inputs: [x, ...names],
  outputs: [y],
});

const model = (initializers: NonNullable<TestModel['initializers']>, nodes: readonly TestNode[]): TestModel => ({
  inputs: { x: { shape: ['batch', 2] } },
  initializers,
  nodes: [...nodes],
  outputs: ['y'],
});

const [ones, zeros] = [tensor([1, 1]), tensor([0, 0])];

/** As exporters write networks that are not yet trained: equal tensors are stored once. */
const models: Record<string, { readonly model: TestModel; readonly state: readonly string[] }> = {
  'merged by Identity nodes': {
    model: model({ weight: ones, bias: zeros }, [
      { op: 'Identity', inputs: ['bias'], outputs: ['first.running_mean'] },
      { op: 'Identity', inputs: ['weight'], outputs: ['first.running_var'] },
      { op: 'Identity', inputs: ['bias'], outputs: ['second.running_mean'] },
      { op: 'Identity', inputs: ['weight'], outputs: ['second.running_var'] },
      normalize('x', ['weight', 'bias', 'first.running_mean', 'first.running_var'], 'h'),
      normalize('h', ['weight', 'bias', 'second.running_mean', 'second.running_var'], 'y'),
    ]),
    state: ['first.running_mean', 'second.running_mean', 'first.running_var', 'second.running_var'],
  },
  'merged without a mark': {
    model: model({ one: ones, zero: zeros }, [
      normalize('x', ['one', 'zero', 'zero', 'one'], 'h'),
      normalize('h', ['one', 'zero', 'zero', 'one'], 'y'),
    ]),
    state: ['h.running_mean', 'y.running_mean', 'h.running_var', 'y.running_var'],
  },
  'of two layers with other weights': {
    model: model({ a: ones, b: zeros, c: tensor([2, 3]), d: tensor([4, 5]), mean: zeros, variance: ones }, [
      normalize('x', ['a', 'b', 'mean', 'variance'], 'h'),
      normalize('h', ['c', 'd', 'mean', 'variance'], 'y'),
    ]),
    state: ['mean', 'variance', 'y.running_mean', 'y.running_var'],
  },
};

for (const [name, { model, state }] of Object.entries(models)) {
  test(`running statistics ${name} are tensors of their own, in memory and in the saved file`, async (t) => {
    const network = await Network.load(encode(buildModel(model)));
    t.deepEqual([...network.state.keys()].toSorted(), state.toSorted());
    const parameters = network.parameterNodes();
    const x = input('x', [3, 2]);
    const y = network.apply(x, parameters);
    const values = Object.entries(network.initialParameters());
    const valuesOf = (shift: number): Map<typeof x, Float64Array> =>
      new Map([
        [x, Float64Array.of(1, 2, 3, 4, 5, 6)],
        ...values.map(([key, { data }]): [typeof x, Float64Array] => [
          parameters[key] ?? x,
          Float64Array.from(data, (value) => Number(value) + (/bias|zero|^b$|^d$/.test(key) ? shift : 0)),
        ]),
      ]);
    const [before = [], after = []] = [0, 1].map((shift) => [...(evaluate([y], valuesOf(shift))[0] ?? [])]);
    // A bias moves the output up by itself and by the scales behind it, which a mean that moved along would take back.
    for (const [index, value] of after.entries()) t.true(value > (before[index] ?? 0) + 0.9);

    const statistics = Object.fromEntries(state.map((key, place) => [key, Tensor.from([place + 1, place + 2])]));
    const saved = await Network.load(network.toBytes({ ...network.initialParameters(), ...statistics }));
    t.deepEqual(
      Object.entries(saved.initialState()).map(([key, { data }]) => [key, [...data]]),
      [...saved.state.keys()].map((key) => [key, [...(statistics[key]?.data ?? [])]]),
    );
    t.deepEqual([...saved.parameters.keys()], [...network.parameters.keys()]);
  });
}

test('a layer that is applied twice has one pair of statistics, and a file in which nothing is shared stays as it is', async (t) => {
  const own = { scale: ones, shift: zeros, mean: zeros, variance: ones };
  const names = ['scale', 'shift', 'mean', 'variance'];
  const twice = await Network.load(
    encode(buildModel(model(own, [normalize('x', names, 'h'), normalize('h', names, 'y')]))),
  );
  t.deepEqual([...twice.state.keys()], ['mean', 'variance']);
  const once = encode(buildModel(model(own, [normalize('x', names, 'y')])));
  const network = await Network.load(once);
  t.deepEqual([...network.state.keys()], ['mean', 'variance']);
  t.deepEqual(network.toBytes(), once);
});
