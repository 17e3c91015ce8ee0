import test from 'ava';
import { bilevelProblem, minimizationProblem } from '../../lib/bilevel/index.js';
import {
  add,
  constant,
  exp,
  input,
  mul,
  type Node,
  reduceSum,
  square,
  sub,
  sumOfSquares,
} from '../../lib/graph/index.js';
import { findMethod, type MinimizeOptions, methodNames, methods, minimize } from '../../lib/solvers/index.js';
import { clipDirection } from '../../lib/solvers/machine/clip-direction.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { compareGradient } from '../support/graph/differences.js';
import { contents } from '../support/solvers/runs.js';

const device = testDevice();
test.after.always(() => device.dispose());

const goals = { weight: [3, -4, 0.5], bias: [10] } as const;
const problem = () =>
  minimizationProblem({
    lower: { weight: Tensor.from([1, 1, 1]), bias: Tensor.from([0.5]) },
    g: ({ v }) =>
      add(
        mul(0.5, reduceSum(square(sub(v.weight, constant([...goals.weight]))))),
        reduceSum(square(sub(v.bias, constant([...goals.bias])))),
      ),
  });

const constants = { momentum: 0.8, secondMoment: 0.95, stabilizer: 1e-6, weightDecay: 0.1 };
const rate = 0.05;

/** What the options say, as plain float64 loops over [weight, weight, weight, bias]. */
function reference(steps: number, given: MinimizeOptions): number[] {
  const { clipNorm = 0, clipValue = 0, rateFactors = {}, optimizer = 'sgd' } = given;
  const x = [1, 1, 1, 0.5];
  const goal = [...goals.weight, ...goals.bias];
  const rates = x.map((_, i) => rate * (rateFactors[i < 3 ? 'weight' : 'bias'] ?? rateFactors['w*t'] ?? 1));
  const m = [0, 0, 0, 0];
  const s = [0, 0, 0, 0];
  for (let step = 1; step <= steps; step++) {
    let d = x.map((value, i) => (i < 3 ? 1 : 2) * (value - (goal[i] as number)));
    if (clipValue > 0) d = d.map((value) => Math.max(-clipValue, Math.min(clipValue, value)));
    const length = Math.hypot(...d);
    if (clipNorm > 0 && length > clipNorm) d = d.map((value) => (value * clipNorm) / length);
    const { momentum: b1, secondMoment: b2, stabilizer, weightDecay } = constants;
    for (const [i, along] of d.entries()) {
      const own = rates[i] as number;
      if (optimizer === 'sgd') {
        x[i] = (x[i] as number) - own * along;
        continue;
      }
      m[i] = b1 * (m[i] as number) + (1 - b1) * along;
      s[i] = b2 * (s[i] as number) + (1 - b2) * along ** 2;
      const size = (own * Math.sqrt(1 - b2 ** step)) / (1 - b1 ** step);
      const decayed = (x[i] as number) * (1 - own * weightDecay);
      x[i] = decayed - (size * (m[i] as number)) / (Math.sqrt(s[i] as number) + stabilizer);
    }
  }
  return x;
}

const cases: readonly MinimizeOptions[] = [
  { optimizer: 'sgd', clipNorm: 2 },
  { optimizer: 'sgd', clipNorm: 1e6 },
  { optimizer: 'sgd', clipValue: 1.5 },
  { optimizer: 'sgd', clipValue: 1.5, clipNorm: 2 },
  { optimizer: 'sgd', rateFactors: { bias: 0.25, weight: 2 } },
  { optimizer: 'sgd', rateFactors: { bias: 0, 'w*t': 0.5 } },
  { optimizer: 'adamw' },
  { optimizer: 'adamw', clipNorm: 1, rateFactors: { bias: 0.5 } },
];
for (const given of cases) {
  test(`minimize with ${JSON.stringify(given)} makes the steps of plain loops`, async (t) => {
    using solver = minimize(problem(), { steps: 15, learningRate: rate, ...constants, ...given }, { device });
    const state = solver.init();
    await solver.step(state);
    await solver.step(state);
    const found = [...(state.v.weight?.toArray() ?? []), ...(state.v.bias?.toArray() ?? [])];
    const expected = reference(30, given);
    for (const [index, value] of found.entries()) {
      t.true(Math.abs(value - (expected[index] as number)) < 2e-5, `${found}, not ${expected}`);
    }
  });
}

/** f and g over two variables of either level, which v may start at. */
const bilevel = () => {
  const start = { a: Tensor.from([0.3, -0.2, 0.4]), b: Tensor.from([0.1]) };
  const norm2 = (x: Node) => reduceSum(square(x));
  return bilevelProblem({
    upper: start,
    lower: start,
    f: ({ u, v }) => add(add(norm2(sub(v.a, 1)), mul(3, norm2(add(v.b, u.b)))), mul(0.1, norm2(u.a))),
    g: ({ u, v }) =>
      add(add(norm2(sub(v.a, u.a)), norm2(sub(v.b, u.b))), mul(0.1, reduceSum(exp(add(v.a, reduceSum(v.b)))))),
  });
};

/** Those of the options that a method has. */
function optionsOf(name: string, given: Readonly<Record<string, unknown>>) {
  const { options } = findMethod(name);
  return Object.fromEntries(Object.entries(given).filter(([key]) => key in options)) as object;
}

const everything = {
  upperOptimizer: 'adamw',
  lowerOptimizer: 'adamw',
  upperLearningRate: 0.01,
  lowerLearningRate: 0.02,
  lowerSteps: 2,
  backwardSteps: 2,
  upperClipNorm: 0.5,
  upperClipValue: 0.4,
  upperRateFactors: { a: 0 },
  lowerClipNorm: 0.7,
  lowerClipValue: 0.6,
  lowerRateFactors: { 'b*': 0.5 },
};
for (const name of methodNames) {
  test(`${name} takes all of it, and a state that was saved goes on with the same bits`, async (t) => {
    using solver = findMethod(name)(bilevel(), optionsOf(name, everything), { device });
    const state = solver.init();
    const before = [...(state.u.b?.toArray() ?? [])];
    await solver.step(state);
    const copy = solver.restore(solver.serialize(state));
    await solver.step(state);
    await solver.step(copy);
    t.deepEqual(contents(solver, state), contents(solver, copy));
    t.deepEqual(state.u.a?.toArray(), Tensor.from([0.3, -0.2, 0.4]).toArray());
    t.notDeepEqual(state.u.b?.toArray(), before);
  });
}

test('the step of u is as long as it may be, and the report tells how long its direction was', async (t) => {
  const options = { upperLearningRate: 0.5, upperClipNorm: 0.01, upperOptimizer: 'sgd' } as const;
  using solver = methods.itd(bilevel(), options, { device });
  const state = solver.init();
  const start = ['a', 'b'].flatMap((name) => [...(state.u[name as 'a']?.toArray() ?? [])]);
  const { hypergradientNorm } = await solver.step(state);
  const moved = ['a', 'b'].flatMap((name) => [...(state.u[name as 'a']?.toArray() ?? [])]);
  const length = Math.hypot(...moved.map((value, index) => value - (start[index] as number)));
  t.true(Math.abs(length - 0.5 * 0.01) < 1e-6, `${length}`);
  t.true(hypergradientNorm > 0.1);
});

test('reverse and forward mode agree on what they differentiate through', async (t) => {
  const moves = {
    lowerOptimizer: 'adamw',
    lowerSteps: 6,
    lowerLearningRate: 0.05,
    stabilizer: 1e-2,
    lowerClipNorm: 0.3,
    lowerRateFactors: { b: 0.5 },
    upperOptimizer: 'sgd',
    upperLearningRate: 1,
  } as const;
  const after = async (name: string, more: object = {}) => {
    using solver = findMethod(name)(bilevel(), { ...moves, ...more }, { device });
    const state = solver.init();
    await solver.step(state);
    return Object.values(state.u).flatMap((each) => [...each.toArray()]);
  };
  const [reverse, forward, kept] = [
    await after('itd'),
    await after('fmd'),
    await after('rmd', { storage: 'checkpoints' }),
  ];
  t.true(
    reverse.every((value, index) => Math.abs(value - (forward[index] as number)) < 1e-5),
    `${reverse}, ${forward}`,
  );
  t.true(
    reverse.every((value, index) => Math.abs(value - (kept[index] as number)) < 1e-5),
    `${reverse}, ${kept}`,
  );
});

test('derivatives of clipping are those of central differences, and finite at 0', (t) => {
  const [x, y] = [input('x', [2, 3]), input('y', [2])];
  const weights = constant([1, -2, 0.5, 3, 1, -1], [2, 3]);
  for (const trials of [undefined, 2]) {
    const [a, b] = clipDirection([x, y], { clipNorm: 1.5, clipValue: 2 }, trials) as [Node, Node];
    const cost = add(reduceSum(mul(a, weights)), sumOfSquares([b]));
    for (const scale of [0, 0.1, 3]) {
      const point = new Map([
        [x, Float64Array.from([1, -0.4, 0.3, 0.2, 0.9, -0.35].map((value) => value * scale))],
        [y, Float64Array.from([0.6 * scale, -0.25 * scale])],
      ]);
      const { error } = compareGradient(cost, [x, y], point, 1, 3);
      t.true(error < 1e-7, `${error} at ${scale}`);
    }
  }
});

test('names that fit no variable, and values out of range, are refused', (t) => {
  const refused = (options: object, message: RegExp): void =>
    void t.throws(() => methods.itd(bilevel(), options, { device }), { code: 'INVALID_ARGUMENT', message });
  refused({ upperRateFactors: { c: 1 } }, /upperRateFactors names "c", which fits no variable\. Did you mean a\?/);
  refused({ lowerRateFactors: { 'x*': 1 } }, /lowerRateFactors names "x\*", which fits no variable/);
  refused({ lowerRateFactors: { a: -1 } }, /an object of numbers >= 0 by names of variables for the option lowerRateF/);
  refused({ lowerRateFactors: 2 }, /option lowerRateFactors of itd but received 2/);
  refused({ upperClipNorm: -1 }, /a finite number >= 0 for the option upperClipNorm of itd but received -1/);
  refused({ lowerClipValue: 'much' }, /the option lowerClipValue of itd/);
  refused({ weightDecay: Number.NaN }, /the option weightDecay of itd/);
});
