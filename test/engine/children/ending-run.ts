// The process ends during a run, in the way that the argument says.

import { testDevice } from '../../support/devices.js';
import { busyCounter, counter, endless } from '../../support/engine/encoded-programs.js';

const program = testDevice({}).load(busyCounter());
const tensors = counter();
void program.run(tensors, { steps: endless });
void program.run(counter(), { steps: endless });

const ends: Record<string, () => void> = {
  exit: () => process.exit(7),
  'exit-code-in-listener': () => {
    process.on('exit', () => console.log(`whole step: ${tensors.count.data[0] === tensors.count.data[1]}`));
    process.exit(8);
  },
  throw: () => {
    throw new Error('thrown during a run');
  },
  reject: () => void Promise.reject(new Error('rejected during a run')),
};

const wait = setInterval(() => {
  if (tensors.count.data[0] === 0) return;
  clearInterval(wait);
  ends[process.argv[2] ?? '']?.();
}, 1);
