// What a call of the engine costs beyond its work: medians of asynchronous runs, one after the other, of programs
// without instructions and with a few, and of one step within a run of many. A study of `npm run bench:scaling`.
import { compile } from '../dist/lib/compile/index.js';
import { Device } from '../dist/lib/engine/index.js';
import * as graph from '../dist/lib/graph/index.js';
import { Tensor } from '../dist/lib/tensor.js';
import { statistics } from './statistics.mjs';

const callCount = 4000;
const stepsPerCall = 100_000;

/** A program that updates each of its scalars. */
function scalars(count) {
  const inputs = Array.from({ length: count }, (_, i) => graph.input(`x${i}`, []));
  return {
    spec: { updates: inputs.map((x) => [x, graph.add(x, 1)]) },
    tensors: Object.fromEntries(inputs.map(({ attributes }) => [attributes.name, Tensor.scalar(0)])),
  };
}

/** Median microseconds of a call, after a warm-up of as many. */
async function time(count, call) {
  const samples = new Float64Array(count);
  for (let i = -count; i < count; i++) {
    const start = performance.now();
    await call();
    if (i >= 0) samples[i] = 1e3 * (performance.now() - start);
  }
  return statistics(samples).median;
}

const programs = { 'no instruction': 0, 'one scalar': 1, '20 scalars': 20 };

/** Microseconds of a call and of a step within a call of many. */
export async function* calls() {
  const device = Device.cpu();
  for (const [series, count] of Object.entries(programs)) {
    const { spec, tensors } = scalars(count);
    const program = device.load(compile(spec));
    const call = await time(callCount, () => program.run(tensors));
    const many = await time(5, () => program.run(tensors, { steps: stepsPerCall }));
    yield { study: 'calls', series, call, step: many / stepsPerCall };
  }
  device.dispose();
}
