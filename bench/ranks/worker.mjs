// Times iterations on the ranks that mpirun started, or where each of its processes computes by itself, and prints from
// the first: worker.mjs PROBLEM SECONDS [apart]
import { Device, joinRanks } from '../../dist/lib/public/engine.js';
import { problems } from './problems.mjs';

const [name, seconds, apart] = process.argv.slice(2);
const { state: stated, bytesOfTheory } = problems[name];
const ranks = apart ? undefined : joinRanks();
const device = Device.cpu({ threads: 1, ranks });
const solver = await stated({ device });
const state = solver.init();
const step = () => solver.step(state);
for (let warmUp = 0; warmUp < 2; warmUp++) await step();
const start = performance.now();
await step();
const [slowest] = (await ranks?.sum([performance.now() - start])) ?? [performance.now() - start];
const count = Math.max(2, Math.ceil((1000 * seconds * (ranks?.size ?? 1)) / slowest));
const times = [];
const before = ranks?.sums;
for (let at = 0; at < count; at++) {
  const begun = performance.now();
  await step();
  times.push(performance.now() - begun);
}
const after = ranks?.sums;
const sums = after && { calls: (after.calls - before.calls) / count, bytes: (after.bytes - before.bytes) / count };
const sizeOf = (tensors) => 4 * Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
const theory = bytesOfTheory(sizeOf(state.v));
if ((ranks?.rank ?? Number(process.env.OMPI_COMM_WORLD_RANK ?? 0)) === 0) {
  const milliseconds = times.sort((a, b) => a - b)[Math.floor(count / 2)];
  console.log(JSON.stringify({ milliseconds, sums, theory, info: device.info() }));
}
solver.dispose();
device.dispose();
