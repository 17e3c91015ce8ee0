import { readFile } from 'node:fs/promises';
import test from 'ava';
import { type BilevelProblem, bilevelProblem, type Evaluations } from '../../../lib/bilevel/index.js';
import { add, reduceSum, square, sub } from '../../../lib/graph/index.js';
import { type MemoryOrder, type MethodReport, type MethodSolver, methods } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { methodRows } from '../../support/solvers/method-rows.js';
import {
  contents,
  type MethodName,
  methodNames,
  momentumOf,
  openMethod,
  openSmall,
  reports,
  smallFor,
} from '../../support/solvers/runs.js';
import { smallProblem } from '../../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

const open = (name: MethodName, problem: BilevelProblem, options: object): MethodSolver =>
  openMethod(name, problem, options, { device });
/**
 * How much more memory grows from 64 to 256 lower steps than from 16 to 64; the orders that are not here do not grow.
 */
const growthsWithSteps: Partial<Record<MemoryOrder, number>> = { linear: 4, squareRoot: 2 };

/** P1: f = |u|^2 + |v|^2, g = |1 - u - v|^2 with the solution u = v = 1/2, alone or as trials from different starts. */
function p1(starts: readonly (readonly number[])[], trials?: number): BilevelProblem {
  const size = starts[0]?.length ?? 0;
  const values = (shift: number): Tensor =>
    Tensor.from(
      starts.flatMap((start) => start.map((value) => value + shift)),
      trials === undefined ? [size] : [trials, size],
    );
  const norm2 = (x: Parameters<typeof square>[0]) => reduceSum(square(x), trials === undefined ? undefined : [1]);
  return bilevelProblem({
    upper: { x: values(0) },
    lower: { x: values(0.25) },
    ...(trials !== undefined && { trials }),
    f: ({ u, v }) => add(norm2(u.x), norm2(v.x)),
    g: ({ u, v }) => norm2(sub(sub(1, u.x), v.x)),
  });
}

const starts = [
  [0.2, -1, 3, 0.7],
  [1.5, 0, -2, 0.4],
  [0, 0, 0, 2],
];

for (const name of methodNames) {
  const method = methods[name];

  test(`${name}: states keep their shapes and dtypes, and reports are complete`, async (t) => {
    using solver = openSmall(name, { device });
    const state = solver.init();
    const types = () => Object.entries(state.tensors).map(([key, { dtype, shape }]) => [key, dtype, ...shape]);
    const before = types();
    for (const [index, report] of (await reports(solver, state, 5)).entries()) {
      const { iteration, f, g, lowerGradientNorm, hypergradientNorm } = report as MethodReport;
      t.is(iteration, index + 1);
      for (const value of [f, g, lowerGradientNorm, hypergradientNorm]) t.true(Number.isFinite(value));
    }
    t.deepEqual(types(), before);
    const start = solver.init();
    // A method that is blind to how u moves v leaves u alone here, where f does not depend on it.
    const moved = methodRows[name].p1 === 'does not solve it' ? (['v'] as const) : (['u', 'v'] as const);
    for (const level of moved) {
      for (const [key, tensor] of Object.entries(start[level])) {
        t.notDeepEqual(state[level][key]?.toArray(), tensor.toArray(), `${level}/${key} has not moved`);
      }
    }
  });

  test(`${name}: evaluations are those of its complexity`, async (t) => {
    using solver = openSmall(name, { device });
    const all = (await reports(solver, solver.init(), 7)) as MethodReport[];
    const expected = { fGradients: 0, gGradients: 0, hessianVectorProducts: 0, jacobianVectorProducts: 0 };
    for (const [index, { evaluations }] of all.entries()) {
      const made = method.evaluations(solver.options as never, index, smallFor(name));
      for (const kind of Object.keys(expected) as (keyof typeof expected)[]) expected[kind] += made[kind];
      t.deepEqual(evaluations, expected, `iteration ${index + 1}`);
    }
  });

  test(`${name}: draws a mini-batch for each estimate that must not share one`, async (t) => {
    using solver = openSmall(name, { device });
    const state = solver.init();
    const [first, second] = (await reports(solver, state, 2)) as [MethodReport, MethodReport];
    using once = openSmall(name, { device });
    const begun = once.init();
    await reports(once, begun, 1);
    const { draws = () => 1 } = methodRows[name];
    const kinds = Object.keys(first.evaluations) as (keyof Evaluations)[];
    const made = kinds.reduce((sum, kind) => sum + second.evaluations[kind] - first.evaluations[kind], 0);
    t.is(state.counters.draws - begun.counters.draws, draws(made));
  });

  test(`${name}: the same seed gives the same bits, and a restored run those of an uninterrupted one`, async (t) => {
    using whole = openSmall(name, { device });
    const uninterrupted = whole.init();
    const expected = await reports(whole, uninterrupted, 6);
    using first = openSmall(name, { device });
    const begun = first.init();
    const seen = await reports(first, begun, 3);
    const saved = first.serialize(begun);
    const kept = {
      tensors: new Map([...saved.tensors].map(([key, tensor]) => [key, tensor.clone()])),
      values: structuredClone(saved.values),
    };
    await reports(first, begun, 1);
    using second = openSmall(name, { device });
    const resumed = second.restore(kept);
    seen.push(...(await reports(second, resumed, 3)));
    t.deepEqual(seen, expected);
    t.deepEqual(contents(second, resumed), contents(whole, uninterrupted));
  });

  test(`${name}: an aborted iteration leaves the state as it was`, async (t) => {
    using solver = openSmall(name, { device });
    const state = solver.init();
    await reports(solver, state, 1);
    const before = contents(solver, state);
    await t.throwsAsync(solver.step(state, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
    t.deepEqual(contents(solver, state), before);
    // Stopped somewhere on its way; a quick iteration may end before, and is then taken for what it is.
    for (let attempt = 0; attempt < 5; attempt++) {
      const controller = new AbortController();
      const start = contents(solver, state);
      queueMicrotask(() => setTimeout(() => controller.abort(), 0));
      const ended = await solver.step(state, { signal: controller.signal }).then(
        () => true,
        (error: { code?: string }) => {
          t.is(error.code, 'ABORTED');
          return false;
        },
      );
      if (!ended) t.deepEqual(contents(solver, state), start);
    }
    t.is((await reports(solver, state, 1)).length, 1);
  });

  test(`${name}: a value that is not finite stops it, with the state as before`, async (t) => {
    const rates = { upperLearningRate: 3e38, lowerLearningRate: 3e38 };
    using solver = open(name, smallFor(name), { ...methodRows[name].small, ...rates });
    const error = await t.throwsAsync(reports(solver, solver.init(), 20), { code: 'NON_FINITE' });
    t.regex(error?.message ?? '', new RegExp(`in iteration \\d+ of ${method.title}`));
  });

  if ('warmStart' in method.options) {
    test(`${name}: v starts anew in every iteration, or goes on, as the option says`, async (t) => {
      const lowerOptimizer = momentumOf(method.options.lowerOptimizer);
      for (const warmStart of [false, true]) {
        // Where u rests, iterations that start anew on the same rows end at the same v.
        const options = { ...methodRows[name].small, warmStart, upperLearningRate: 1e-30, lowerOptimizer };
        using solver = open(name, smallProblem({}), options);
        const state = solver.init();
        await reports(solver, state, 1);
        const first = state.v.weight?.toArray();
        await reports(solver, state, 1);
        if (warmStart) t.notDeepEqual(state.v.weight?.toArray(), first);
        else t.deepEqual(state.v.weight?.toArray(), first);
      }
    });
  }

  test(`${name}: memory grows with T as it claims`, (t) => {
    const steps = ['lowerSteps', 'innerSteps'].find((key) => key in method.options);
    if (steps === undefined) {
      t.is(growthsWithSteps[method.memory({} as never)], undefined);
      return;
    }
    const total = (T: number): number => {
      using solver = open(name, smallFor(name), { ...methodRows[name].small, [steps]: T });
      const { state, scratch, work } = solver.memoryOf(solver.init());
      return state + scratch + work;
    };
    const [few, more, many] = [total(16), total(64), total(256)];
    using solver = openSmall(name, { device });
    const order = method.memory(solver.options as never);
    const growth = (many - more) / (more - few);
    const expected = growthsWithSteps[order];
    if (expected === undefined) t.deepEqual([few, more], [many, many]);
    else t.true(Math.abs(growth - expected) < 0.25, `${growth}: ${few}, ${more}, ${many}`);
  });

  test(`${name}: solves P1, or does not and says so`, async (t) => {
    const { p1: row } = methodRows[name];
    if (row === 'does not solve it') {
      t.pass();
      return;
    }
    using solver = open(name, p1(starts.slice(0, 1)), row.options);
    const state = solver.init();
    await reports(solver, state, row.iterations);
    const values = [...(state.u.x?.toArray() ?? []), ...(state.v.x?.toArray() ?? [])];
    const distance = Math.max(...values.map((value) => Math.abs(value - 0.5)));
    t.true(distance < row.within, `${values}`);
  });

  test(`${name}: trials side by side are trials alone`, async (t) => {
    const { p1: row, random } = methodRows[name];
    const options = row === 'does not solve it' ? {} : row.options;
    using together = open(name, p1(starts, starts.length), options);
    const state = together.init();
    await reports(together, state, 12);
    if (random) return t.pass();
    for (const [trial, start] of starts.entries()) {
      using alone = open(name, p1([start]), options);
      const single = alone.init();
      await reports(alone, single, 12);
      for (const level of ['u', 'v'] as const) {
        const expected = single[level].x?.toArray() ?? [];
        const got = (state[level].x?.toArray() ?? []).slice(4 * trial, 4 * trial + 4);
        for (const [index, value] of expected.entries()) {
          t.true(
            Math.abs(value - (got[index] ?? Number.NaN)) < 1e-5,
            `trial ${trial}, ${level}: ${got}, not ${expected}`,
          );
        }
      }
    }
    return;
  });

  test(`${name}: every option refuses what it cannot be, by name`, (t) => {
    for (const [key, option] of Object.entries(method.options)) {
      const wrong = option.kind === 'integer' ? -1 : option.kind === 'boolean' ? 'yes' : Number.NaN;
      t.throws(() => open(name, smallFor(name), { [key]: wrong }), {
        code: 'INVALID_ARGUMENT',
        message: new RegExp(`the option ${key} of ${name}`),
      });
    }
    t.throws(() => open(name, smallFor(name), { lowerStep: 1 }), { code: 'UNKNOWN_OPTION' });
  });

  test(`${name}: has a source, a summary and a page that names every option and choice`, async (t) => {
    t.is(method.name, name);
    t.true(method.source.length > 10 && method.summary.endsWith('.'));
    const page = await readFile(
      `docs/methods/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`,
      'utf8',
    );
    t.true(page.includes(`\`${name}(problem, options)\``));
    for (const [key, option] of Object.entries(method.options)) {
      t.true(page.includes(`\`${key}\``), key);
      for (const value of option.kind === 'choice' ? option.values : [])
        t.true(page.includes(`'${value}'`), `${key}: ${value}`);
    }
    const index = await readFile('docs/methods.md', 'utf8');
    t.true(index.includes(`\`${name}\``));
  });
}
