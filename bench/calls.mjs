// What a call of the engine costs beyond its work: `node bench/calls.mjs [threads]` prints medians of asynchronous runs, one
// after the other, of programs without instructions and with one, and of one step within a run of many.
import { compile } from '../dist/lib/compile/index.js';
import { Device } from '../dist/lib/engine/index.js';
import * as graph from '../dist/lib/graph/index.js';
import { Tensor } from '../dist/lib/tensor.js';

const calls = 4000;
const stepsPerCall = 100_000;

const [threads] = process.argv.slice(2);
const device = Device.cpu(threads === undefined ? {} : { threads: Number(threads) });

/** A program that updates each of its scalars. */
function scalars(count) {
  const inputs = Array.from({ length: count }, (_, i) => graph.input(`x${i}`, []));
  return {
    spec: { updates: inputs.map((x) => [x, graph.add(x, 1)]) },
    tensors: Object.fromEntries(inputs.map(({ attributes }) => [attributes.name, Tensor.scalar(0)])),
  };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Median microseconds of a call, after a warm-up of as many. */
async function time(count, call) {
  const samples = new Float64Array(count);
  for (let i = -count; i < count; i++) {
    const start = performance.now();
    await call();
    if (i >= 0) samples[i] = 1e3 * (performance.now() - start);
  }
  return median(samples);
}

const rows = [];
for (const [name, { spec, tensors }] of [
  ['no instruction', scalars(0)],
  ['one scalar', scalars(1)],
  ['20 scalars', scalars(20)],
]) {
  const program = device.load(compile(spec));
  const call = await time(calls, () => program.run(tensors));
  const many = await time(5, () => program.run(tensors, { steps: stepsPerCall }));
  rows.push({ program: name, 'µs a call': call.toFixed(1), 'µs a step': (many / stepsPerCall).toFixed(3) });
}
console.table(rows);
device.dispose();
