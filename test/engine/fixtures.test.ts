import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import {
  checkNetwork,
  checkQuantities,
  computeQuantities,
  float64Errors,
  randomPoint,
  referenceErrors,
  referencePoint,
  toleranceOf,
} from '../../lib/checking/index.js';
import { Network } from '../../lib/onnx/index.js';
import { testDevice } from '../support/devices.js';

const fixturesFolder = fileURLToPath(new URL('../../../test/fixtures', import.meta.url));
const device = testDevice({});
test.after.always(() => device.dispose());

const folders = readdirSync(fixturesFolder).filter((name) =>
  existsSync(`${fixturesFolder}/${name}/reference.safetensors`),
);

test('there are fixtures', (t) => {
  t.is(folders.filter((name) => existsSync(`${fixturesFolder}/${name}/model.onnx`)).length, 9);
});

for (const name of folders) {
  test(`${name}: values, first and second derivatives of the engine agree with the reference file`, async (t) => {
    const network = await Network.load(`${fixturesFolder}/${name}/model.onnx`);
    const point = await referencePoint(network, `${fixturesFolder}/${name}/reference.safetensors`);
    const quantities = checkQuantities(network, point.setting);
    const computed = await computeQuantities(quantities, point, device);
    const errors = referenceErrors(point, computed);
    for (const quantity of quantities.values.keys()) {
      const error = errors[quantity] ?? Number.NaN;
      t.log(`${quantity.padEnd(15)} ${error.toExponential(1)}`);
      t.true(error <= toleranceOf(quantity), `${quantity}: ${error}`);
    }
  });
}

test('the check against float64 differences finds nothing at a random point', async (t) => {
  const network = await Network.load(`${fixturesFolder}/smooth-mlp/model.onnx`);
  const point = randomPoint(network, { usualBatch: 3 }, 1);
  const names = [...checkQuantities(network, point.setting).values.keys()];
  const { errors, comparisons } = await checkNetwork(network, point, device);
  t.deepEqual(Object.keys(comparisons.float64), names);
  for (const quantity of names) t.true((errors[quantity] ?? Number.NaN) <= toleranceOf(quantity), quantity);
});

test('the check sees derivatives that are wrong, in part or wholly missing', async (t) => {
  const network = await Network.load(`${fixturesFolder}/smooth-mlp/model.onnx`);
  const point = randomPoint(network, { usualBatch: 3 }, 1);
  const quantities = checkQuantities(network, point.setting);
  const computed = await computeQuantities(quantities, point, device);
  const firstTensor = quantities.parameters[0]?.node.shape.reduce((product, size) => product * size, 1) ?? 0;
  const damages: Record<string, (value: number, index: number) => number> = {
    'all zero': () => 0,
    'one tensor zero': (value, index) => (index < firstTensor ? 0 : value),
    'off by a thousandth': (value) => 1.001 * value,
    'not a number': (value, index) => (index === 0 ? Number.NaN : value),
  };
  for (const quantity of [...quantities.values.keys()].slice(3)) {
    for (const [name, damage] of Object.entries(damages)) {
      const damaged = new Map(computed).set(quantity, (computed.get(quantity) as Float64Array).map(damage));
      const errors = float64Errors(quantities, point, damaged);
      t.false((errors[quantity] ?? 0) <= toleranceOf(quantity), `${quantity}, ${name}: ${errors[quantity]}`);
    }
  }
});
