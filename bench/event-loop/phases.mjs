// A process in which a problem goes through its phases once, as in a program that has just started: prints for each how
// long the event loop stood still at most. Its arguments are the name of the problem and the threads of the engine.
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Device } from '../../dist/lib/public/engine.js';
import { Network, readState, writeState } from '../../dist/lib/public/index.js';
import { problems } from './problems.mjs';

const iterations = 3;

/** Milliseconds that the main thread has computed so far, where the system tells. */
function computed() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();
const longest = { gap: 0, computing: 0 };
let last = { time: performance.now(), computing: computed() };
/** A turn of a timer that is due every millisecond. */
function tick() {
  const now = { time: performance.now(), computing: computed() };
  longest.gap = Math.max(longest.gap, now.time - last.time);
  longest.computing = Math.max(longest.computing, now.computing - last.computing);
  last = now;
}
setInterval(tick, 1).unref();

const results = {};

/** Does a phase; what held the loop up at its end shows in the turns after it. */
async function watch(name, work) {
  await setTimeout(20);
  histogram.reset();
  tick();
  Object.assign(longest, { gap: 0, computing: 0 });
  const start = performance.now();
  const result = await work();
  const milliseconds = performance.now() - start;
  await setTimeout(5);
  const delay = Math.max(longest.gap, histogram.max / 1e6);
  results[name] = { delay, computing: longest.computing, milliseconds };
  return result;
}

const { file, state: stateOf, method, options } = await problems[process.argv[2]].prepare();
const paths = ['safetensors', 'onnx'].map((end) => join(tmpdir(), `bilevel-event-loop-${process.pid}-out.${end}`));
const device = Device.cpu({ threads: Number(process.argv[3]) });

const network = await watch('load', () => Network.load(file));
const problem = await watch('state', () => stateOf(network));
const solver = await watch('construct', () => method.create(problem, options, { device }));
const state = await watch('init', () => solver.init());
await watch('run', async () => {
  for await (const _ of solver.run({ state, iterations }));
});
await watch('write state', () => writeState(paths[0], solver.serialize(state)));
await watch('restore', async () => solver.restore(await readState(paths[0])));
await watch('save network', () =>
  network.save(paths[1], { ...network.initialParameters(), ...network.initialState() }),
);

solver.dispose();
device.dispose();
await Promise.all(paths.map((path) => rm(path)));
console.log(JSON.stringify(results));
