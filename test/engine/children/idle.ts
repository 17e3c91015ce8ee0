// How much processor time the process takes while its device has nothing to do, after a run on all cores.
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDevice } from '../../support/devices.js';
import { busyCounter, counter } from '../../support/engine/encoded-programs.js';

const program = testDevice({ threads: availableParallelism() }).load(busyCounter());
await program.run(counter(), { steps: 20 });
await sleep(200);
const before = process.cpuUsage();
await sleep(500);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ busyMs: (user + system) / 1000, idleMs: 500 }));
