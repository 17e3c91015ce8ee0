import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { checkQuantities, evaluateQuantities, referenceErrors, referencePoint } from '../../lib/checking/index.js';
import { Network } from '../../lib/onnx/index.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

interface FixtureEntry {
  readonly case: string;
  readonly opset: number;
  readonly parameters: number;
  readonly initializers: Readonly<Record<string, readonly number[]>>;
  readonly ops: readonly string[];
}

const entries: readonly FixtureEntry[] = JSON.parse(await readFile(`${fixtures}index.json`, 'utf8'));

/** The references are stored as float32, so agreement in float64 ends at about 4e-8. */
const tolerance = 1e-6;

for (const entry of entries) {
  test(`${entry.case} is read as its exporter describes it`, async (t) => {
    const network = await Network.load(`${fixtures}${entry.case}/model.onnx`);
    t.is(network.opset, entry.opset);
    t.deepEqual([...network.operators.keys()].sort(), entry.ops);
    const shapes = Object.fromEntries([...network.parameters].map(([name, { shape }]) => [name, shape]));
    t.deepEqual(shapes, entry.initializers);
    t.true([...network.parameters.values()].every(({ trainable }) => trainable));
  });

  test(`${entry.case} gives the reference's values and derivatives`, async (t) => {
    const network = await Network.load(`${fixtures}${entry.case}/model.onnx`);
    const point = await referencePoint(network, `${fixtures}${entry.case}/reference.safetensors`);
    const errors = referenceErrors(point, evaluateQuantities(checkQuantities(network, point.setting), point));
    t.is(Object.keys(errors).length, 10);
    for (const [quantity, error] of Object.entries(errors)) {
      t.log(`${quantity}: ${error.toExponential(2)}`);
      t.true(error < tolerance, `${quantity} is off by ${error}`);
    }
  });
}
