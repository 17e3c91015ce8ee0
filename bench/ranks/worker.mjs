// Times iterations on the ranks that a launcher started, or alone, and prints from the first:
// worker.mjs PROBLEM SECONDS
import { Device, joinRanks } from '../../dist/lib/public/engine.js';
import { problems } from './problems.mjs';

const [name, seconds] = process.argv.slice(2);
const ranks = joinRanks();
const device = Device.cpu({ threads: 1, ranks });
const solver = await problems[name]({ device });
const state = solver.init();
const step = () => solver.step(state);
for (let warmUp = 0; warmUp < 2; warmUp++) await step();
const start = performance.now();
await step();
const [slowest] = (await ranks?.sum([performance.now() - start])) ?? [performance.now() - start];
const count = Math.max(2, Math.ceil((1000 * seconds * (ranks?.size ?? 1)) / slowest));
const times = [];
for (let at = 0; at < count; at++) {
  const begun = performance.now();
  await step();
  times.push(performance.now() - begun);
}
const sums = solver.phases.map((phase) => {
  const found = solver.costOf(phase).instructions.filter(({ opcode }) => opcode === 'allReduce');
  return { phase, calls: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes / 2, 0) };
});
if ((ranks?.rank ?? 0) === 0) {
  console.log(
    JSON.stringify({ milliseconds: times.sort((a, b) => a - b)[Math.floor(count / 2)], sums, info: device.info() }),
  );
}
solver.dispose();
device.dispose();
