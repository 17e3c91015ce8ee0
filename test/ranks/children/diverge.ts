// Ranks of which the last one alone has a row whose cost is infinite; prints from the first how the run ended on each.
import { bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { Device, joinRanks } from '../../../lib/engine/index.js';
import type { BilevelError } from '../../../lib/errors.js';
import * as g from '../../../lib/graph/index.js';
import { methods } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';

const ranks = joinRanks();
if (ranks === undefined) throw new Error('no launcher');
using device = Device.cpu({ threads: 1, ranks });
const problem = bilevelProblem({
  upper: { target: Tensor.zeros([1]) },
  lower: { center: Tensor.zeros([1]) },
  feeds: { rows: feed({ x: Tensor.from([1, 2, 3, 4, 5, 3e30]) }) },
  f: ({ v, rows: { x } }) => g.mean(g.square(g.sub(v.center, x))),
  g: ({ u, v, rows: { x } }) => g.mean(g.square(g.sub(v.center, g.mul(u.target, x)))),
});
using solver = methods.penalty(problem, {}, { device });
const state = solver.init();
const run = async (): Promise<string> => {
  for await (const { iteration } of solver.run({ state, iterations: 10 })) if (iteration === 10) return 'ended';
  return 'ended early';
};
const ends = await ranks.gather(await run().catch((error: BilevelError) => error.code));
if (ranks.rank === 0) console.log(ends.join());
