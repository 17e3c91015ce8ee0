import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Random } from '../lib/data/random.js';
import { Device } from '../lib/engine/index.js';
import * as g from '../lib/graph/index.js';
import { Network } from '../lib/onnx/index.js';
import { runningStatistics } from '../lib/tasks/statistics.js';
import { Tensor } from '../lib/tensor.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/${name}/model.onnx`, import.meta.url));
const device = Device.cpu();
test.after.always(() => device.dispose());

test('with statistics averaged over one batch, the inference form agrees with the training form on it', async (t) => {
  const network = await Network.load(fixture('conv4-train'));
  const rows = 24;
  const random = Random.fromSeed(1, 'statistics');
  const shape = network.inputShape(rows);
  const inputs = Tensor.from(
    Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => random.normal()),
    shape,
  );
  const parameters = network.initialParameters();
  const statistics = await runningStatistics(network, inputs, parameters, rows, device);
  t.deepEqual(Object.keys(statistics).sort(), [...network.state.keys()].sort());

  const x = g.constant(inputs);
  const nodes = (tensors: Record<string, Tensor>): Record<string, g.Node> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, g.constant(tensor)]));
  const inference = (state: Record<string, Tensor>): g.Node =>
    network.apply(x, nodes({ ...parameters, ...state }), { training: false });
  const [expected, stale, fresh] = g.evaluate([
    network.apply(x, nodes(parameters), { training: true }),
    inference({}),
    inference(statistics),
  ]) as [Float64Array, Float64Array, Float64Array];
  const error = (logits: Float64Array): number =>
    Math.hypot(...logits.map((value, i) => value - (expected[i] ?? 0))) / Math.hypot(...expected);
  t.log(`relative error ${error(fresh)}, with the statistics of the file ${error(stale)}`);
  // The running variance is the unbiased one, which is larger by 1 / (samples - 1) of it in the last layer.
  t.true(error(fresh) < 0.05);
  t.true(error(stale) > 0.2);
});

test('a network without training-form batch normalization has no running statistics', async (t) => {
  const network = await Network.load(fixture('lenet'));
  const inputs = Tensor.zeros(network.inputShape(4));
  t.deepEqual(await runningStatistics(network, inputs, network.initialParameters(), 4, device), {});
});
