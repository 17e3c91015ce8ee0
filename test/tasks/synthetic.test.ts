import test from 'ava';
import { type Oracles, oracles, type Vector } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import type { Device } from '../../lib/engine/index.js';
import { add, constant, evaluate, mul, type Node } from '../../lib/graph/index.js';
import { dot, mean, median } from '../../lib/numbers.js';
import { findMethod, methodNames } from '../../lib/solvers/index.js';
import type { Rows } from '../../lib/study/index.js';
import { drawData, type SyntheticData } from '../../lib/tasks/synthetic/data.js';
import {
  DistanceMeter,
  judge,
  methodOptions,
  nameOfRun,
  type ProblemName,
  paperPlan,
  problemNames,
  type RunKey,
  type RunResult,
  readRun,
  runsOf,
  SyntheticRun,
  type SyntheticSettings,
  syntheticProblem,
  validateSettings,
} from '../../lib/tasks/synthetic/index.js';
import { projectedNorm2, rowSpaceOf } from '../../lib/tasks/synthetic/row-space.js';
import { testDevice } from '../support/devices.js';
import { solveDense } from '../support/solvers/dense.js';

const device = testDevice();
test.after.always(() => device.dispose());

async function runSynthetic(
  key: RunKey,
  settings: SyntheticSettings,
  resources: { readonly device: Device; readonly signal?: AbortSignal },
): Promise<RunResult> {
  using run = new SyntheticRun(key, settings, resources);
  const rows: object[] = [];
  for await (const { row } of run.steps()) rows.push(row);
  return readRun(key, rows as Rows);
}

type Row = readonly number[];
type Matrix = readonly Row[];

const trials = 3;
const size = 20;
const data = drawData({ trials, seed: 5, matrix: 'shared' });
const [A = []] = data.matrices;
const random = Random.fromSeed(2, 'points');
const point = (): number[] => Array.from({ length: trials * size }, () => 10 * random.uniform() - 5);

const combine = (a: Row, factor: number, b: Row): number[] =>
  a.map((value, index) => value + factor * (b[index] as number));
const split = (values: Row): number[][] =>
  Array.from({ length: values.length / size }, (_, trial) => values.slice(trial * size, (trial + 1) * size));
const eachTrial = (values: Row, f: (x: number[]) => Row): number[] => split(values).flatMap((x) => [...f(x)]);
/** A' y */
const transposed = (matrix: Matrix, y: Row): number[] =>
  (matrix[0] ?? []).map((_, column) =>
    dot(
      matrix.map((row) => row[column] as number),
      y,
    ),
  );
const times = (matrix: Matrix, x: Row): number[] => matrix.map((row) => dot(row, x));
/** M x = A' A x, M^+ x and P x = A' (A A')^-1 A x, by elimination. */
const M = (x: Row): number[] => transposed(A, times(A, x));
const gram = A.map((row) => times(A, row));
const P = (x: Row): number[] => transposed(A, solveDense(gram, times(A, x)));
const pseudoInverse = (x: Row): number[] => transposed(A, solveDense(gram, solveDense(gram, times(A, x))));
const ones = (value: number): number[] => new Array<number>(size).fill(value);

function assertClose(t: { true(value: boolean, message: string): void }, a: Row, b: Row, tolerance = 1e-12): void {
  const scale = Math.max(1, ...b.map(Math.abs));
  const worst = Math.max(...a.map((value, index) => Math.abs(value - (b[index] as number))));
  t.true(a.length === b.length && worst <= tolerance * scale, `differs by ${worst} at a scale of ${scale}`);
}

/** Nodes of a problem, and their values in float64 at points given for all trials, or one for each of them. */
function at(name: ProblemName, u: Row, v: Row, given: SyntheticData = data) {
  const problem = oracles(syntheticProblem(name, given));
  const count = given.u.shape[0] as number;
  const all = (values: Row): Float64Array =>
    Float64Array.from(values.length === size ? Array.from({ length: count }, () => values).flat() : values);
  const feeds = new Map([
    [problem.u[0] as Node, all(u)],
    [problem.v[0] as Node, all(v)],
  ]);
  const value = (node: Node | undefined): number[] => [...(evaluate([node as Node], feeds)[0] as Float64Array)];
  const vector = (values: Row): Vector => [constant([...all(values)], [count, size])];
  return { problem, value, vector };
}

/** Gradients of the penalty function f + <nu, grad_v g> + gamma / 2 |grad_v g|^2. */
function penaltyGradients(problem: Oracles, gamma: number, nu: Vector) {
  const w = problem.lowerGradient().map((node, index) => add(mul(gamma, node), nu[index] as Node));
  return problem.lagrangianGradient(w);
}

/** What the problems come to: w stands for 1 - u - v or u - v. */
const closed: Readonly<
  Record<ProblemName, { f: (u: Row, v: Row) => number; sign: 1 | -1; curvature: (x: Row) => number[] }>
> = {
  P1: { f: (u, v) => dot(u, u) + dot(v, v), sign: 1, curvature: (x) => [...x] },
  P2: { f: (u, v) => dot(v, v) - dot(combine(u, -1, v), combine(u, -1, v)), sign: -1, curvature: (x) => [...x] },
  P3: { f: (u, v) => dot(u, u) + dot(v, v), sign: 1, curvature: M },
  P4: { f: (u, v) => dot(v, v) - dot(combine(u, -1, v), M(combine(u, -1, v))), sign: -1, curvature: M },
  P5: { f: (u, v) => dot(v, M(v)) - dot(combine(u, -1, v), M(combine(u, -1, v))), sign: -1, curvature: M },
};

for (const name of problemNames) {
  const { f, sign, curvature } = closed[name];
  test(`${name}: costs and second derivatives are those in closed form`, (t) => {
    const [u, v, w] = [point(), point(), point()];
    const { problem, value, vector } = at(name, u, v);
    const vs = split(v);
    const pairs = split(u).map((x, trial): [number[], number[]] => [x, vs[trial] as number[]]);
    assertClose(
      t,
      value(problem.f),
      pairs.map(([x, y]) => f(x, y)),
    );
    const rest = ([x, y]: [number[], number[]]): number[] =>
      sign === 1 ? combine(combine(ones(1), -1, x), -1, y) : combine(x, -1, y);
    assertClose(
      t,
      value(problem.g),
      pairs.map((pair) => dot(rest(pair), curvature(rest(pair)))),
    );
    const gradient = pairs.flatMap((pair) => curvature(rest(pair)).map((each) => -2 * each));
    assertClose(t, value(problem.lowerGradient()[0]), gradient);
    const curved = eachTrial(w, (x) => curvature(x).map((each) => 2 * each));
    assertClose(t, value(problem.hessianVectorProduct(vector(w))[0]), curved);
    assertClose(
      t,
      value(problem.jacobianVectorProduct(vector(w))[0]),
      curved.map((each) => sign * each),
    );
  });
}

/** Some solution of each problem, its cost and the multipliers of grad_v g = 0. */
const some = split(point())[0] as number[];
const inNullSpace = combine(some, -1, P(some));
const half = P(ones(0.5));
const solutions: Readonly<Record<ProblemName, { u: Row; v: Row; f: number; nu: Row }>> = {
  P1: { u: ones(0.5), v: ones(0.5), f: size / 2, nu: ones(-0.5) },
  P2: { u: ones(0), v: ones(0), f: 0, nu: ones(0) },
  P3: { u: half, v: half, f: dot(P(ones(1)), P(ones(1))) / 2, nu: pseudoInverse(ones(-0.5)) },
  P4: { u: inNullSpace, v: ones(0), f: 0, nu: ones(0) },
  P5: { u: inNullSpace, v: inNullSpace.map((each) => -each), f: 0, nu: ones(0) },
};

for (const name of problemNames) {
  test(`${name}: the solution has its cost, and with its multipliers it is stationary for every gamma`, (t) => {
    const { u, v, f, nu } = solutions[name];
    const { problem, value, vector } = at(name, u, v);
    assertClose(t, value(problem.f), new Array<number>(trials).fill(f));
    assertClose(t, value(problem.g), new Array<number>(trials).fill(0));
    for (const gamma of [0.1, 1, 30]) {
      const gradients = penaltyGradients(problem, gamma, vector(nu));
      for (const node of [...gradients.u, ...gradients.v])
        assertClose(t, value(node), new Array<number>(60).fill(0), 1e-10);
    }
    const meter = new DistanceMeter(name, data);
    const [measured = Number.NaN] = meter.measure(u, v);
    t.true(measured < 1e-12, `${measured}`);
  });
}

const hypergradients: Readonly<Record<'P1' | 'P2', (u: Row, v: Row) => number[]>> = {
  P1: (u, v) => combine(u, -1, v).map((each) => 2 * each),
  P2: (_, v) => v.map((each) => 2 * each),
};
for (const gamma of [0.1, 0.5, 1, 7, 300]) {
  const minimiser = {
    P1: (u: Row): number[] => u.map((each) => (2 * gamma * (1 - each)) / (1 + 2 * gamma)),
    P2: (u: Row): number[] => u.map((each) => ((2 * gamma - 1) * each) / (2 * gamma)),
  };
  for (const name of ['P1', 'P2'] as const) {
    test(`${name}: where v minimises the penalty of gamma ${gamma}, its gradient in u is the hypergradient's formula`, (t) => {
      const u = point();
      const v = minimiser[name](u);
      const { problem, value, vector } = at(name, u, v);
      const gradients = penaltyGradients(problem, gamma, vector(ones(0)));
      assertClose(t, value(gradients.v[0]), new Array<number>(60).fill(0));
      const expected = hypergradients[name](u, v);
      assertClose(t, value(gradients.u[0]), expected);
      // The formula, grad_u f - grad_uv g (grad_vv g)^-1 grad_v f, by the derivatives themselves: grad_vv g is 2 I.
      const { u: fu, v: fv } = problem.fGradient();
      const z = value(fv[0]).map((each) => each / 2);
      assertClose(t, combine(value(fu[0]), -1, value(problem.jacobianVectorProduct(vector(z))[0])), expected);
    });
  }
}

test('a matrix for every trial gives each trial the problem of its matrix alone', (t) => {
  const own = drawData({ trials, seed: 5, matrix: 'perTrial' });
  t.is(own.matrices.length, trials);
  const [u, v] = [point(), point()];
  for (const name of ['P3', 'P4', 'P5'] as const) {
    const together = at(name, u, v, own);
    const [f, g] = [together.value(together.problem.f), together.value(together.problem.g)];
    const distances = new DistanceMeter(name, own).measure(u, v);
    for (const [trial, matrix] of own.matrices.entries()) {
      const alone = { ...own, matrices: [matrix] };
      const { problem, value } = at(name, u, v, alone);
      assertClose(
        t,
        [f[trial] as number, g[trial] as number],
        [value(problem.f)[trial] as number, value(problem.g)[trial] as number],
      );
      t.is(distances[trial], new DistanceMeter(name, alone).measure(u, v)[trial]);
    }
    t.not(f[0], f[1]);
  }
});

test('the first trials are the same however many follow; the seed decides them', (t) => {
  const more = drawData({ trials: 7, seed: 5, matrix: 'perTrial' });
  t.deepEqual(more.u.toArray().slice(0, trials * size), data.u.toArray());
  t.deepEqual(more.v.toArray().slice(0, trials * size), data.v.toArray());
  t.deepEqual(more.matrices[0], A);
  t.notDeepEqual(drawData({ trials, seed: 6, matrix: 'shared' }), data);
  t.true(more.u.toArray().every((value) => Math.abs(value) <= 5));
  // Two blocks, and nothing between them.
  for (const [row, values] of A.entries()) {
    t.is(values.length, size);
    t.true(values.every((value, column) => (value !== 0) === (Math.floor(row / 5) === Math.floor(column / 10))));
  }
});

test('distances count of u and v what the costs see', (t) => {
  const [u, v] = [split(point())[0] as number[], split(point())[0] as number[]];
  const norm = (...parts: Row[]): number => Math.sqrt(parts.reduce((sum, part) => sum + dot(part, part), 0));
  const [du, dv] = [combine(u, -1, ones(0.5)), combine(v, -1, ones(0.5))];
  const expected = {
    P1: norm(du, dv),
    P2: norm(u, v),
    P3: norm(P(du), P(dv)),
    P4: norm(P(u), v),
    P5: norm(P(u), P(v)),
  };
  for (const name of problemNames) assertClose(t, new DistanceMeter(name, data).measure(u, v), [expected[name]]);
});

test('the row space of a matrix is found, and the smallest eigenvalue of A A', (t) => {
  const { smallestEigenvalue } = rowSpaceOf([
    [3, 0, 0],
    [0, 0, -2],
  ]);
  t.is(smallestEigenvalue, 4);
  const { basis, smallestEigenvalue: smallest } = rowSpaceOf(A);
  for (const [index, row] of basis.entries()) {
    assertClose(
      t,
      basis.map((other) => dot(row, other)),
      basis.map((_, other) => (other === index ? 1 : 0)),
    );
    assertClose(t, P(row), row);
  }
  const x = split(point())[0] as number[];
  assertClose(t, [projectedNorm2(basis, x)], [dot(x, P(x))]);
  // By inverse iteration.
  let vector = A.map((_, index) => 1 + index);
  for (let step = 0; step < 400; step++) {
    const next = solveDense(gram, vector);
    vector = next.map((value) => value / Math.sqrt(dot(next, next)));
  }
  assertClose(t, [smallest], [dot(vector, times(gram, vector))], 1e-9);
});

/**
 * The authors' loop in float64 on P1, one trial: Adam on both levels, moments never reset, one test for each step of u.
 */
function authorsLoop(u: number[], v: number[], T: number, iterations: number) {
  const adam = (rate0: number) => {
    const [m, s] = [ones(0), ones(0)];
    let [t, rate] = [0, rate0];
    return {
      decay: () => {
        rate /= 1.1;
      },
      step: (x: number[], d: Row) => {
        t++;
        const stepSize = (rate * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t);
        for (const [i, each] of d.entries()) {
          m[i] = 0.9 * (m[i] as number) + 0.1 * each;
          s[i] = 0.999 * (s[i] as number) + 0.001 * each ** 2;
          const moved = (x[i] as number) - (stepSize * (m[i] as number)) / (Math.sqrt(s[i] as number) + 1e-8);
          x[i] = Math.min(5, Math.max(-5, moved));
        }
      },
    };
  };
  const [upper, lower] = [adam(1e-3), adam(1e-4)];
  let [gamma, lambda, epsilon] = [1, 10, 1];
  const nu = ones(0);
  const residual = (i: number): number => -2 * (1 - (u[i] as number) - (v[i] as number));
  const weight = (i: number): number => (nu[i] as number) + gamma * residual(i);
  const upperGradient = (): number[] => u.map((each, i) => 2 * each + 2 * weight(i));
  const lowerGradient = (): number[] => v.map((each, i) => 2 * each + 2 * weight(i) + lambda * residual(i));
  for (let k = 0; k < iterations; k++) {
    for (let t = 0; t < T; t++) lower.step(v, lowerGradient());
    upper.step(u, upperGradient());
    const [hu, hv] = [upperGradient(), lowerGradient()].map((each) => dot(each, each)) as [number, number];
    if (hu ** 2 + hv ** 2 < epsilon ** 2) {
      gamma *= 1.1;
      lambda /= 1.1;
      epsilon /= 1.1;
      for (const i of nu.keys()) nu[i] = (nu[i] as number) + gamma * residual(i);
      upper.decay();
      lower.decay();
    }
  }
  const error = [...u, ...v].map((each) => each - 0.5);
  return { distance: Math.sqrt(dot(error, error)), gamma };
}

test("penalty on P1 follows the authors' loop in float64, growth by growth", async (t) => {
  const settings = validateSettings({ trials: 2, iterations: 12_000, seed: 3 }).shared;
  const run = await runSynthetic({ problem: 'P1', method: 'penalty', lowerSteps: 10 }, settings, { device });
  const { u, v } = drawData(settings);
  const ends = split(u.toArray()).map((start, trial) =>
    authorsLoop(start, split(v.toArray())[trial] as number[], 10, settings.iterations),
  );
  t.true(Math.min(...ends.map(({ gamma }) => gamma)) > 2, 'gamma has grown');
  assertClose(t, [run.gamma as number], [mean(ends.map(({ gamma }) => gamma))], 1e-6);
  assertClose(
    t,
    run.distances.at(-1) as Row,
    ends.map(({ distance }) => distance),
    1e-3,
  );
  t.is(run.iterations.length, 1201);
  const first = new DistanceMeter('P1', drawData(settings)).measure(u.data, v.data);
  t.deepEqual(run.distances[0], first.map(Math.fround));
});

test('gradient descent on P1 ends at u = 0, v = 1: its distance is the root of 10', async (t) => {
  const settings = validateSettings({ trials: 4, iterations: 16_000 }).shared;
  const { distances } = await runSynthetic({ problem: 'P1', method: 'gd', lowerSteps: 10 }, settings, { device });
  for (const distance of distances.at(-1) as Row) t.true(Math.abs(distance - Math.sqrt(10)) < 1e-3, `${distance}`);
});

test('the last iteration is recorded too, and a stopped run ends with ABORTED', async (t) => {
  const settings = validateSettings({ trials: 2, iterations: 25 }).shared;
  const key = { problem: 'P4', method: 'gd', lowerSteps: 1 } as const;
  t.deepEqual((await runSynthetic(key, settings, { device })).iterations, [0, 10, 20, 25]);
  const signal = AbortSignal.abort();
  await t.throwsAsync(runSynthetic(key, settings, { device, signal }), { code: 'ABORTED' });
});

test('a plan holds each run once; methods that choose no T run once', (t) => {
  t.is(runsOf(paperPlan).length, 48);
  const plan = { problems: ['P2', 'P2'], methods: ['soba', 'gd'], lowerSteps: [1, 5] };
  t.deepEqual(runsOf(plan).map(nameOfRun), ['P2-soba-T1', 'P2-gd-T1', 'P2-gd-T5']);
  t.throws(() => runsOf({ ...plan, problems: ['P6'] }), { code: 'INVALID_ARGUMENT', message: /P1, P2, P3, P4, P5/ });
  t.throws(() => runsOf({ ...plan, methods: ['penatly'] }), {
    code: 'INVALID_ARGUMENT',
    message: /Did you mean penalty/,
  });
});

for (const name of methodNames) {
  test(`${name} takes the options that the study gives it`, (t) => {
    const method = findMethod(name);
    const options = method.validate(methodOptions(method, 5)) as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(method.options, 'lowerSteps')) t.is(options.lowerSteps, 5);
    else t.is(options.lowerSteps, undefined);
  });
}

test("the penalty method has the settings of the authors' program", (t) => {
  const method = findMethod('penalty');
  t.like(method.validate(methodOptions(method, 5)), {
    convergenceTest: 'squaredNorms',
    growth: 'oncePerTest',
    stationarity: 'gradient',
    multiplierGamma: 'new',
    upperOptimizer: 'adam',
    lambdaFactor: 1 / 1.1,
    lowerDecay: 1 / 1.1,
  });
  const approximate = findMethod('approxGrad');
  t.like(approximate.validate(methodOptions(approximate, 5)), { linearSteps: 6, tikhonov: 1e-6 });
});

test('lines of metrics give back the run that they tell of, and are refused where they tell of something else', (t) => {
  const key = { problem: 'P2', method: 'penalty', lowerSteps: 5 } as const;
  const rows = [
    { iteration: 0, distances: [1, 2], milliseconds: [] },
    { iteration: 10, distances: [0.5, 0.25], milliseconds: [1, 2, 3], gamma: 4 },
    { iteration: 15, distances: [0.125, 0.1], milliseconds: [6], gamma: 8 },
  ];
  const run: RunResult = {
    ...key,
    iterations: [0, 10, 15],
    distances: [
      [1, 2],
      [0.5, 0.25],
      [0.125, Math.fround(0.1)],
    ],
    seconds: 0.012,
    medianMilliseconds: 2.5,
    gamma: 8,
  };
  t.deepEqual(readRun(key, rows), run);
  const { gamma: _, ...without } = run;
  t.deepEqual(
    readRun(
      key,
      rows.map(({ gamma: _, ...row }) => row),
    ),
    without,
  );
  const refused = { code: 'INVALID_FILE', message: /P2-penalty-T5/ };
  t.throws(() => readRun(key, [...rows, { iteration: 20, f: 1 }]), refused);
  t.throws(() => readRun(key, [{ ...rows[1], distances: ['x'] }]), refused);
});

test('runs are judged by mean or median, of the trials that count', (t) => {
  const run = (problem: ProblemName, method: string, lowerSteps: number, distances: number[], iteration = 40_000) => ({
    ...{ problem, method, lowerSteps, seconds: 1, medianMilliseconds: 1 },
    iterations: [0, iteration],
    distances: [[9, 9, 9], distances],
  });
  const passed = (result: RunResult, eigenvalues: number[]) =>
    judge([result], () => eigenvalues).map(({ passed }) => passed);
  t.deepEqual(passed(run('P1', 'penalty', 5, [0.01, 0.02, 0.11]), [1]), [true]);
  t.deepEqual(passed(run('P1', 'penalty', 5, [0.01, 0.02, 0.13]), [1]), [false]);
  t.deepEqual(passed(run('P1', 'penalty', 1, [1, 1, 1]), [1]), [false]);
  t.deepEqual(passed(run('P4', 'penalty', 5, [0.1, 0.1, 14]), [1, 1, 0.2]), [true]);
  t.deepEqual(passed(run('P4', 'penalty', 5, [0.1, 0.3, 14]), [1, 1, 1]), [false]);
  t.deepEqual(passed(run('P4', 'penalty', 5, [0.1, 0.3, 14]), [0.4]), [undefined]);
  t.deepEqual(passed(run('P4', 'penalty', 1, [1, 1, 1]), [1]), []);
  t.deepEqual(passed(run('P1', 'penalty', 5, [1, 1, 1], 20_000), [1]), []);
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
});
