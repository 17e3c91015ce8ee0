// Solves problems on the ranks that a launcher started, and prints from the first what all have come to:
// mpirun -n 2 node solve.js ITERATIONS PROBLEM/METHOD...
import { createHash } from 'node:crypto';
import { Device, joinRanks } from '../../../lib/engine/index.js';
import { findMethod } from '../../../lib/solvers/find-method.js';
import { problems } from '../problems.js';

const [iterations, ...names] = process.argv.slice(2);
const ranks = joinRanks();
using device = process.env.BILEVEL_TEST_DEVICE === 'cuda' ? Device.cuda({ ranks }) : Device.cpu({ threads: 1, ranks });
for (const name of names) {
  const [problem = '', method = ''] = name.split('/');
  const make = problems[problem];
  if (make === undefined) throw new RangeError(`There is no problem ${problem}.`);
  using solver = findMethod(method)(make(), {}, { device });
  const state = solver.init();
  const costs: number[] = [];
  const before = ranks?.sums.bytes ?? 0;
  for await (const { f, g } of solver.run({ state, iterations: Number(iterations) })) costs.push(f, g);
  const summed = (ranks?.sums.bytes ?? 0) - before;
  const tensors = Object.entries(state.tensors).map(([key, { data }]) => [
    key,
    Array.from(data as Float32Array, Number),
  ]);
  const hash = createHash('sha256')
    .update(JSON.stringify([costs, tensors]))
    .digest('hex');
  const hashes = (await ranks?.gather(hash)) ?? [hash];
  if (ranks === undefined || ranks.rank === 0) console.log(JSON.stringify({ name, hashes, costs, summed, tensors }));
}
