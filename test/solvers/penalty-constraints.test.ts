import test from 'ava';
import { type BilevelProblem, type BilevelStatement, bilevelProblem, box, simplex } from '../../lib/bilevel/index.js';
import { add, constant, mul, type Node, reduceSum, slice, square, sub } from '../../lib/graph/index.js';
import { evaluate, gd, type PenaltyOptions, type PenaltyReport, penalty, soba } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { contents, reports } from '../support/solvers/runs.js';

const device = testDevice();
test.after.always(() => device.dispose());

const norm2 = (x: Node): Node => reduceSum(square(x));
const sum = (x: Node): Node => reduceSum(x);

type Statement = BilevelStatement<Record<never, never>, { u: Tensor }, { v: Tensor }>;

/**
 * |u - a|^2 / 2 + |v - b|^2 / 2 over v* = argmin |v - u|^2 / 2, of two elements each: u = v = (a + b) / 2 if
 * unconstrained.
 */
function nearest(a: number, b: number, conditions: Partial<Statement>): BilevelProblem {
  return bilevelProblem({
    upper: { u: Tensor.from([0.1, -0.2]) },
    lower: { v: Tensor.from([0.3, 0]) },
    f: ({ u, v }) => mul(0.5, add(norm2(sub(u.u, a)), norm2(sub(v.v, b)))),
    g: ({ u, v }) => mul(0.5, norm2(sub(v.v, u.u))),
    ...conditions,
  });
}

const settings = {
  variant: 'paper',
  gamma: 2,
  gammaFactor: 1.003,
  lambda: 0,
  growth: 'everyIteration',
  growthLimit: 600,
  lowerOptimizer: 'sgd',
  upperOptimizer: 'sgd',
  upperLearningRate: 0.05,
  lowerLearningRate: 0.05,
  lowerSteps: 20,
} as const satisfies PenaltyOptions;

async function solve(problem: BilevelProblem, options: PenaltyOptions = {}, iterations = 1500) {
  using solver = penalty(problem, { ...settings, ...options }, { device });
  const state = solver.init();
  let last: PenaltyReport | undefined;
  for await (const report of solver.run({ iterations, state })) last = report;
  if (last === undefined) throw new Error('No iteration was made.');
  return { u: state.u.u?.toArray() ?? [], v: state.v.v?.toArray() ?? [], constraints: last.constraints };
}

interface Expected {
  readonly u: readonly number[];
  readonly v: readonly number[];
  readonly multipliers: Readonly<Record<string, readonly number[]>>;
}

interface Case {
  readonly title: string;
  readonly problem: () => BilevelProblem;
  readonly expected: Expected;
  readonly options?: PenaltyOptions;
}

const first = (x: Node): Node => slice(x, { starts: [0], limits: [1] });

const cases: readonly Case[] = [
  {
    // Stationarity of 1/2 |u - 1|^2 + 1/2 |u - 2|^2 + nu (u_1 + u_2 - 1): 2 u - 3 + nu = 0 with u = 1/2.
    title: 'an upper equality',
    problem: () => nearest(1, 2, { equalities: { upper: ({ u }) => ({ budget: sub(sum(u.u), 1) }) } }),
    expected: { u: [0.5, 0.5], v: [0.5, 0.5], multipliers: { budget: [2] } },
  },
  {
    title: 'an active upper inequality',
    problem: () => nearest(1, 2, { inequalities: { upper: ({ u }) => ({ budget: sub(sum(u.u), 1) }) } }),
    expected: { u: [0.5, 0.5], v: [0.5, 0.5], multipliers: { budget: [2] } },
  },
  {
    title: 'an inactive upper inequality',
    problem: () => nearest(1, 2, { inequalities: { upper: ({ u }) => ({ budget: sub(sum(u.u), 4) }) } }),
    expected: { u: [1.5, 1.5], v: [1.5, 1.5], multipliers: { budget: [0] } },
  },
  {
    // Only the first element is held, through v = u: 2 u_1 - 3 + nu = 0 with u_1 = 1.
    title: 'an upper inequality of the response',
    problem: () => nearest(1, 2, { inequalities: { upper: ({ v }) => ({ cap: sub(first(v.v), 1) }) } }),
    expected: { u: [1, 1.5], v: [1, 1.5], multipliers: { cap: [1] } },
  },
  {
    // v* = min(u, 1) is 1, so that u = a is best and its multiplier u - 1.
    title: 'an active lower inequality',
    problem: () => nearest(2, 3, { inequalities: { lower: ({ v }) => ({ cap: sub(v.v, 1) }) } }),
    expected: { u: [2, 2], v: [1, 1], multipliers: { cap: [1, 1] } },
  },
  {
    // The residual of the inequality makes the penalty steeper: steps of 0.05 would be unstable from gamma = 10 on.
    title: 'an inactive lower inequality',
    problem: () => nearest(0.2, 0.4, { inequalities: { lower: ({ v }) => ({ cap: sub(v.v, 1) }) } }),
    expected: { u: [0.3, 0.3], v: [0.3, 0.3], multipliers: { cap: [0, 0] } },
    options: { lowerLearningRate: 0.03 },
  },
  {
    // v* = u + (1 - sum u) / 2 keeps u's difference, which is 0 here, so v = 1/2 and u = a; the multiplier is u - v.
    title: 'a lower equality',
    problem: () => nearest(2, 3, { equalities: { lower: ({ v }) => ({ budget: sub(sum(v.v), 1) }) } }),
    expected: { u: [2, 2], v: [0.5, 0.5], multipliers: { budget: [1.5] } },
  },
  {
    title: 'a lower set that is active',
    problem: () => nearest(2, 3, { sets: { lower: { v: box(Number.NEGATIVE_INFINITY, 1) } } }),
    expected: { u: [2, 2], v: [1, 1], multipliers: {} },
  },
];

for (const { title, problem, expected, options } of cases) {
  const forms = title.includes('upper inequality') ? (['closed', 'slack'] as const) : (['closed'] as const);
  for (const inequalities of forms) {
    test(`${title}, ${inequalities}: solution, multipliers and violation`, async (t) => {
      const { u, v, constraints } = await solve(problem(), { inequalities, ...options });
      const close = (got: readonly number[], want: readonly number[], what: string): void => {
        t.is(got.length, want.length, what);
        for (const [index, value] of want.entries())
          t.true(Math.abs((got[index] ?? Number.NaN) - value) < 2e-3, `${what}: ${got}`);
      };
      close(u, expected.u, 'u');
      close(v, expected.v, 'v');
      t.deepEqual(Object.keys(constraints).sort(), Object.keys(expected.multipliers).sort());
      for (const [name, multipliers] of Object.entries(expected.multipliers)) {
        close(constraints[name]?.multipliers ?? [], multipliers, `multipliers of ${name}`);
        t.true((constraints[name]?.violation ?? Number.NaN) < 2e-3, `violation of ${name}`);
      }
    });
  }
}

test('a lower set that is active misleads the gradient as a residual: u and v end together at its boundary', async (t) => {
  const problem = nearest(2, 3, { sets: { lower: { v: box(Number.NEGATIVE_INFINITY, 1) } } });
  const { u, v } = await solve(problem, { stationarity: 'gradient', multipliers: false });
  t.true(Math.max(...u, ...v) < 1.1, `${u} and ${v}`);
});

test('the first constraints of a trial do not move another trial', async (t) => {
  const trials = 2;
  const limits = [4, 1];
  using solver = penalty(
    bilevelProblem({
      trials,
      upper: { u: Tensor.zeros([trials, 2]) },
      lower: { v: Tensor.zeros([trials, 2]) },
      f: ({ u, v }) => mul(0.5, add(reduceSum(square(sub(u.u, 1)), [1]), reduceSum(square(sub(v.v, 2)), [1]))),
      g: ({ u, v }) => mul(0.5, reduceSum(square(sub(v.v, u.u)), [1])),
      inequalities: { upper: ({ u }) => ({ budget: sub(reduceSum(u.u, [1]), constant(limits)) }) },
    }),
    settings,
    { device },
  );
  const state = solver.init();
  for await (const _ of solver.run({ iterations: 1000, state }));
  for (const [index, expected] of [1.5, 1.5, 0.5, 0.5].entries()) {
    t.true(Math.abs((state.u.u?.toArray()[index] ?? Number.NaN) - expected) < 2e-3, `${state.u.u?.toArray()}`);
  }
});

/** Constraints of all kinds, of which one has the name of a variable. */
const ofAllKinds = () =>
  nearest(1, 2, {
    equalities: { upper: ({ u }) => ({ v: sub(sum(u.u), 1) }), lower: ({ v }) => ({ budget: sub(sum(v.v), 1) }) },
    inequalities: { upper: ({ u }) => ({ most: sub(u.u, 3) }), lower: ({ v }) => ({ cap: sub(v.v, 2) }) },
  });
const withSlacks = { inequalities: 'slack', lowerOptimizer: 'adam', lowerSteps: 5 } as const;

test('a state has the variables of the problem alone, beside multipliers and slacks, and a point is judged by it', async (t) => {
  const problem = ofAllKinds();
  using solver = penalty(problem, { ...settings, ...withSlacks }, { device });
  const state = solver.init();
  await reports(solver, state, 3);
  t.deepEqual(Object.keys(state.u), ['u']);
  t.deepEqual(Object.keys(state.v), ['v']);
  const { f } = await evaluate(problem, state, { device });
  const [u, v] = [state.u.u?.toArray() ?? [], state.v.v?.toArray() ?? []];
  const expected = [...u.map((x) => (x - 1) ** 2 / 2), ...v.map((x) => (x - 2) ** 2 / 2)].reduce((a, b) => a + b);
  t.true(Math.abs(f - expected) < 1e-5 * expected, `${f}`);
  const kept = ['u.multiplier/v', 'u.multiplier/most', 'u.slack/most', 'v.multiplier/budget', 'v.multiplier/cap'];
  for (const name of [...kept, 'v.slack/cap', 'v.slack.mean/cap', 'nu/v', 'nu.slack/cap'])
    t.truthy(state.tensors[name], name);
});

test('multipliers and slacks are saved, restored and copied: the run goes on with the same bits', async (t) => {
  using solver = penalty(ofAllKinds(), { ...settings, ...withSlacks }, { device });
  const state = solver.init();
  await reports(solver, state, 3);
  const saved = solver.serialize(state);
  const [restored, copied] = [solver.restore(saved), solver.copy(state)];
  const expected = await reports(solver, state, 3);
  for (const other of [restored, copied]) {
    t.deepEqual(await reports(solver, other, 3), expected);
    t.deepEqual(contents(solver, other), contents(solver, state));
  }
  const { 'v.slack/cap': _, ...rest } = Object.fromEntries(saved.tensors);
  t.throws(() => solver.restore({ ...saved, tensors: new Map(Object.entries(rest)) }), {
    code: 'STATE_MISMATCH',
    message: /no tensor v\.slack\/cap, .* begin a new run/,
  });
});

test('methods that would not keep a constraint, or keep it at a wrong solution, refuse it by name', (t) => {
  const constrained = nearest(1, 2, { inequalities: { upper: ({ u }) => ({ budget: sub(sum(u.u), 1) }) } });
  for (const method of [gd, soba]) {
    t.throws(() => method(constrained, {}, { device }), {
      code: 'INVALID_ARGUMENT',
      message: /no inequality such as budget/,
    });
  }
  const onSimplex = bilevelProblem({
    upper: { u: Tensor.from([1, 2]) },
    lower: { v: Tensor.from([0.5, 0.5]) },
    sets: { lower: { v: simplex() } },
    f: ({ u, v }) => add(norm2(u.u), norm2(v.v)),
    g: ({ u, v }) => norm2(sub(v.v, u.u)),
  });
  t.throws(() => soba(onSimplex, {}, { device }), { code: 'INVALID_ARGUMENT', message: /simplex\(1\)/ });
  t.notThrows(() => gd(onSimplex, {}, { device }).dispose());
});

test('a constraint that is none is refused where it is stated', (t) => {
  const state = (conditions: object) => () => nearest(1, 2, conditions);
  t.throws(state({ inequalities: { upper: () => 3 } }), { code: 'INVALID_ARGUMENT' });
  t.throws(state({ inequalities: { upper: () => ({ budget: 3 }) } }), { message: /the inequality constraint budget/ });
  t.throws(state({ equalities: { uper: () => ({}) } }), { code: 'UNKNOWN_OPTION' });
  t.throws(
    state({
      inequalities: { upper: ({ u }: { u: { u: Node } }) => ({ cap: u.u }) },
      equalities: { lower: ({ v }: { v: { v: Node } }) => ({ cap: v.v }) },
    }),
    { message: /a name that no other constraint has/ },
  );
});
