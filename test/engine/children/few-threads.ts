// A process that may take little address space, of which each thread's stack needs some.

import { Device } from '../../../lib/engine/index.js';
import { BilevelError } from '../../../lib/errors.js';
import { busyCounter, counter } from '../../support/engine/encoded-programs.js';

/** A device with so many threads, or with as many as errors say that there is room for: less while others end. */
function open(threads: number): Device {
  try {
    return Device.cpu({ threads });
  } catch (error) {
    if (!(error instanceof BilevelError)) throw error;
    const room = Number(/leave room for (\d+)/.exec(error.message)?.[1]);
    if (threads === 256) console.log(`${error.code} for 256 threads`);
    if (!(room < threads)) throw error;
    return open(room);
  }
}

const program = open(256).load(busyCounter());
const tensors = counter();
await program.run(tensors, { steps: 20 });
console.log(`counted ${tensors.count.data[0]}`);
