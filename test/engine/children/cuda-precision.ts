// Devices of every precision and kind, and how far a product of theirs is from its own operands rounded by hand.
import { compile } from '../../../lib/compile/index.js';
import { Device, precisions } from '../../../lib/engine/index.js';
import * as g from '../../../lib/graph/index.js';
import { Tensor } from '../../../lib/tensor.js';

const rows = 64;
const depth = 256;
const a = g.input('a', [rows, depth]);
const b = g.input('b', [depth, rows]);
const values = Float32Array.from({ length: rows * depth }, (_, i) => Math.sin(i * 12.9898 + 1) * (1 + (i % 7) / 3));

/** The nearest number with so many bits of the mantissa, the first one too; the even one of two. */
function nearest(value: number, bits: number): number {
  const word = new Uint32Array(Float32Array.of(value).buffer);
  const dropped = 24 - bits;
  const exact = word[0] as number;
  const half = dropped === 0 ? 0 : 2 ** (dropped - 1) - 1 + ((exact >>> dropped) & 1);
  word[0] = ((exact + half) >>> dropped) << dropped;
  return new Float32Array(word.buffer)[0] as number;
}

async function distances(device: Device): Promise<number[]> {
  using program = device.load(compile({ outputs: { result: g.matmul(a, b) } }));
  const result = Tensor.zeros([rows, rows]);
  await program.run({ a: Tensor.from(values, a.shape), b: Tensor.from(values, b.shape), result });
  const got = [...(result.data as Float32Array)];
  const size = Math.max(...got.map(Math.abs));
  return [24, 11, 8].map((bits) => {
    const rounded = Float64Array.from(values, (value) => nearest(value, bits));
    const map = new Map([a, b].map((node) => [node, rounded]));
    const [expected] = g.evaluate([g.matmul(a, b)], map) as [Float64Array];
    return Math.max(...got.map((value, i) => Math.abs(value - (expected[i] as number)))) / size;
  });
}

const outcomes: Record<string, unknown> = {};
for (const kind of ['cuda', 'auto'] as const) {
  for (const precision of precisions) {
    try {
      using device = Device[kind]({ precision });
      const info = device.info();
      const measured = kind === 'cuda' ? { distances: await distances(device) } : {};
      outcomes[`${kind} ${precision}`] = { kind: info.kind, precision: info.precision, ...measured };
    } catch (error) {
      outcomes[`${kind} ${precision}`] = { code: (error as { code?: string }).code, message: String(error) };
    }
  }
}
console.log(JSON.stringify(outcomes));
