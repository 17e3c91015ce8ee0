import test from 'ava';
import { type BilevelProblem, bilevelProblem, feed, perSample, sets } from '../../../lib/bilevel/index.js';
import { samplers } from '../../../lib/data/samplers/index.js';
import { add, constant, matmul, mean, mul, reduceSum, softplus, sqrt, square, sub } from '../../../lib/graph/index.js';
import { evaluate, type Response, respond } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import {
  ridgeCosts,
  ridgeData,
  ridgeProblem,
  ridgeSolution,
  softmaxData,
  softmaxProblem,
  softmaxSolution,
} from '../../support/solvers/regression.js';

const device = testDevice();
test.after.always(() => device.dispose());

const initialU = ({ upper }: BilevelProblem) => Object.fromEntries(upper.map(({ name, initial }) => [name, initial]));
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((each, index) => each - (b[index] ?? Number.NaN))) / Math.hypot(...b);
const elements = ({ v }: Response, name: string): number[] => v[name]?.toArray() ?? [];

for (const batch of [undefined, 23, 10, 7]) {
  test(`ridge regression: the minimum of g over all rows, and f there, with ${batch ?? 'no'} rows of a mini-batch`, async (t) => {
    const data = ridgeData(23, 8);
    const problem = ridgeProblem(data, batch === undefined ? {} : { train: batch, other: 5 });
    const found = await respond(problem, initialU(problem), { device, tolerance: 1e-6 });
    const exact = ridgeSolution(data);
    t.true(found.converged);
    t.true(distance(elements(found, 'w'), exact) < 1e-5, `${distance(elements(found, 'w'), exact)}`);
    const costs = ridgeCosts(data, exact);
    t.true(Math.abs(found.g - costs.g) < 1e-6 * costs.g);
    const { f, g, lowerGradientNorm, metrics } = await evaluate(
      problem,
      { u: initialU(problem), v: found.v },
      { device },
    );
    t.true(Math.abs(f - costs.f) < 1e-5 * costs.f, `${f}, not ${costs.f}`);
    t.true(Math.abs(g - costs.g) < 1e-6 * costs.g);
    t.true(Math.abs(lowerGradientNorm - found.lowerGradientNorm) <= 1e-6 + 1e-2 * found.lowerGradientNorm);
    t.deepEqual(metrics, {});
  });
}

test('softmax regression: the minimum that Newton finds in float64', async (t) => {
  const { x, labels } = softmaxData(40);
  for (const decay of [0.1, 1e-3]) {
    const exact = softmaxSolution(x, labels, 3, decay);
    const problem = softmaxProblem(40, decay, 9);
    const found = await respond(problem, initialU(problem), { device, tolerance: 1e-6 });
    t.true(found.converged);
    t.true(distance(elements(found, 'w'), exact) < 1e-4, `${distance(elements(found, 'w'), exact)}`);
  }
});

test('u other than where the problem starts counts, and a start of v changes the way and not the minimum', async (t) => {
  const data = ridgeData(23, 8);
  const other = { ...data, u: data.u.map((each) => 1 - each) };
  const problem = ridgeProblem(data, { train: 10 });
  const u = { decay: Tensor.from([...other.u]) };
  const start = { w: Tensor.from(ridgeSolution(other), [8, 1]) };
  const from = await respond(problem, u, { device, tolerance: 1e-5 });
  const near = await respond(problem, u, { device, tolerance: 1e-5, start });
  t.true(distance(elements(from, 'w'), ridgeSolution(other)) < 1e-4);
  t.true(near.steps < from.steps && near.converged);
  t.is(start.w.toArray()[0], Math.fround(ridgeSolution(other)[0] ?? 0));
});

test('the same call gives the same bits', async (t) => {
  const problem = softmaxProblem(40, 1e-3, 9);
  const [a, b] = [
    await respond(problem, initialU(problem), { device }),
    await respond(problem, initialU(problem), { device }),
  ];
  t.deepEqual(elements(a, 'w'), elements(b, 'w'));
  t.deepEqual({ ...a, v: 0 }, { ...b, v: 0 });
});

test('classes that can be separated have no minimum, and it says so', async (t) => {
  const x = Tensor.from([-2, 1, -1, 1, 1, 1, 3, 1], [4, 2]);
  const problem = bilevelProblem({
    upper: { unused: Tensor.zeros([1]) },
    lower: { w: Tensor.from([0.01, 0], [2, 1]) },
    f: ({ u, v }) => add(reduceSum(v.w), reduceSum(u.unused)),
    // The logistic loss of labels -1, -1, 1, 1.
    g: ({ v }) => mean(softplus(mul(constant([1, 1, -1, -1], [4, 1]), matmul(constant(x.toArray(), [4, 2]), v.w)))),
  });
  const found = await respond(problem, { unused: Tensor.zeros([1]) }, { device });
  t.is(found.status, 'flat');
  t.false(found.converged);
  t.true(found.residual <= 1e-4);
});

test('a search without enough steps is a result', async (t) => {
  const problem = ridgeProblem(ridgeData(23, 8));
  const seen: number[] = [];
  const found = await respond(problem, initialU(problem), {
    device,
    maxSteps: 3,
    onProgress: ({ steps, g }) => seen.push(steps, g),
  });
  t.like(found, { status: 'steps', converged: false, steps: 3 });
  t.deepEqual(
    seen.filter((_, index) => index % 2 === 0),
    [1, 2, 3],
  );
  t.is(seen.at(-1), found.g);
  t.true(found.passes >= 4);
});

test('where v is kept in sets the response is the minimum within them', async (t) => {
  const target = [3, -2, 0.5, 0.2];
  const problem = bilevelProblem({
    upper: { shift: Tensor.from([0]) },
    lower: { boxed: Tensor.zeros([4]), shares: Tensor.from([0.25, 0.25, 0.25, 0.25]) },
    sets: { lower: { boxed: sets.box(-1, 1), shares: sets.simplex() } },
    f: ({ u, v }) => add(reduceSum(v.boxed), reduceSum(u.shift)),
    g: ({ u, v }) => {
      const aim = add(constant(target, [4]), reduceSum(u.shift));
      const scales = constant([1, 10, 100, 3], [4]);
      return add(reduceSum(mul(scales, square(sub(v.boxed, aim)))), reduceSum(mul(scales, square(sub(v.shares, aim)))));
    },
  });
  const found = await respond(problem, { shift: Tensor.from([0]) }, { device, tolerance: 1e-4 });
  t.true(found.converged, `${found.status}, ${found.residual} after ${found.steps} steps`);
  for (const [index, expected] of [1, -1, 0.5, 0.2].entries()) {
    t.true(Math.abs((elements(found, 'boxed')[index] ?? Number.NaN) - expected) < 1e-5);
  }
  // The conditions of optimality: scale (share - aim) is the same wherever the share is above 0, and no less elsewhere.
  const shares = elements(found, 'shares');
  const slopes = shares.map((share, index) => ([1, 10, 100, 3][index] ?? 0) * (share - (target[index] ?? 0)));
  const least = Math.min(...slopes);
  for (const [index, share] of shares.entries()) {
    if (share > 1e-6) t.true((slopes[index] ?? Number.NaN) < least + 2e-2, `${shares}: ${slopes}`);
  }
  t.true(Math.abs(shares.reduce((sum, share) => sum + share) - 1) < 1e-5);
});

test('trials are solved side by side, each with its own minimum', async (t) => {
  const aims = [1, 2, 3, -1, -2, -30];
  const problem = bilevelProblem({
    trials: 2,
    upper: { aim: Tensor.from(aims, [2, 3]) },
    lower: { x: Tensor.zeros([2, 3]) },
    f: ({ v }) => reduceSum(square(v.x), [1]),
    g: ({ u, v }) => reduceSum(mul(constant([1, 5, 20], [3]), square(sub(v.x, u.aim))), [1]),
  });
  const u = { aim: Tensor.from(aims, [2, 3]) };
  const found = await respond(problem, u, { device, tolerance: 1e-6 });
  t.true(distance(elements(found, 'x'), aims) < 1e-5);
  const { f } = await evaluate(problem, { u, v: found.v }, { device });
  t.true(Math.abs(f - (14 + 905) / 2) < 0.01);
});

/** A problem with a weight for every row of a feed of 12, in mini-batches of 5. */
function weighted(sampler?: ReturnType<typeof samplers.weighted>) {
  const rows = Array.from({ length: 12 }, (_, row) => row);
  const y = Tensor.from(rows, [12, 1]);
  const given = sampler === undefined ? { batch: 5 } : { batch: 5, sampler };
  return {
    y,
    problem: bilevelProblem({
      upper:
        sampler === undefined
          ? { weight: perSample(Tensor.from(rows.map((row) => 1 + row)), 'train') }
          : { weight: Tensor.from([1]) },
      lower: { x: Tensor.zeros([1]) },
      feeds: { train: feed({ y }, given) },
      f: ({ v, train }) => mean(square(sub(train.y, v.x))),
      g: ({ u, v, train }) =>
        mean(mul(sampler === undefined ? u.weight : reduceSum(u.weight), reduceSum(square(sub(train.y, v.x)), [1]))),
    }),
  };
}

test('variables with a row per sample are those of the rows', async (t) => {
  const { problem } = weighted();
  const weights = Array.from({ length: 12 }, (_, row) => 1 + row);
  const found = await respond(problem, { weight: Tensor.from(weights) }, { device, tolerance: 1e-6 });
  const expected =
    weights.reduce((sum, weight, row) => sum + weight * row, 0) / weights.reduce((sum, weight) => sum + weight);
  t.true(Math.abs((elements(found, 'x')[0] ?? Number.NaN) - expected) < 1e-5);
});

test('of feeds whose rows cannot be gone through so many mini-batches are taken as are asked for', async (t) => {
  const { problem } = weighted(samplers.weighted(Float32Array.from({ length: 12 }, (_, row) => (row < 6 ? 1 : 0))));
  const u = { weight: Tensor.from([1]) };
  await t.throwsAsync(respond(problem, u, { device }), {
    code: 'INVALID_ARGUMENT',
    message: /feed train, whose sampler.*option batches/,
  });
  const found = await respond(problem, u, { device, batches: 400 });
  t.true(Math.abs((elements(found, 'x')[0] ?? Number.NaN) - 2.5) < 0.15);

  const types = { y: { shape: [2, 1] } };
  let asked = 0;
  const stream = feed(
    function* (start: number) {
      asked++;
      for (let number = start; number < 4; number++) yield { y: Tensor.from([number, number + 1], [2, 1]) };
    },
    { types },
  );
  const streamed = bilevelProblem({
    upper: { weight: Tensor.from([1]) },
    lower: { x: Tensor.zeros([1]) },
    feeds: { train: stream },
    f: ({ v }) => reduceSum(v.x),
    g: ({ u, v, train }) => mul(reduceSum(u.weight), mean(square(sub(train.y, v.x)))),
  });
  await t.throwsAsync(respond(streamed, u, { device }), { code: 'INVALID_ARGUMENT', message: /batch by batch/ });
  const ofStream = await respond(streamed, u, { device, batches: 4, tolerance: 1e-6 });
  t.true(Math.abs((elements(ofStream, 'x')[0] ?? Number.NaN) - 2) < 1e-5);
  t.true(asked <= 2);
});

test('what is given is checked', async (t) => {
  const problem = ridgeProblem(ridgeData(23, 8));
  const u = initialU(problem);
  const refused = async (work: () => Promise<unknown>, code: string, message: RegExp) => {
    await t.throwsAsync(work, { code, message });
  };
  await refused(() => respond({} as never, u), 'INVALID_ARGUMENT', /what bilevelProblem\(statement\) returns/);
  await refused(
    () => respond(problem, { decai: u.decay } as never, { device }),
    'INVALID_ARGUMENT',
    /no variable "decai" in u\. Did you mean decay/,
  );
  await refused(() => respond(problem, {}, { device }), 'INVALID_ARGUMENT', /the variable u\.decay/);
  await refused(
    () => respond(problem, { decay: Tensor.zeros([7]) }, { device }),
    'SHAPE_MISMATCH',
    /float32\[8\] for the variable u\.decay/,
  );
  await refused(
    () => respond(problem, { decay: Tensor.from(new Array(8).fill(Number.NaN)) }, { device }),
    'INVALID_DATA',
    /u\.decay/,
  );
  await refused(() => respond(problem, u, { device, start: { w: Tensor.zeros([8]) } }), 'SHAPE_MISMATCH', /v\.w/);
  await refused(() => respond(problem, u, { device, tolerance: 0 }), 'INVALID_ARGUMENT', /tolerance of respond/);
  await refused(
    () => respond(problem, u, { device, tolerence: 1 } as never),
    'UNKNOWN_OPTION',
    /Did you mean tolerance/,
  );
  await refused(() => respond(problem, u, { device, batches: 0 }), 'INVALID_ARGUMENT', /batches/);
  await refused(() => respond(problem, u, { device: 'cpu' as never }), 'INVALID_ARGUMENT', /device/);
  await refused(() => respond(problem, u, { device, signal: AbortSignal.abort() }), 'ABORTED', /stopped/);
  await refused(() => evaluate(problem, { u } as never, { device }), 'INVALID_ARGUMENT', /v but received undefined/);
  await refused(
    () => respond(problem, u, { device, feeds: { train: feed({ x: Tensor.zeros([3, 8]) }) } }),
    'INVALID_ARGUMENT',
    /the feed train in place of the one stated/,
  );
  const constrained = bilevelProblem({
    upper: { x: Tensor.zeros([1]) },
    lower: { x: Tensor.zeros([1]) },
    f: ({ v }) => reduceSum(v.x),
    g: ({ u, v }) => reduceSum(square(sub(v.x, u.x))),
    equalities: { lower: ({ v }) => ({ budget: v.x }) },
  });
  await refused(
    () => respond(constrained, { x: Tensor.zeros([1]) }, { device }),
    'INVALID_ARGUMENT',
    /no equality such as budget/,
  );
  const rooted = bilevelProblem({
    upper: { x: Tensor.zeros([1]) },
    lower: { x: Tensor.zeros([1]) },
    f: ({ v }) => reduceSum(v.x),
    g: ({ u, v }) => reduceSum(sqrt(sub(square(v.x), u.x))),
  });
  await refused(() => respond(rooted, { x: Tensor.from([1]) }, { device }), 'NON_FINITE', /g is NaN where the search/);
});

test('a search is stopped by its signal', async (t) => {
  const problem = ridgeProblem(ridgeData(500, 30), { train: 7 });
  const controller = new AbortController();
  const stopped = respond(problem, initialU(problem), {
    device,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await t.throwsAsync(stopped, { code: 'ABORTED' });
});
