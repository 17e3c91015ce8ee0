import test from 'ava';
import { type BilevelProblem, bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { add, matmul, mean, square, sub } from '../../../lib/graph/index.js';
import { type MethodSolver, type MethodState, methods } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { Fixture, relativeError } from '../../support/safetensors.js';
import { quadraticSamples } from '../../support/solvers/quadratic-samples.js';
import { smallProblem } from '../../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

const { fsla, maSoba, saba, soba, srba } = methods;
const reading = Fixture.read('quadratic-iterates.safetensors');
const rates = { upperLearningRate: 0.1, lowerLearningRate: 0.2 };

async function run(solver: MethodSolver, iterations: number): Promise<MethodState> {
  const state = solver.init();
  for (let iteration = 0; iteration < iterations; iteration++) await solver.step(state);
  return state;
}

const at = (state: MethodState, name: string): number[] => state.tensors[name]?.toArray() ?? [];

/** How far u and v are from the solution of the problem with all rows. */
function distance(fixture: Fixture, state: MethodState): number {
  const solution = [...fixture.numbers('solution/u'), ...fixture.numbers('solution/v')];
  return relativeError([...at(state, 'u/u'), ...at(state, 'v/v')], solution);
}

const open = {
  soba: (problem: BilevelProblem) => soba(problem, rates, { device }),
  maSoba: (problem: BilevelProblem) => maSoba(problem, { ...rates, averaging: 0.3 }, { device }),
  fsla: (problem: BilevelProblem) => fsla(problem, { ...rates, momentumRate: 0.5 }, { device }),
  saba: (problem: BilevelProblem) => saba(problem, rates, { device }),
  'saba with full memories': (problem: BilevelProblem) => saba(problem, { ...rates, memoryStart: 'full' }, { device }),
  srba: (problem: BilevelProblem) => srba(problem, { ...rates, period: 8 }, { device }),
};
const reducesNoise = (name: string): boolean => name.startsWith('saba') || name === 'srba';

for (const [name, solve] of Object.entries(open)) {
  test(`${name}: on all rows comes to rest at the solution at constant rates`, async (t) => {
    const fixture = await reading;
    using solver = solve(quadraticSamples(fixture));
    t.true(distance(fixture, await run(solver, 600)) < 1e-5);
  });

  test(`${name}: by mini-batches at constant rates ${reducesNoise(name) ? 'does so too' : 'does not'}`, async (t) => {
    const fixture = await reading;
    using solver = solve(quadraticSamples(fixture, 2));
    const left = distance(fixture, await run(solver, 1500));
    t.log(left.toExponential(2));
    if (reducesNoise(name)) t.true(left < 1e-5);
    else t.true(left > 1e-2);
  });
}

test('maSoba without averaging is soba', async (t) => {
  const problem = quadraticSamples(await reading, 2);
  using average = maSoba(problem, { ...rates, averaging: 1 }, { device });
  using plain = soba(problem, rates, { device });
  const [one, other] = [await run(average, 10), await run(plain, 10)];
  for (const name of ['u/u', 'v/v', 'z/v']) t.true(relativeError(at(one, name), at(other, name)) < 1e-5);
});

for (const memoryStart of ['zero', 'full'] as const) {
  test(`saba's means are those of its memories, which start as ${memoryStart}`, async (t) => {
    using solver = saba(smallProblem({ batch: 8 }), { ...rates, memoryStart }, { device });
    const state = await run(solver, 7);
    const tables = Object.keys(state.tensors).filter((name) => name.startsWith('memory.'));
    t.is(tables.length, 8, 'three of V, with two variables, and two of U, with one');
    for (const name of tables) {
      const [blocks = 0] = state.tensors[name]?.shape ?? [];
      t.is(blocks, /memory\.f/.test(name) ? 2 : 3, name);
      const kept = at(state, name);
      const expected = at(state, name.replace('memory', 'mean')).map((_, index, all) => {
        const column = Array.from({ length: blocks }, (_, block) => kept[block * all.length + index] ?? Number.NaN);
        return column.reduce((sum, value) => sum + value, 0) / blocks;
      });
      const got = at(state, name.replace('memory', 'mean'));
      for (const [index, value] of expected.entries())
        t.true(Math.abs(value - (got[index] ?? Number.NaN)) < 1e-5, name);
    }
  });
}

test('saba that begins with a pass can be stopped before it changes anything', async (t) => {
  using solver = saba(smallProblem({ batch: 8 }), { memoryStart: 'full' }, { device });
  const state = solver.init();
  await t.throwsAsync(solver.step(state, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  const start = solver.init();
  for (const name of Object.keys(start.tensors)) t.deepEqual(at(state, name), at(start, name), name);
  t.deepEqual(state.counters, start.counters);
  t.deepEqual(state.samplers.train?.state, start.samplers.train?.state);
});

test('saba refuses batches that do not divide the rows, naming feed and batch', (t) => {
  t.throws(() => saba(smallProblem({ batch: 7 }), {}, { device }), {
    code: 'INVALID_ARGUMENT',
    message: /saba .* the batch of the feed train must divide its 24 rows but is 7/,
  });
});

test('saba refuses a cost over the mini-batches of two feeds', (t) => {
  const rows = (batch: number | undefined) => feed({ x: Tensor.from([1, 2, 3, 4, 5, 6], [6, 1]) }, { batch });
  const state = (other: number | undefined): BilevelProblem =>
    bilevelProblem({
      upper: { u: Tensor.from([0.5], [1, 1]) },
      lower: { v: Tensor.from([0.5], [1, 1]) },
      feeds: { one: rows(2), other: rows(other) },
      f: ({ v, one }) => mean(square(matmul(one.x, v.v))),
      g: ({ u, v, one, other: { x } }) => add(mean(square(matmul(one.x, sub(v.v, u.u)))), mean(square(matmul(x, v.v)))),
    });
  t.throws(() => saba(state(3), {}, { device }), {
    code: 'INVALID_ARGUMENT',
    message: /the cost g may read at most one feed with mini-batches but reads one and other/,
  });
  saba(state(undefined), {}, { device }).dispose();
});
