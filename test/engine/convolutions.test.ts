import test from 'ava';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { testDevices } from '../support/devices.js';
import { runNative, worstError } from '../support/engine/run-native.js';

const devices = testDevices();
test.after.always(() => {
  for (const device of devices) device.dispose();
});

/** With this many channels the engine chooses fast algorithms, which small cases of the operators do not reach. */
const channels = 32;

for (const { images, kernel, padding } of [
  { images: 3, kernel: 2, padding: 0 },
  { images: 3, kernel: 3, padding: 1 },
  { images: 3, kernel: 4, padding: 2 },
  { images: 3, kernel: 5, padding: 0 },
  { images: 16, kernel: 5, padding: 0 },
  { images: 16, kernel: 7, padding: 3 },
]) {
  test(`a ${kernel} x ${kernel} convolution of ${images} images of ${channels} channels and its gradients agree with the reference`, async (t) => {
    const size = 12;
    const out = size + 2 * padding - kernel + 1;
    const random = Random.fromSeed(kernel, 'convolutions');
    const feeds = new Map<g.Node, Float64Array>();
    const feed = (name: string, shape: readonly number[]): g.Node => {
      const node = g.input(name, shape);
      const count = shape.reduce((product, extent) => product * extent, 1);
      feeds.set(
        node,
        Float64Array.from({ length: count }, () => Math.fround(random.normal())),
      );
      return node;
    };
    const x = feed('x', [images, channels, size, size]);
    const w = feed('w', [channels, channels, kernel, kernel]);
    const y = feed('y', [images, channels, out, out]);
    const padded = {
      padding: [
        [padding, padding],
        [padding, padding],
      ] as const,
    };
    const outputs = {
      forward: g.conv(x, w, padded),
      inputGradient: g.convInputGradient(y, w, { ...padded, inputSize: [size, size] }),
      filterGradient: g.convFilterGradient(x, y, { ...padded, kernelSize: [kernel, kernel] }),
    };
    const named = Object.entries(outputs);
    const expected = g.evaluate(
      named.map(([, node]) => node),
      feeds,
    );
    for (const device of devices) {
      const actual = await runNative(device, { outputs }, feeds);
      for (const [index, [name]] of named.entries()) {
        const error = worstError(actual.get(name) as Float64Array, expected[index] as Float64Array);
        t.true(error <= 5e-6, `${name}: error ${error}`);
      }
    }
  });
}
