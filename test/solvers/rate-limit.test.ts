import test from 'ava';
import { type BilevelProblem, bilevelProblem } from '../../lib/bilevel/index.js';
import { constant, exp, mul, reduceSum, square, sub } from '../../lib/graph/index.js';
import { type AnyMethod, findMethod, methodNames } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const size = 6;

/** g = exp(u) sum_i c_i (v_i - 1)^2 / 2, whose largest curvature at u = 0 is the largest c_i of each trial. */
function quadratic(largest: readonly number[]): BilevelProblem {
  const trials = largest.length === 1 ? undefined : largest.length;
  const shape = trials === undefined ? [size] : [trials, size];
  const weights = constant(
    largest.flatMap((top) => Array.from({ length: size }, (_, index) => top / 2 ** index)),
    shape,
  );
  const axes = trials === undefined ? undefined : [1];
  return bilevelProblem({
    upper: { u: Tensor.zeros(trials === undefined ? [1] : [trials, 1]) },
    lower: { v: Tensor.zeros(shape) },
    ...(trials !== undefined && { trials }),
    f: ({ v }) => mul(1e-4, reduceSum(square(sub(v.v, 2)), axes)),
    g: ({ u, v }) => reduceSum(mul(exp(u.u), mul(weights, mul(0.5, square(sub(v.v, 1))))), axes),
  });
}

const open = (method: AnyMethod, problem: BilevelProblem, options: object = {}) => method(problem, options, { device });

/** v after so many iterations, and the limit. */
async function run(method: AnyMethod, problem: BilevelProblem, iterations: number, options: object = {}) {
  using solver = open(method, problem, options);
  const state = solver.init();
  for (let iteration = 0; iteration < iterations; iteration++) await solver.step(state);
  return { v: state.v.v?.toArray() ?? [], limit: state.tensors.rateLimit?.toArray() };
}

const limited = methodNames.filter((name) => 'limitRates' in findMethod(name).options);

test('methods of plain lower steps have a limit but for those that learn a start', (t) => {
  const plain = methodNames.filter((name) => findMethod(name).options.lowerOptimizer?.default === 'sgd');
  t.deepEqual(plain.filter((name) => !limited.includes(name)).toSorted(), ['anil', 'imaml', 'maml']);
});

for (const name of limited) {
  const method = findMethod(name);
  const rates = Object.keys(method.options).filter((key) =>
    /^(lower|inner|linear)LearningRate$|^neumannRate$/.test(key),
  );

  test(`${name}: default rates hold on a steep g, at which they would diverge without the limit`, async (t) => {
    const steep = quadratic([1e4]);
    const { v, limit } = await run(method, steep, 40);
    t.true(
      v.every((value) => Math.abs(value) < 10),
      String(v),
    );
    const [measured = Number.NaN] = limit ?? [];
    t.true(Math.abs(measured * 1e4 - 1) < 1e-3, String(measured));
    const unlimited = await run(method, steep, 40, { limitRates: false }).catch((error: Error) => error);
    if (unlimited instanceof Error) {
      t.regex(unlimited.message, new RegExp(`Lower (the option )?(${rates.join('|')})\\b.* to (about )?[0-9.e-]+`));
    } else t.true(unlimited.v.some((value) => Math.abs(value) > 10));
  });

  test(`${name}: where g is flat, the limit changes no bit`, async (t) => {
    const flat = quadratic([0.5]);
    const [on, off] = [await run(method, flat, 5), await run(method, flat, 5, { limitRates: false })];
    t.deepEqual(on.v, off.v);
    t.is(off.limit, undefined);
  });

  test(`${name}: a rate or an optimizer that is given is not limited`, (t) => {
    t.true(method.validate().limitRates);
    for (const rate of rates) {
      t.false(method.validate({ [rate]: 0.1 }).limitRates, rate);
      t.true(method.validate({ [rate]: 0.1, limitRates: true }).limitRates, rate);
    }
    t.false(method.validate({ lowerOptimizer: 'adam' }).limitRates);
    t.true(method.validate({ upperLearningRate: 0.1 }).limitRates);
  });
}

test('each trial has the limit of its own curvature', async (t) => {
  const { v, limit = [] } = await run(findMethod('soba'), quadratic([1e4, 10]), 40);
  for (const [trial, curvature] of [1e4, 10].entries()) {
    const value = (limit[trial] ?? Number.NaN) * curvature;
    t.true(Math.abs(value - 1) < 1e-3, String(value));
  }
  t.true(v.every((value) => Math.abs(value) < 10));
});

test('an iteration that fails again is told the same rate, by the same programs', async (t) => {
  using solver = open(findMethod('itd'), quadratic([1e4]), { limitRates: false });
  const state = solver.init();
  const fail = async () => {
    const error = await t.throwsAsync(
      async () => {
        for (let iteration = 0; iteration < 40; iteration++) await solver.step(state);
      },
      { code: 'NON_FINITE', message: /plain steps of v diverge at rates above 0\.0002.* to 0\.0001 or less/ },
    );
    return error?.message;
  };
  const first = await fail();
  const { phases } = solver;
  t.is(await fail(), first);
  t.deepEqual(solver.phases, phases);
});

test('a run that is saved after its first iteration goes on with the same limit', async (t) => {
  using solver = open(findMethod('amigo'), quadratic([1e4]));
  const state = solver.init();
  await solver.step(state);
  const { tensors, values } = solver.serialize(state);
  const copies = new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()]));
  const resumed = solver.restore({ tensors: copies, values: structuredClone(values) });
  await solver.step(state);
  await solver.step(resumed);
  t.deepEqual(resumed.v.v?.toArray(), state.v.v?.toArray());
});
