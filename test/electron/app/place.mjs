// A utility process, or a worker thread, that does what it is told to.
import { parentPort, workerData } from 'node:worker_threads';
import { perform } from './perform.mjs';

const port = process.parentPort ?? parentPort;
await perform(workerData ?? process.argv[2], (message) => port.postMessage(message));
