// A process that may take little address space, of which each thread's stack needs some.

import { Device } from '../../../lib/engine/index.js';
import { BilevelError } from '../../../lib/errors.js';
import { busyCounter, counter } from '../../support/engine/encoded-programs.js';

let room = 1;
try {
  Device.cpu({ threads: 256 });
} catch (error) {
  if (!(error instanceof BilevelError)) throw error;
  console.log(`${error.code} for 256 threads`);
  room = Number(/leave room for (\d+)/.exec(error.message)?.[1]);
}
const program = Device.cpu({ threads: room }).load(busyCounter());
const tensors = counter();
await program.run(tensors, { steps: 20 });
console.log(`counted ${tensors.count.data[0]}`);
