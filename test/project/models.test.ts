import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { input } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { elementCount } from '../../lib/tensor.js';

interface ManifestEntry {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly opset: number;
  readonly operators: readonly string[];
  readonly parameterCount: number;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
}

const folder = new URL('../../../models/', import.meta.url);
const manifest: readonly ManifestEntry[] = JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8'));

/** Counted by hand from the layers that models/README.md states. */
const parameterCounts: Readonly<Record<string, number>> = {
  logreg: 784 * 10 + 10,
  mlp: 784 * 300 + 300 + (300 * 100 + 100) + (100 * 10 + 10),
  lenet: 25 * 6 + 6 + (25 * 6 * 16 + 16) + (400 * 120 + 120) + (120 * 84 + 84) + (84 * 10 + 10),
  'mnist-cnn': 1_389_578,
};

test('the manifest lists every network of the folder', async (t) => {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.onnx'));
  t.deepEqual(manifest.map((entry) => entry.file).sort(), files.sort());
  t.deepEqual(manifest.map((entry) => entry.name).sort(), Object.keys(parameterCounts).sort());
});

for (const entry of manifest) {
  test(`${entry.name} is the file that the manifest describes`, async (t) => {
    const bytes = await readFile(new URL(entry.file, folder));
    t.is(createHash('sha256').update(bytes).digest('hex'), entry.sha256);
  });

  test(`${entry.name} loads with the parameters of its architecture`, async (t) => {
    const network = await Network.load(fileURLToPath(new URL(entry.file, folder)));
    const parameters = [...network.parameters.values()];
    t.deepEqual(Object.fromEntries(parameters.map(({ name, shape }) => [name, shape])), entry.parameters);
    t.true(parameters.every(({ trainable }) => trainable));
    t.is(network.opset, entry.opset);
    t.deepEqual([...network.operators.keys()].sort(), [...entry.operators].sort());
    t.deepEqual(network.warnings, []);

    const count = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    t.is(entry.parameterCount, count);
    t.is(parameterCounts[entry.name], count);
  });

  test(`${entry.name} takes batches of any size`, async (t) => {
    const network = await Network.load(fileURLToPath(new URL(entry.file, folder)));
    for (const batch of [1, 200]) {
      const images = input('images', [batch, 1, 28, 28]);
      t.deepEqual(network.inputShape(batch), images.shape);
      t.deepEqual(network.apply(images, network.parameterNodes()).shape, [batch, 10]);
    }
  });
}
