// A run nobody waits for: the process goes on until it has ended, and no longer, with an idle device still there.

import { testDevice } from '../../support/devices.js';
import { busyCounter, counter } from '../../support/engine/encoded-programs.js';

const program = testDevice({}).load(busyCounter());
const tensors = counter();
void program
  .run(tensors, { steps: 100 })
  .then((steps) => console.log(`${steps} steps, count ${tensors.count.data[0]}`));
