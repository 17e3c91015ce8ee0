import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { evaluate, gradient, inner, input, type Node, reduceSum, square } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { runNative, worstError } from '../support/engine/run-native.js';
import { compareGradient } from '../support/graph/differences.js';
import type { TestTensor } from '../support/onnx/builder.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const folder = fileURLToPath(new URL('../../../test/fixtures/architectures/', import.meta.url));

/** What is true of an exported module, whatever the file says. */
interface Module {
  readonly forms: readonly string[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly inputs: Readonly<Record<string, TestTensor>>;
  readonly output: TestTensor;
}

const modules: Readonly<Record<string, Module>> = JSON.parse(await readFile(`${folder}index.json`, 'utf8'));

const device = testDevice();
test.after.always(() => device.dispose());

/**
 * What the default exporter puts in place of parameters: new names where it transposes or combines them, nothing where
 * one is zero, equal to another, or repeated for a fixed number of samples.
 */
const replaced: Readonly<Record<string, Readonly<Record<string, readonly number[] | undefined>>>> = {
  lstm: {
    'lstm.weight_ih_l0': [1, 16, 3],
    'lstm.weight_hh_l0': [1, 16, 4],
    'lstm.bias_ih_l0': [1, 32],
    'lstm.bias_hh_l0': undefined,
  },
  gru: {
    'gru.weight_ih_l0': [1, 12, 3],
    'gru.weight_hh_l0': [1, 12, 4],
    'gru.bias_ih_l0': [1, 24],
    'gru.bias_hh_l0': undefined,
  },
  encoder: { 'attention.in_proj_weight': [8, 24], 'attention.out_proj.bias': undefined },
  vision: {
    'attention.in_proj_weight': [8, 24],
    'attention.out_proj.bias': undefined,
    token: undefined,
    'norm2.weight': undefined,
    'norm2.bias': undefined,
    'mlp.0.weight': [8, 16],
    'mlp.2.weight': [16, 8],
  },
};

interface Applied {
  readonly y: Node;
  readonly parameters: readonly Node[];
  readonly feeds: Map<Node, Float64Array>;
}

function applied(network: Network, { inputs }: Module, values: Readonly<Record<string, Tensor>>): Applied {
  const feeds = new Map<Node, Float64Array>();
  const entries = Object.entries(inputs).map(([name, { type, shape, data }]) => {
    const node = input(`input/${name}`, shape, type === 'float64' ? 'float32' : type);
    feeds.set(node, Float64Array.from(data, Number));
    return [name, node] as const;
  });
  const parameters = network.parameterNodes();
  for (const [name, node] of Object.entries(parameters)) {
    feeds.set(node, Float64Array.from(values[name]?.toArray() ?? [], Number));
  }
  return { y: network.apply(Object.fromEntries(entries), parameters), parameters: Object.values(parameters), feeds };
}

/** Values away from those that layers begin with, which hide derivatives: biases of zero and scales of one. */
function moved(network: Network): Record<string, Tensor<'float32'>> {
  const random = Random.fromSeed(3, 'moved');
  return Object.fromEntries(
    Object.entries(network.initialParameters()).map(([name, value]) => [
      name,
      Tensor.from(
        Array.from(value.toArray(), (each) => each + 0.4 * (random.uniform() - 0.5)),
        value.shape,
      ),
    ]),
  );
}

/** The sum of squares of the outputs, and a directional derivative of it, whose gradient has the second derivatives. */
function losses({ y, parameters }: Applied): { readonly first: Node; readonly second: Node } {
  const first = reduceSum(square(y));
  return { first, second: inner(gradient(first, parameters), gradient(reduceSum(y), parameters)) };
}

for (const [name, module] of Object.entries(modules)) {
  for (const form of module.forms) {
    const file = `${name}-${form}.onnx`;

    test(`${file} has the parameters of the module and its output`, async (t) => {
      const network = await Network.load(`${folder}${file}`);
      const shapes = Object.entries(network.initialParameters()).map(([key, { shape }]) => [key, [...shape]] as const);
      if (form === 'default') {
        const others = replaced[name] ?? {};
        const kept = Object.entries(module.parameters).filter(([key]) => !Object.hasOwn(others, key));
        const known = new Map(kept);
        t.deepEqual(Object.fromEntries(shapes.filter(([key]) => known.has(key))), Object.fromEntries(kept));
        t.deepEqual(
          shapes.filter(([key]) => !known.has(key)).map(([, shape]) => shape),
          Object.values(others).flatMap((shape) => (shape === undefined ? [] : [[...shape]])),
        );
      } else {
        t.deepEqual(Object.fromEntries(shapes), module.parameters);
      }
      const { y, feeds } = applied(network, module, network.initialParameters());
      const [ours = new Float64Array()] = evaluate([y], feeds);
      t.deepEqual([...y.shape], module.output.shape);
      t.true(worstError(ours, Float64Array.from(module.output.data)) < 2e-6);
    });

    test(`${file} agrees with ONNX Runtime, also saved with other values`, async (t) => {
      const network = await Network.load(`${folder}${file}`);
      // ONNX Runtime refuses masks that are the same for all queries in the operator, so a file without it is run
      // there.
      const judged = file === 'encoder-attention.onnx' ? 'encoder-older.onnx' : file;
      const judge = await Network.load(`${folder}${judged}`);
      const values = moved(network);
      for (const each of [network.initialParameters(), values]) {
        const { y, feeds } = applied(network, module, each);
        const ours = (await runNative(device, { outputs: { y } }, feeds)).get('y') ?? new Float64Array();
        const theirs = await runByRuntime(judge.toBytes(each), module.inputs);
        t.true(worstError(ours, Float64Array.from(theirs.data)) < 2e-6);
      }
      const reloaded = (await Network.load(network.toBytes(values))).initialParameters();
      t.deepEqual(Object.keys(reloaded), Object.keys(values));
      for (const [key, value] of Object.entries(values)) t.deepEqual(reloaded[key]?.toArray(), value.toArray());
    });

    test(`derivatives of ${file} agree with differences, by the engine too`, async (t) => {
      const network = await Network.load(`${folder}${file}`);
      const application = applied(network, module, moved(network));
      const { parameters, feeds } = application;
      for (const [order, value] of Object.entries(losses(application))) {
        const { error, accepted } = compareGradient(value, parameters, feeds, 1, 3);
        t.true(accepted > 0);
        t.true(error < 1e-6, `the ${order} derivative is off by ${error}`);
        const gradients = gradient(value, parameters);
        const outputs = Object.fromEntries(gradients.map((node, index) => [`gradient/${index}`, node]));
        const [exact, native] = [evaluate(gradients, feeds), await runNative(device, { outputs }, feeds)];
        const scale = Math.max(...exact.flatMap((each) => [...each].map(Math.abs)));
        for (const [index, expected] of exact.entries()) {
          const actual = native.get(`gradient/${index}`) ?? new Float64Array();
          const distances = expected.map((element, place) => Math.abs(element - (actual[place] ?? Number.NaN)));
          t.true(Math.max(...distances) < 5e-6 * scale, `${order} derivative ${index}`);
        }
      }
    });
  }
}
