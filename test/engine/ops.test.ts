import test from 'ava';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { drawInputs, inputNodes, opCases } from '../graph/op-cases/index.js';
import { testDevices } from '../support/devices.js';
import { programCases } from '../support/engine/programs.js';
import { runNative, worstError } from '../support/engine/run-native.js';
import { formatGraph } from '../support/graph/format-graph.js';

const devices = testDevices();
test.after.always(() => {
  for (const device of devices) device.dispose();
});

for (const [position, row] of opCases.entries()) {
  test(`${row.op}: ${row.name}: the engine agrees with the reference (${position})`, async (t) => {
    for (const seed of [1, 2]) {
      const inputs = inputNodes(row);
      const node = row.build(...inputs);
      const feeds = new Map(drawInputs(row, seed).map((data, index) => [inputs[index] as g.Node, data]));
      const [expected] = g.evaluate([node], feeds) as [Float64Array];
      for (const device of devices) {
        const actual = (await runNative(device, { outputs: { y: node } }, feeds)).get('y') as Float64Array;
        const error = worstError(actual, expected);
        t.true(error <= 2e-6, `error ${error}`);
      }
    }
  });
}

for (const program of programCases()) {
  test(`${program.name}: steps on the engine agree with the reference`, async (t) => {
    const { spec, inputs } = program;
    const named = Object.entries({ ...spec.outputs, ...spec.perStepOutputs });
    const expected = g.evaluate(
      named.map(([, node]) => node),
      inputs,
    );
    for (const device of devices) {
      const actual = await runNative(device, spec, inputs);
      for (const [index, [name]] of named.entries()) {
        const error = worstError(actual.get(name) as Float64Array, expected[index] as Float64Array);
        t.true(error <= 5e-5, `${name}: error ${error}`);
      }
    }
  });
}

/** A random chain of elementwise operations, broadcasts, transposes and reductions over random shapes. */
function randomGraph(random: Random): { outputs: Record<string, g.Node>; feeds: Map<g.Node, Float64Array> } {
  const sizes = [0, 1, 2, 3, 5, 8, 17, 40];
  const shape = Array.from(
    { length: 1 + random.integer(4) },
    () => sizes[1 + random.integer(sizes.length - 1)] as number,
  );
  if (random.integer(12) === 0) shape[random.integer(shape.length)] = 0;
  const feeds = new Map<g.Node, Float64Array>();
  const feed = (dims: readonly number[]): g.Node => {
    const node = g.input(`x${feeds.size}`, dims);
    const count = dims.reduce((product, size) => product * size, 1);
    feeds.set(
      node,
      Float64Array.from({ length: count }, () => Math.fround(2 * random.uniform() - 1)),
    );
    return node;
  };
  const broadcastable = (): number[] =>
    shape.map((size) => (random.integer(3) === 0 ? 1 : size)).slice(random.integer(shape.length));
  const transposed = (): g.Node => {
    const order = random.permutation(shape.length);
    const source = feed(Array.from(order, (axis) => shape[axis] as number));
    const inverse = shape.map((_, axis) => order.indexOf(axis));
    return g.transpose(source, inverse);
  };
  const strided = (): g.Node => {
    const source = feed(shape.map((size) => 2 * size + 1));
    return g.slice(source, {
      starts: shape.map(() => 1),
      limits: shape.map((size) => 2 * size + 1),
      strides: shape.map(() => 2),
    });
  };
  const values: g.Node[] = [feed(shape), feed(broadcastable()), transposed(), strided()];
  const pick = (): g.Node => values[random.integer(values.length)] as g.Node;
  for (let count = 0; count < 12; count++) {
    const [a, b] = [pick(), pick()];
    const make = [
      () => g.add(a, b),
      () => g.mul(a, b),
      () => g.sub(a, b),
      () => g.tanh(a),
      () => g.where(g.greater(a, 0.1), a, b),
      () => g.maximum(a, b),
      () => g.exp(g.neg(g.abs(a))),
      () => g.cast(g.less(a, b), 'float32'),
    ][random.integer(8)] as () => g.Node;
    values.push(make());
  }
  const outputs: Record<string, g.Node> = {};
  for (const [index, value] of values.slice(-3).entries()) {
    const axes = value.shape.map((_, axis) => axis).filter(() => random.integer(2) === 0);
    outputs[`sum${index}`] = g.reduceSum(value, axes);
    outputs[`max${index}`] = g.reduceMax(value, axes);
    outputs[`value${index}`] = value;
  }
  return { outputs, feeds };
}

test('random graphs with sizes 0 and 1, odd strides and broadcasting agree with the reference', async (t) => {
  const random = Random.fromSeed(3, 'random graphs');
  for (let count = 0; count < 150; count++) {
    const { outputs, feeds } = randomGraph(random);
    const expected = g.evaluate(Object.values(outputs), feeds);
    for (const device of devices) {
      const actual = await runNative(device, { outputs }, feeds);
      for (const [index, name] of Object.keys(outputs).entries()) {
        const error = worstError(actual.get(name) as Float64Array, expected[index] as Float64Array);
        t.true(error <= 1e-5, `graph ${count}, ${name}: error ${error}\n${formatGraph(Object.values(outputs))}`);
      }
    }
  }
});
