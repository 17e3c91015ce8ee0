// The main thread calls process.exit while workers are in the middle of runs.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { testDevice } from '../../support/devices.js';
import { busyCounter, counter, endless } from '../../support/engine/encoded-programs.js';

if (isMainThread) {
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  process.exit(9);
}
void testDevice().load(busyCounter()).run(counter(), { steps: endless });
parentPort?.postMessage('running');
