// What calls leave behind for the garbage collector, and what is left after it: for the test of lifecycles.
// Run with --expose-gc and a young generation in which no collection is due meanwhile.
import { compile } from '../../../lib/compile/index.js';
import * as g from '../../../lib/graph/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';

// So many that what the compiler of JavaScript keeps, which the first thousands make it do, counts for nothing.
const calls = 5000;
const [size, steps] = process.argv.slice(2).map(Number) as [number, number];
const collect = globalThis.gc as () => void;

const x = g.input('x', [size]);
using device = testDevice();
using program = device.load(compile({ updates: [[x, g.add(x, 1)]] }));
const tensors = { x: Tensor.zeros([size]) };

async function repeat(count: number): Promise<void> {
  for (let call = 0; call < count; call++) await program.run(tensors, { steps });
}

await repeat(calls);
collect();
const before = process.memoryUsage();
await repeat(calls);
const garbage = process.memoryUsage();
collect();
const after = process.memoryUsage();
console.log(
  JSON.stringify({
    perCall: (garbage.heapUsed - before.heapUsed) / calls,
    keptPerCall: (after.heapUsed - before.heapUsed) / calls,
    memoryGrowth: after.arrayBuffers + after.external - before.arrayBuffers - before.external,
    count: tensors.x.data[size - 1],
  }),
);
