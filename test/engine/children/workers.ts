// Worker threads that are ended during runs, in the way that the argument says, while the main thread runs too.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { testDevice } from '../../support/devices.js';
import { busyCounter, counter, endless } from '../../support/engine/encoded-programs.js';

async function main(way: string): Promise<void> {
  const device = testDevice();
  const program = device.load(busyCounter());
  for (let round = 0; round < 3; round++) {
    const workers = [1, 2, 3].map(() => new Worker(new URL(import.meta.url), { workerData: way }));
    await Promise.all(
      workers.map(async (worker) => {
        const [memory] = await once(worker, 'message');
        // Not once(), which rejects when the worker's error comes first.
        const exit = new Promise((resolve) => worker.once('exit', resolve));
        worker.once('error', (error) => console.log(`error: ${error.message}`));
        if (way === 'terminate') void worker.terminate();
        else worker.postMessage('go');
        await exit;
        const [first, second] = new Float32Array(memory);
        if (!(first === second && (first as number) > 0)) console.log(`a step was torn: ${first}, ${second}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (new Float32Array(memory)[0] !== first) console.log('the run went on after its worker');
      }),
    );
    const tensors = counter();
    console.log(`main: ${await program.run(tensors, { steps: 10 })}`);
  }
}

function work(way: string): void {
  const tensors = counter();
  const device = testDevice();
  void device.load(busyCounter()).run(tensors, { steps: endless });
  void device.load(busyCounter()).run(counter(), { steps: endless });
  const wait = setInterval(() => {
    if (tensors.count.data[0] === 0) return;
    clearInterval(wait);
    parentPort?.postMessage(tensors.count.data.buffer);
  }, 1);
  parentPort?.once('message', () => {
    if (way === 'exit') process.exit(3);
    throw new Error('thrown in a worker');
  });
}

if (isMainThread) await main(process.argv[2] ?? '');
else work(workerData);
