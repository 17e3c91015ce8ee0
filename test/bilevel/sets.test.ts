import { readFile } from 'node:fs/promises';
import test from 'ava';
import {
  affine,
  bilevelProblem,
  box,
  type ConvexSet,
  intersection,
  l1Ball,
  l2Ball,
  linfBall,
  rows,
  sets,
  simplex,
} from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import type { ErrorCode } from '../../lib/errors.js';
import {
  constant,
  evaluate,
  gradient,
  inner,
  input,
  mul,
  reduceSum,
  sub,
  sumOfSquares,
} from '../../lib/graph/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { runNative } from '../support/engine/run-native.js';
import { compareGradient } from '../support/graph/differences.js';
import { type SetCase, setCases, size } from '../support/solvers/convex-sets.js';

const device = testDevice();
test.after.always(() => device.dispose());

const each: [string, SetCase][] = Object.values(setCases).flatMap((cases) =>
  cases.map((setCase): [string, SetCase] => [
    `${setCase.set.description} of shape [${setCase.shape.join(', ')}]`,
    setCase,
  ]),
);

const largest = (x: readonly number[]): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const farthest = (a: readonly number[], b: readonly number[]): number =>
  largest(a.map((value, index) => value - (b[index] ?? Number.NaN)));
/** Rounding in float64 of numbers as large as those of x. */
const rounding = (x: readonly number[]): number => 1e-10 * (1 + largest(x));

/** Many points, near and far, as the slices of one float64 list behind `batch` axes. */
function draw(shape: readonly number[], batch: readonly number[], seed: number): number[] {
  const random = Random.fromSeed(seed, 'points');
  return Array.from({ length: size(batch) }, (_, index) => [0.01, 0.3, 1, 10, 1000][index % 5] ?? 1).flatMap((scale) =>
    Array.from({ length: size(shape) }, () => scale * random.normal()),
  );
}

function project(set: ConvexSet, x: readonly number[], shape: readonly number[], batchAxes: number): number[] {
  const node = input('x', shape);
  return [...(evaluate([set.project(node, batchAxes)], new Map([[node, Float64Array.from(x)]]))[0] ?? [])];
}

function slices(x: readonly number[], length: number): number[][] {
  return Array.from({ length: x.length / length }, (_, index) => x.slice(index * length, (index + 1) * length));
}

test('every set of the registry has cases and is described', async (t) => {
  t.deepEqual(Object.keys(setCases).sort(), Object.keys(sets).sort());
  const page = await readFile('docs/problems.md', 'utf8');
  for (const [name, cases] of Object.entries(setCases)) {
    t.true(cases.length > 0 && cases.every(({ set }) => set.name === name && set.description.startsWith(`${name}(`)));
    t.regex(page, new RegExp(`\\| \`sets\\.${name}\\(`), name);
  }
});

for (const [name, { set, shape, exact, violation, draw: drawMember, reach = Infinity }] of each) {
  const length = size(shape);
  const isNear = (point: readonly number[]): boolean => largest(point) <= reach;

  test(`${name}: the nearest point, as found by other means`, (t) => {
    const batch = [4, 25];
    const x = draw(shape, batch, 1);
    const nearest = slices(project(set, x, [...batch, ...shape], 2), length);
    const again = slices(project(set, nearest.flat(), [...batch, ...shape], 2), length);
    const random = Random.fromSeed(2, 'members');
    for (const [index, point] of slices(x, length).entries()) {
      const found = nearest[index] ?? [];
      if (!isNear(point)) continue;
      t.true(farthest(found, exact(point)) <= rounding(point), `${found} for ${point}, not ${exact(point)}`);
      t.true(violation(found) <= rounding(point), `${found} is outside`);
      t.true(farthest(again[index] ?? [], found) <= rounding(point), `${found} moves on to ${again[index]}`);
      for (let tries = 0; tries < 10; tries++) {
        // The nearest point is the one that no other member lies beyond, seen from x.
        const member = drawMember(random);
        const product = found.reduce(
          (sum, value, i) => sum + ((point[i] ?? 0) - value) * ((member[i] ?? Number.NaN) - value),
          0,
        );
        t.true(product <= rounding(point) * (1 + largest(point)) * (1 + largest(member)) * length, `${member}`);
      }
    }
    t.deepEqual(slices(project(set, x.slice(0, length), shape, 0), length), nearest.slice(0, 1));
  });

  test(`${name}: members drawn for the tests belong to it and stay where they are`, (t) => {
    const random = Random.fromSeed(3, 'members');
    const members = Array.from({ length: 50 }, () => drawMember(random));
    const nearest = slices(project(set, members.flat(), [50, ...shape], 1), length);
    for (const [index, member] of members.entries()) {
      t.true(violation(member) <= rounding(member) && farthest(nearest[index] ?? [], member) <= rounding(member));
    }
  });

  test(`${name}: derivatives are those of central differences`, (t) => {
    const x = input('x', shape);
    const random = Random.fromSeed(4, 'weights');
    const weights = constant(
      Array.from({ length }, () => random.normal()),
      shape,
    );
    const stepped = set.project(sub(x, mul(0.3, mul(x, weights))), 0);
    const costs = { linear: inner([set.project(x, 0)], [weights]), residual: sumOfSquares([sub(x, stepped)]) };
    for (const [cost, y] of Object.entries(costs)) {
      let accepted = 0;
      for (const [index, point] of slices(draw(shape, [10], 5), length).entries()) {
        if (largest(point) > Math.min(100, reach)) continue;
        const compared = compareGradient(y, [x], new Map([[x, Float64Array.from(point)]]), index, 3);
        accepted += compared.accepted;
        t.true(compared.error < 1e-7, `${cost} at ${point}: ${compared.error}`);
      }
      t.true(accepted >= 12, `${cost}: only ${accepted} directions without a kink`);
    }
  });

  test(`${name}: float32 on the engine, also for extreme points`, async (t) => {
    const alternating = (a: number, b: number) => Array.from({ length }, (_, index) => (index % 2 === 0 ? a : b));
    const points = [
      alternating(0, 0),
      alternating(3, 3),
      alternating(1e30, 1e30),
      alternating(-1e30, -1e30),
      alternating(1e30, -1e30),
      alternating(1e30, 0),
      alternating(1e-30, -1e-30),
      alternating(1e20, 1),
      exact(alternating(0, 0)),
      exact(alternating(5, -7)),
      ...slices(draw(shape, [25], 6), length),
    ].map((point) => point.map(Math.fround));
    const whole = [points.length, ...shape];
    const x = input('x', whole);
    const value = set.project(x, 1);
    const [slope] = gradient(reduceSum(value), [x]);
    const feeds = new Map([[x, Float64Array.from(points.flat())]]);
    const native = await runNative(device, { outputs: { value, slope: slope ?? x } }, feeds);
    const found = slices([...(native.get('value') ?? [])], length);
    const expected = slices(project(set, points.flat(), whole, 1), length);
    for (const [index, point] of points.entries()) {
      const reference = expected[index] ?? [];
      if (!isNear(point)) continue;
      // Bounded sets forget how far away a point was; where a set is unbounded, rounding is that of the point.
      const scale = Math.max(1, largest(reference), set.name === 'affine' ? largest(point) : 0);
      t.true(farthest(found[index] ?? [], reference) <= 1e-5 * scale, `${found[index]} for ${point}, not ${reference}`);
      t.true(farthest(reference, exact(point)) <= 1e-9 * scale, `${reference} for ${point}, not ${exact(point)}`);
    }
    t.true(native.get('slope')?.every(Number.isFinite));
    t.true(evaluate([slope ?? x], feeds)[0]?.every(Number.isFinite));
  });

  test(`${name}: what is not finite is passed on, so that a solver sees it`, async (t) => {
    const x = input('x', [2, ...shape]);
    const point = Float64Array.from({ length: 2 * length }, (_, index) => (index === 0 ? Number.NaN : 0.5));
    const native = await runNative(device, { outputs: { value: set.project(x, 1) } }, new Map([[x, point]]));
    const values = slices([...(native.get('value') ?? [])], length);
    t.true(values[0]?.some(Number.isNaN));
    t.false(values[1]?.some(Number.isNaN), 'other slices have nothing to do with it');
  });

  test(`${name}: as the set of a variable`, (t) => {
    const state = (start: readonly number[]) =>
      bilevelProblem({
        upper: { u: Tensor.from(start, shape) },
        lower: { v: Tensor.zeros([]) },
        f: ({ u }) => reduceSum(u.u),
        g: ({ v }) => v.v,
        sets: { upper: { u: set } },
      });
    for (const point of slices(draw(shape, [10], 7), length).filter(isNear)) {
      const start = exact(point);
      t.notThrows(() => state(start));
      const outside = start.map((value, index) => value + ((point[index] ?? 0) - value) * 0.01);
      if (farthest(outside, start) < 1e-4 * (1 + largest(start))) continue;
      t.throws(() => state(outside), { code: 'INVALID_ARGUMENT', message: /a start in .* for the variable u\.u/ });
    }
    if (!set.rowwise || shape.length === 0) return;
    const [rowCount = 0, ...row] = shape;
    const x = draw(shape, [5], 8);
    t.deepEqual(project(set, x, [5 * rowCount, ...row], 0), project(set, x, [5, ...shape], 1));
  });
}

test('Newton ends within its fixed number of steps where every step drops few elements', async (t) => {
  const length = 4096;
  const random = Random.fromSeed(9, 'long');
  const points = [
    Array.from({ length }, (_, index) => -(0.9 ** index)),
    Array.from({ length }, (_, index) => -(0.995 ** index)),
    Array.from({ length }, (_, index) => index / length),
    Array.from({ length }, (_, index) => Math.log(1 + index)),
    Array.from({ length }, () => -(random.uniform() ** 8)),
    Array.from({ length }, () => 1000),
  ].map((point) => point.map(Math.fround));
  const x = input('x', [points.length, length]);
  const value = simplex().project(x, 1);
  const native = await runNative(device, { outputs: { value } }, new Map([[x, Float64Array.from(points.flat())]]));
  const found = slices([...(native.get('value') ?? [])], length);
  const evaluated = slices(project(simplex(), points.flat(), [points.length, length], 1), length);
  const { exact } = setCases.simplex[0] as SetCase;
  for (const [index, point] of points.entries()) {
    t.true(farthest(evaluated[index] ?? [], exact(point)) < 1e-7, `point ${index} in float64`);
    t.true(farthest(found[index] ?? [], exact(point)) < 1e-6, `point ${index} on the engine`);
    t.true(Math.abs((found[index] ?? []).reduce((sum, each) => sum + each, 0) - 1) < 1e-5, `sum of point ${index}`);
  }
});

test('the part of a ball in a box is found where every step brings few elements to an end', async (t) => {
  const length = 1024;
  const set = l2Ball(1, { within: [-0.05, 1] });
  const points = [
    Array.from({ length }, (_, index) => -(0.997 ** index)),
    Array.from({ length }, (_, index) => -1e3 * 0.99 ** index),
    Array.from({ length }, (_, index) => (index % 3 === 0 ? 0.01 : -(1.02 ** (index % 500)))),
  ].map((point) => point.map(Math.fround));
  const x = input('x', [points.length, length]);
  const native = await runNative(
    device,
    { outputs: { value: set.project(x, 1) } },
    new Map([[x, Float64Array.from(points.flat())]]),
  );
  const found = slices([...(native.get('value') ?? [])], length);
  for (const [index, point] of points.entries()) {
    let [low, high] = [0, 1];
    const at = (s: number) => point.map((value) => Math.min(1, Math.max(-0.05, s * value)));
    t.true(Math.hypot(...at(1)) > 1, 'the point is outside');
    for (let step = 0; step < 100; step++) {
      const middle = (low + high) / 2;
      if (Math.hypot(...at(middle)) > 1) high = middle;
      else low = middle;
    }
    const evaluated = project(set, point, [length], 0);
    t.true(farthest(evaluated, at(low)) < 1e-9, `point ${index} in float64`);
    t.true(farthest(found[index] ?? [], at(low)) < 1e-5, `point ${index} on the engine`);
  }
});

test('a description tells two sets apart, and a centre is copied', (t) => {
  const center = Tensor.from([1, 2]);
  const ball = l2Ball(1, { center });
  const other = l2Ball(1, { center: Tensor.from([1, 3]) });
  t.is(ball.description, l2Ball(1, { center: Tensor.from([1, 2]) }).description);
  t.not(ball.description, other.description);
  t.deepEqual(
    [simplex().description, box(-5, Infinity).description, rows(l1Ball(2)).description],
    ['simplex(1)', 'box(-5, Infinity)', 'rows(l1Ball(2))'],
  );
  center.data[1] = 3;
  t.deepEqual(project(ball, [1, 9], [2], 0), [1, 3]);
});

test('an intersection of boxes is a box, of one set that set, and equal descriptions are equal sets', (t) => {
  const ends = Tensor.from([0, 0.5]);
  const both = intersection([box(-1, 0.75), box(ends, 1)]);
  t.is(both.name, 'box');
  t.is(both.description, box(ends, 0.75).description);
  t.deepEqual(project(both, [-3, 9], [2], 0), [0, 0.75]);
  t.is(intersection([box(0, 2), box(-1, Infinity)]).description, 'box(0, 2)');
  const ball = l2Ball(1);
  t.is(intersection([ball]), ball);
  t.is(intersection([ball, l1Ball(1)], { cycles: 3 }).description, 'intersection(l2Ball(1), l1Ball(1), { cycles: 3 })');
  ends.data[0] = -0.5;
  t.deepEqual(project(both, [-3, 9], [2], 0), [0, 0.75]);
});

test('the part of a ball in a box is the same, stated in either way', (t) => {
  const center = Tensor.from([0.25, 0.5]);
  const points = draw([2], [50], 12);
  const exact = project(l2Ball(0.5, { center, within: [0, 1] }), points, [50, 2], 1);
  t.deepEqual(project(intersection([box(0, 1), l2Ball(0.5, { center })]), points, [50, 2], 1), exact);
});

const row = Tensor.from([1, 2], [1, 2]);
const one = Tensor.from([1]);
const none = undefined as never;
const wrong: Readonly<Record<string, readonly [() => unknown, RegExp, ErrorCode?]>> = {
  'a box without ends': [() => box(none, none), /the ends of box/],
  'a box with its ends exchanged': [() => box(1, 0), /low <= high .* but received \[1, 0\]/],
  'a box with an end that is no number': [() => box(0, Number.NaN), /received \[0, NaN\]/],
  'a box beyond float32': [() => box(1e39, 1e40), /a float32 number between/],
  'a simplex of total 0': [() => simplex(0), /a positive number within float32 for total of simplex but received 0/],
  'a simplex of total infinity': [() => simplex(Infinity), /received Infinity/],
  'a simplex without elements': [() => simplex().check('x', [2, 0]), /at least one element/, 'SHAPE_MISMATCH'],
  'a ball within a box that does not hold its center': [
    () => l2Ball(1, { within: [1, 2] }),
    /a box that holds the center of the ball for within of l2Ball but received \[1, 2\]/,
  ],
  'a ball within no box': [() => l2Ball(1, { within: 3 as never }), /two numbers \[low, high\] for within of l2Ball/],
  'a ball within a box with its ends exchanged': [() => l2Ball(1, { within: [1, 0] }), /the ends of box/],
  'a ball without a radius': [() => l2Ball(none), /radius of l2Ball but received undefined/],
  'a ball of a negative radius': [() => l1Ball(-1), /radius of l1Ball but received -1/],
  'a radius that is 0 in float32': [() => linfBall(1e-60), /radius of linfBall but received 1e-60/],
  'a radius as text': [() => l2Ball('1' as never), /radius of l2Ball but received "1"/],
  'an unknown option of a ball': [() => l2Ball(1, { centre: one } as never), /Did you mean center/, 'UNKNOWN_OPTION'],
  'a center that is no tensor': [() => l2Ball(1, { center: [1] as never }), /a Tensor for center of l2Ball/],
  'a center of integers': [
    () => l1Ball(1, { center: Tensor.zeros([1], 'int32') }),
    /float32 tensor for center of l1Ball/,
  ],
  'a center that is not finite': [
    () => linfBall(1, { center: Tensor.from([0, Infinity]) }),
    /center of linfBall but element \[1\] is Infinity/,
    'INVALID_DATA',
  ],
  'a center of another shape': [
    () => l1Ball(1, { center: one }).check('the variable u.x', [2]),
    /of the variable u\.x needs the shape of its center, \[1\], but the shape is \[2\]/,
    'SHAPE_MISMATCH',
  ],
  'a box of integers': [
    () => box(0, Tensor.zeros([1], 'int32')),
    /float32 tensors low <= high for the ends of box but/,
  ],
  'a box with its ends exchanged for an element': [
    () => box(Tensor.from([0, 2]), 1),
    /for the ends of box but received \[2, 1\] for element \[1\]/,
  ],
  'a box of ends of different shapes': [() => box(one, row), /ends of one shape for box/, 'SHAPE_MISMATCH'],
  'ends of another shape': [
    () => box(0, row).check('the variable u.x', [2]),
    /of the variable u\.x needs the shape of its ends, \[1, 2\], but the shape is \[2\]/,
    'SHAPE_MISMATCH',
  ],
  'balls by row without a center': [() => l2Ball(1, { byRow: true }), /a center that has rows.* for byRow of l2Ball/],
  'balls by row as text': [
    () => l1Ball(1, { center: row, byRow: 'yes' as never }),
    /byRow of l1Ball but received "yes"/,
  ],
  'an intersection of nothing': [() => intersection([]), /an array of at least one set for the sets of intersection/],
  'an intersection with no set': [
    () => intersection([box(0, 1), 3 as never]),
    /for set 1 of intersection but received 3/,
  ],
  'an intersection of boxes without a common point': [() => intersection([box(0, 1), box(2, 3)]), /the ends of box/],
  'an intersection of boxes of different shapes': [
    () => intersection([box(0, row), box(0, one)]),
    /boxes of one shape for intersection but received \[1, 2\] and \[1\]/,
    'SHAPE_MISMATCH',
  ],
  'an intersection in no cycles': [() => intersection([simplex(), l1Ball(1)], { cycles: 0 }), /cycles of intersection/],
  'an unknown option of an intersection': [
    () => intersection([simplex()], { cycle: 3 } as never),
    /Did you mean cycles/,
    'UNKNOWN_OPTION',
  ],
  'an intersection that does not fit': [
    () => intersection([simplex(), affine(row, one)]).check('x', [3]),
    /of x needs 2 elements/,
    'SHAPE_MISMATCH',
  ],
  'equalities that are no tensors': [() => affine([[1]] as never, one), /a Tensor for A of affine/],
  'equalities without right sides': [() => affine(row, none), /a Tensor for b of affine/],
  'equalities in a vector': [() => affine(one, one), /A \[m, n\] and b \[m\]/, 'SHAPE_MISMATCH'],
  'too many right sides': [
    () => affine(row, Tensor.from([1, 2])),
    /float32\[1, 2\] and float32\[2\]/,
    'SHAPE_MISMATCH',
  ],
  'no equalities': [() => affine(Tensor.zeros([0, 2]), Tensor.zeros([0])), /m >= 1/, 'SHAPE_MISMATCH'],
  'equalities that depend on each other': [
    () => affine(Tensor.from([0.1, 0.2, 0.3, 1, 1, 1, 0.5, 0.6, 0.7], [3, 3]), Tensor.zeros([3])),
    /linearly independent rows for A of affine but row 2 is a combination/,
  ],
  'an equality of zeros': [() => affine(Tensor.zeros([1, 2]), one), /but row 0 is a combination/],
  'equalities on another number of elements': [
    () => affine(row, one).check('the variable v.x', [3]),
    /needs 2 elements, the columns of A, but the shape is \[3\]/,
    'SHAPE_MISMATCH',
  ],
  'rows of no set': [() => rows(none), /set of rows but received undefined/],
  'rows of a scalar': [() => rows(simplex()).check('x', []), /needs a first axis/, 'SHAPE_MISMATCH'],
  'rows that do not fit': [
    () => rows(affine(row, one)).check('x', [4, 3]),
    /of a row of x needs 2 elements, .* but the shape is \[3\]/,
    'SHAPE_MISMATCH',
  ],
};
for (const [name, [state, message, code = 'INVALID_ARGUMENT']] of Object.entries(wrong)) {
  test(`${name}: refused`, (t) => void t.throws(state, { code, message }));
}

test('rows that are independent, though nearly not, are accepted', (t) => {
  const A = Tensor.from([1, 1, 1, 1.001], [2, 2]);
  // x + y = 2 and x + 1.001 y = 2.001 meet at (1, 1), up to the rounding of 1.001.
  const nearest = project(affine(A, Tensor.from([2, 2.001])), [7, -3], [2], 0);
  t.true(farthest(nearest, [1, 1]) < 1e-3, `${nearest}`);
});
