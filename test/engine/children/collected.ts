// Everything that JavaScript holds of a run but its promise is garbage while it runs. Needs --expose-gc.
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { accumulator, busyCounter, counter } from '../../support/engine/encoded-programs.js';

const { gc } = globalThis;
if (gc === undefined) throw new Error('run with --expose-gc');
const turn = () => new Promise((resolve) => setImmediate(resolve));

const runs = [1, 2].map(() => testDevice().load(busyCounter()).run(counter(), { steps: 50 }));
for (let round = 0; round < 20; round++) {
  gc();
  await turn();
}
console.log(`steps: ${(await Promise.all(runs)).join(', ')}`);

// Devices and programs that are forgotten without being disposed of give their threads and memory back.
let collected = 0;
const registry = new FinalizationRegistry(() => collected++);
for (let index = 0; index < 50; index++) {
  const device = testDevice();
  registry.register(device, index);
  const program = device.load(accumulator());
  await program.run({ x: Tensor.zeros([2]), row: Tensor.zeros([1, 2]), total: Tensor.zeros([2]) });
}
for (let round = 0; round < 100 && collected < 50; round++) {
  gc();
  await turn();
}
console.log(`collected: ${collected >= 49}`);
