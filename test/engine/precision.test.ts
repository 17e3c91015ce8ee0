import test from 'ava';
import { compile } from '../../lib/compile/index.js';
import { Device } from '../../lib/engine/index.js';
import { BilevelError } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import { Tensor } from '../../lib/tensor.js';

/** A device of precision bf16; undefined where the processor has none, which is an error that says so. */
function roundingDevice(): Device | undefined {
  try {
    return Device.cpu({ threads: 2, precision: 'bf16' });
  } catch (error) {
    if (error instanceof BilevelError && error.code === 'DEVICE_UNAVAILABLE' && error.message.includes('bfloat16')) {
      return undefined;
    }
    throw error;
  }
}

/** The nearest bfloat16 number, the even one of two. */
function rounded(value: number): number {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  const bits = word[0] as number;
  word[0] = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(word.buffer)[0] as number;
}

const same: [number, number][] = [
  [1, 1],
  [1, 1],
];

interface Cases {
  readonly all: ReadonlyMap<g.Node, Float32Array>;
  readonly results: Readonly<Record<string, { inputs: readonly g.Node[]; node: g.Node }>>;
}

/** Operands with their values, and what is computed from them. */
function convolutions(channels: number): Cases {
  const x = g.input('x', [2, channels, 9, 7]);
  const w = g.input('w', [32, channels, 3, 3]);
  const y = g.input('y', [2, 32, 9, 7]);
  return {
    all: valuesOf([x, w, y]),
    results: {
      conv: { inputs: [x, w], node: g.conv(x, w, { padding: same }) },
      convInputGradient: { inputs: [w, y], node: g.convInputGradient(y, w, { padding: same, inputSize: [9, 7] }) },
      convFilterGradient: { inputs: [x, y], node: g.convFilterGradient(x, y, { padding: same, kernelSize: [3, 3] }) },
    },
  };
}

/** Square matrices of this size, transposed in every way. */
function products(size: number): Cases {
  const a = g.input('a', [2, size, size]);
  const b = g.input('b', [2, size, size]);
  const flags = [false, true];
  return {
    all: valuesOf([a, b]),
    results: Object.fromEntries(
      flags.flatMap((transposeA) =>
        flags.map((transposeB) => [
          `matmul, transposed ${transposeA} ${transposeB}`,
          { inputs: [a, b], node: g.matmul(a, b, { transposeA, transposeB }) },
        ]),
      ),
    ),
  };
}

const values = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + 1) * (1 + (i % 7) / 3));

const valuesOf = (nodes: readonly g.Node[]): Map<g.Node, Float32Array> =>
  new Map(nodes.map((node) => [node, values(node.shape.reduce((a, b) => a * b, 1))]));

async function compute(
  device: Device,
  { inputs, node }: { inputs: readonly g.Node[]; node: g.Node },
  all: ReadonlyMap<g.Node, Float32Array>,
) {
  using program = device.load(compile({ outputs: { result: node } }));
  const result = Tensor.zeros(node.shape);
  const bound = Object.fromEntries(
    inputs.map((input) => [
      (input.attributes as { name: string }).name,
      Tensor.from(all.get(input) as Float32Array, input.shape),
    ]),
  );
  await program.run({ ...bound, result });
  return Float64Array.from(result.data as Float32Array);
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

test('a device of precision bf16 rounds the factors of large products and convolutions, and no sums', async (t) => {
  using device = roundingDevice();
  if (device === undefined) {
    t.pass();
    return;
  }
  t.is(device.info().precision, 'bf16');
  for (const { all, results } of [convolutions(16), products(256)]) {
    for (const [name, result] of Object.entries(results)) {
      const got = await compute(device, result, all);
      const reference = (map: (value: number) => number): Float64Array =>
        g.evaluate(
          [result.node],
          new Map([...all].map(([node, data]) => [node, Float64Array.from(data, map)])),
        )[0] as Float64Array;
      const size = got.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      t.true(largestDifference(got, reference(rounded)) < 2e-6 * size, `${name}: sums are float32`);
      const exact = reference((value) => value);
      t.true(largestDifference(got, exact) > 1e-4 * size, `${name}: operands are rounded`);
    }
  }
});

test('where rounding gains nothing the operands stay float32', async (t) => {
  using device = roundingDevice();
  if (device === undefined) {
    t.pass();
    return;
  }
  using exact = Device.cpu({ threads: 2 });
  t.is(exact.info().precision, 'float32');
  for (const { all, results } of [convolutions(3), products(64)]) {
    for (const [name, result] of Object.entries(results)) {
      t.deepEqual(await compute(device, result, all), await compute(exact, result, all), name);
    }
  }
});

test('a precision that does not exist is refused by name', (t) => {
  t.throws(() => Device.cpu({ precision: 'float16' as 'bf16' }), {
    code: 'INVALID_ARGUMENT',
    message: /float32 or bf16 for precision but received "float16"/,
  });
});
