import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Device } from '../lib/engine/index.js';
import { Network } from '../lib/onnx/index.js';
import {
  checkNetwork,
  computeQuantities,
  denoisingQuantities,
  quantityNames,
  randomPoint,
  referenceErrors,
  referencePoint,
  tolerances,
} from '../lib/tasks/checking/index.js';

const fixturesFolder = fileURLToPath(new URL('../../test/fixtures', import.meta.url));
const device = Device.cpu();
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
    const computed = await computeQuantities(denoisingQuantities(network, point.batch), point, device);
    const errors = referenceErrors(point, computed);
    for (const quantity of quantityNames) {
      const error = errors[quantity] ?? Number.NaN;
      t.log(`${quantity.padEnd(15)} ${error.toExponential(1)}`);
      t.true(error <= tolerances[quantity], `${quantity}: ${error}`);
    }
  });
}

test('the check against float64 differences finds nothing at a random point, and a wrong value when there is one', async (t) => {
  const network = await Network.load(`${fixturesFolder}/smooth-mlp/model.onnx`);
  const point = randomPoint(network, 3, 1);
  const { errors, comparisons } = await checkNetwork(network, point, device);
  t.deepEqual(Object.keys(comparisons.float64), [...quantityNames]);
  for (const quantity of quantityNames) t.true((errors[quantity] ?? Number.NaN) <= tolerances[quantity], quantity);

  const doubled = await computeQuantities(denoisingQuantities(network, point.batch), point, device);
  const reference = new Map(doubled).set(
    'hvp_v',
    (doubled.get('hvp_v') as Float64Array).map((value) => 1.01 * value),
  );
  const wrong = referenceErrors({ ...point, reference }, doubled);
  t.true((wrong.hvp_v ?? 0) > tolerances.hvp_v);
  t.is(wrong.hvp_u, 0);
});
