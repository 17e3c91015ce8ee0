import test from 'ava';
import type { BilevelProblem } from '../../lib/bilevel/index.js';
import { type MethodSolver, methods, type SolverResources } from '../../lib/solvers/index.js';
import { testDevice } from '../support/devices.js';
import { methodRows } from '../support/solvers/method-rows.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** Every block of memory that is made from here on is counted. */
let blocks = 0;
class Counted extends SharedArrayBuffer {
  constructor(bytes: number) {
    super(bytes);
    blocks++;
  }
}
globalThis.SharedArrayBuffer = Counted as SharedArrayBufferConstructor;

type AnyMethod = (problem: BilevelProblem, options: object, resources: SolverResources) => MethodSolver;

for (const name of Object.keys(methods) as (keyof typeof methods)[]) {
  test.serial(`${name}: memory for tensors is allocated in the first iterations alone`, async (t) => {
    const problem = smallProblem({ batch: 8, starts: methods[name].startsAtUpper ?? false });
    const before = blocks;
    using solver = (methods[name] as AnyMethod)(problem, methodRows[name].small, { device });
    const state = solver.init();
    for (let iteration = 0; iteration < 5; iteration++) await solver.step(state);
    const first = blocks;
    t.true(first > before);
    for (let iteration = 0; iteration < 20; iteration++) await solver.step(state);
    t.is(blocks, first);
  });
}
