import test from 'ava';
import { evaluate, input } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { buildModel, encode, type TestModel } from '../support/onnx/builder.js';

const rows = 400;
const columns = 50;

/** What a node that draws random numbers gives for x = 0.3 everywhere, with keys [seed, 5]. */
async function draw(node: Partial<TestModel['nodes'][number]> & { readonly op: string }) {
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', columns] } },
        nodes: [
          { name: 'random', inputs: ['x'], outputs: ['drawn'], ...node },
          { op: 'Cast', inputs: ['drawn'], outputs: ['real'], attributes: { to: 1 } },
          { op: 'ReduceMean', inputs: ['x'], outputs: ['mean'] },
          { op: 'Mul', inputs: ['mean', 'real'], outputs: ['scaled'] },
          { op: 'Div', inputs: ['scaled', 'mean'], outputs: ['y'] },
        ],
        outputs: ['y'],
      }),
    ),
  );
  const x = input('x', [rows, columns]);
  const key = input('key', [2], 'int32');
  const sample = (seed: number): Float64Array => {
    const feeds = new Map([
      [x, new Float64Array(rows * columns).fill(0.3)],
      [key, Float64Array.of(seed, 5)],
    ]);
    return evaluate([network.apply(x, {}, { key })], feeds)[0] as Float64Array;
  };
  return { network, x, sample };
}

function moments(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

const low = { float: 2 };
const shape = [rows, columns];
const laws = [
  { op: 'RandomUniformLike', attributes: { low, high: { float: 5 } }, mean: 3.5, deviation: 3 / Math.sqrt(12) },
  {
    op: 'RandomUniform',
    inputs: [],
    attributes: { low, high: { float: 5 }, shape },
    mean: 3.5,
    deviation: 3 / Math.sqrt(12),
  },
  { op: 'RandomNormalLike', attributes: { mean: { float: -1 }, scale: { float: 2 } }, mean: -1, deviation: 2 },
  {
    op: 'RandomNormal',
    inputs: [],
    attributes: { mean: { float: -1 }, scale: { float: 2 }, shape },
    mean: -1,
    deviation: 2,
  },
  { op: 'Bernoulli', attributes: {}, mean: 0.3, deviation: Math.sqrt(0.21) },
  {
    op: 'Multinomial',
    attributes: { sample_size: columns },
    mean: 24.5,
    deviation: Math.sqrt((columns ** 2 - 1) / 12),
  },
];

for (const { op, mean, deviation, ...node } of laws) {
  test(`${op} draws by its law, and by the key alone`, async (t) => {
    const { network, x, sample } = await draw({ op, ...node });
    const values = sample(1);
    const found = moments(values);
    // Five standard deviations of the mean of so many numbers.
    const slack = (5 * deviation) / Math.sqrt(rows * columns);
    t.true(Math.abs(found.mean - mean) < slack, `mean ${found.mean}`);
    t.true(Math.abs(found.deviation / deviation - 1) < 0.03, `deviation ${found.deviation}`);
    t.deepEqual(sample(1), values);
    t.notDeepEqual(sample(2), values);
    t.throws(() => network.apply(x, {}), { code: 'INVALID_ARGUMENT', message: /"random".*key/ });
  });
}

test('two nodes draw different numbers', async (t) => {
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 4] } },
        nodes: [
          { op: 'RandomUniformLike', inputs: ['x'], outputs: ['a'] },
          { op: 'RandomUniformLike', inputs: ['x'], outputs: ['b'] },
          { op: 'Sub', inputs: ['a', 'b'], outputs: ['y'] },
        ],
        outputs: ['y'],
      }),
    ),
  );
  const [x, key] = [input('x', [5, 4]), input('key', [2], 'int32')];
  const feeds = new Map([
    [x, new Float64Array(20)],
    [key, Float64Array.of(1, 2)],
  ]);
  t.true((evaluate([network.apply(x, {}, { key })], feeds)[0] as Float64Array).every((value) => value !== 0));
});
