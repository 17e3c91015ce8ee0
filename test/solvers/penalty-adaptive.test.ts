import test from 'ava';
import { type BilevelProblem, bilevelProblem } from '../../lib/bilevel/index.js';
import { mul, reduceSum, square, sub } from '../../lib/graph/index.js';
import { plainOptions } from '../../lib/options.js';
import { evaluate, type PenaltyOptions, type PenaltyReport, penalty, respond } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

/** A problem of scripts/choosing. */
interface Entry {
  readonly name: string;
  readonly problem: () => Promise<BilevelProblem>;
}

const device = testDevice();
test.after.always(() => device.dispose());

const problems = new URL('../../../scripts/choosing/problems/index.mjs', import.meta.url);

async function problemOf(name: string): Promise<BilevelProblem> {
  const { problems: all } = (await import(problems.href)) as { problems: readonly Entry[] };
  const entry = all.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`There is no problem ${name}.`);
  return entry.problem();
}

type Tensors = Readonly<Record<string, Tensor>>;

/** f(u, v*), v trained on g alone. */
async function responseOf(problem: BilevelProblem, u: Tensors): Promise<number> {
  const { v } = await respond(problem, u, { device });
  return (await evaluate(problem, { u, v }, { device })).f;
}

async function run(problem: BilevelProblem, iterations: number, options: PenaltyOptions = {}) {
  using solver = penalty(problem, options, { device });
  const state = solver.init();
  const reports: PenaltyReport[] = [];
  for await (const report of solver.run({ state, iterations })) reports.push(report);
  return { u: state.u, reports };
}

const startOf = ({ upper }: BilevelProblem): Tensors =>
  Object.fromEntries(upper.map(({ name, initial }) => [name, initial]));

// The iterations, and the share by which f(u, v*) has to fall: what the method itself reports of f is lower.
for (const [name, iterations, share] of [
  ['spam 1e-4', 180, 0.6],
  ['ridge', 80, 0.8],
  ['sources', 80, 0.9],
  ['poisoning', 80, 1.5],
  ['few shots', 80, 0.7],
] as const) {
  test(`with its defaults the penalty method lowers f(u, v*): ${name}`, async (t) => {
    const problem = await problemOf(name);
    const untuned = await responseOf(problem, startOf(problem));
    const { u } = await run(problem, iterations);
    const tuned = await responseOf(problem, u);
    t.true(tuned < untuned - share * Math.abs(untuned), `${tuned} after ${untuned}`);
  });
}

test('what f and g are multiplied by changes nothing', async (t) => {
  const problem = await problemOf('ridge');
  const scaled = { ...problem, f: mul(1024, problem.f), g: mul(1 / 64, problem.g) };
  const [one, other] = [await run(problem, 5), await run(scaled as BilevelProblem, 5)];
  // Weights and steps are the same but for Adam's stabilizer, whose share is a different one.
  for (const [index, { gamma, lambda, growths, lag }] of one.reports.entries()) {
    const same = other.reports[index] as PenaltyReport;
    const near = (value: number, expected: number) => Math.abs(value / expected - 1) < 1e-2;
    t.true(
      near((same.gamma * 2 ** -12) / 2 ** 10, gamma) && near((same.lambda * 2 ** -6) / 2 ** 10, lambda),
      `${index}`,
    );
    t.is(same.growths, growths);
    t.true(near(same.lag ?? Number.NaN, lag ?? Number.NaN), `${same.lag}, not ${lag}`);
  }
});

test('the weights grow where v follows, and fall where it lags behind', async (t) => {
  const { reports } = await run(await problemOf('ridge'), 60);
  const lags = reports.map(({ lag }) => lag ?? Number.NaN);
  for (const [index, { growths, gamma }] of reports.entries()) {
    const before = reports[index - 1]?.growths ?? 0;
    const lag = lags[index] ?? Number.NaN;
    t.is(growths - before, lag <= 0.5 ? 1 : lag > 1 ? -1 : 0, `iteration ${index + 1}`);
    const next = reports[index + 1]?.gamma;
    if (next !== undefined) t.true(Math.abs(next / gamma / 1.2 ** (growths - before) - 1) < 1e-6);
  }
  t.true(lags.some((lag) => lag <= 0.5) && lags.some((lag) => lag > 1));
});

test('where v departs from the lower level the weights are doubled, as far as they may grow', async (t) => {
  const problem = await problemOf('adversary');
  const given = { gamma: 1, upperLearningRate: 0.5 };
  const { reports } = await run(problem, 3, given);
  const [before, after] = reports.slice(1) as [PenaltyReport, PenaltyReport];
  t.false(before.passed);
  t.is(before.growths, 1 + 4);
  t.true(Math.abs(after.gamma / before.gamma / 1.2 ** 4 - 1) < 1e-6);
  const limited = await run(problem, 5, { ...given, growthLimit: 2 });
  t.is(Math.max(...limited.reports.map(({ growths }) => growths)), 2);
});

test('a trial has units and steps of its own', async (t) => {
  const centres = [1, 20];
  const stated = (chosen: readonly number[]) => {
    const like = (value: number) =>
      Tensor.from(
        chosen.flatMap((centre) => [value * centre, value]),
        [chosen.length, 2],
      );
    return bilevelProblem({
      trials: chosen.length,
      upper: { u: like(0.5) },
      lower: { v: like(0.02) },
      f: ({ v }) => reduceSum(square(sub(v.v, 1)), [1]),
      g: ({ u, v }) => reduceSum(square(sub(v.v, u.u)), [1]),
    });
  };
  const both = await run(stated(centres), 10);
  for (const [trial, centre] of centres.entries()) {
    const alone = await run(stated([centre]), 10);
    t.deepEqual(both.u.u?.toArray().slice(2 * trial, 2 * trial + 2), alone.u.u?.toArray());
  }
});

test('where v runs along an f without a lower bound the run ends, and says why', async (t) => {
  const problem = await problemOf('poisoning');
  using solver = penalty(problem, { variant: 'paper', lowerLearningRate: 0.05 }, { device });
  const state = solver.init();
  let before: number[] = [];
  const error = await t.throwsAsync(
    async () => {
      for (let iteration = 0; iteration < 1000; iteration++) {
        before = state.v.v?.toArray() ?? [];
        await solver.step(state);
      }
    },
    { code: 'DIVERGED' },
  );
  t.regex(
    error?.message ?? '',
    /^v has left .* in iteration \d+ of the penalty method \|grad_v g\| has risen from [\d.]+ to [\d.]+ .* Give larger gamma and lambda, or take the variant 'adaptive'/,
  );
  t.deepEqual(state.v.v?.toArray(), before);
  // With the defaults it does not run away.
  const { reports } = await run(problem, 150);
  t.true((reports.at(-1)?.lowerGradientNorm ?? Number.NaN) < 0.1);
});

test('with a printed test growth depends on that alone, also where v leaves the lower level', async (t) => {
  const drifting = bilevelProblem({
    upper: { u: Tensor.from([0]) },
    lower: { v: Tensor.from([0]) },
    f: ({ v }) => reduceSum(square(sub(v.v, 2))),
    g: ({ u, v }) => reduceSum(square(sub(v.v, u.u))),
  });
  const once = { variant: 'paper', lowerSteps: 1, lowerLearningRate: 0.01, growth: 'oncePerTest' } as const;
  const passing = await run(drifting, 10, { ...once, gamma: 1e-3, lambda: 1e-3, epsilon: 100, epsilonFactor: 1 });
  const gradients = passing.reports.map(({ lowerGradientNorm }) => lowerGradientNorm);
  t.true(Number(gradients.at(-1)) > 5 * Number(gradients[0]));
  t.deepEqual(
    passing.reports.map(({ growths }) => growths),
    Array.from({ length: 10 }, (_, index) => index + 1),
  );
  // Nor does a weight fall for a lag that is not measured.
  const failing = await run(drifting, 10, { ...once, growth: 'balanced', epsilon: 1e-9 });
  t.deepEqual(
    failing.reports.map(({ growths }) => growths),
    new Array(10).fill(0),
  );
});

test("the variants of paper and authors are those of the print, with the constants of the paper's experiments", (t) => {
  const paper = penalty.validate({ variant: 'paper' });
  t.like(paper, {
    ...{
      units: 'absolute',
      warmUpSteps: 0,
      lowerSteps: 20,
      gamma: 0.01,
      gammaFactor: 1.1,
      epsilon: 0.01,
      epsilonFactor: 0.9,
    },
    ...{
      lambda: 0.01,
      lambdaFactor: 0.9,
      multipliers: true,
      multiplierGamma: 'old',
      convergenceTest: 'norms',
      lowerFall: 0,
    },
    ...{
      growth: 'untilTestFails',
      upperOptimizer: 'adam',
      lowerOptimizer: 'adam',
      upperDecay: 1,
      lowerDecay: 1,
      slots: 'batch',
    },
  });
  t.deepEqual([paper.upperLearningRate.at(9), paper.lowerLearningRate.at(9)], [1e-3, 1e-4]);
  const own = {
    variant: 'authors',
    convergenceTest: 'squaredNorms',
    growth: 'oncePerTest',
    stationarity: 'gradient',
  } as const;
  const rest = { inequalities: 'slack', multiplierGamma: 'new', upperDecay: 0.9, lowerDecay: 0.9 } as const;
  t.deepEqual(plainOptions(penalty.validate({ variant: 'authors' })), plainOptions({ ...paper, ...own, ...rest }));
});
