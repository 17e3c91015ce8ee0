import test from 'ava';
import { lineSearch } from '../../../lib/solvers/response/line-search.js';
import { QuasiNewton } from '../../../lib/solvers/response/quasi-newton.js';
import { Settling } from '../../../lib/solvers/response/settling.js';

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, each, index) => sum + each * (b[index] ?? Number.NaN), 0);
const combine = (a: readonly number[], factor: number, b: readonly number[]): number[] =>
  a.map((each, index) => each + factor * (b[index] ?? Number.NaN));

/** The two-loop recursion as Nocedal and Wright print it (Algorithm 7.4), on vectors. */
function twoLoops(
  pairs: readonly { readonly s: number[]; readonly y: number[] }[],
  gradient: readonly number[],
): number[] {
  let q = [...gradient];
  const alphas = pairs.toReversed().map(({ s, y }) => {
    const alpha = dot(s, q) / dot(y, s);
    q = combine(q, -alpha, y);
    return alpha;
  });
  const newest = pairs.at(-1);
  if (newest !== undefined) q = q.map((each) => (each * dot(newest.s, newest.y)) / dot(newest.y, newest.y));
  for (const [index, { s, y }] of pairs.entries()) {
    const beta = dot(y, q) / dot(y, s);
    q = combine(q, (alphas.at(-1 - index) ?? Number.NaN) - beta, s);
  }
  return q.map((each) => -each);
}

test('the direction out of inner products is that of the two-loop recursion, as pairs are replaced and refused', (t) => {
  const [size, rows] = [6, 3];
  const curvatures = [1, 2, 5, 10, 30, 100];
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  const vector = () => Array.from({ length: size }, random);
  const stored = Array.from({ length: rows }, () => ({
    s: new Array<number>(size).fill(0),
    y: new Array<number>(size).fill(0),
  }));
  const quasiNewton = new QuasiNewton(rows);
  const kept: { s: number[]; y: number[] }[] = [];
  for (let step = 0; step < 9; step++) {
    const s = vector();
    // The curvature along the fifth step is negative.
    const y = s.map((each, index) => (step === 4 ? -1 : 1) * each * (curvatures[index] ?? Number.NaN));
    const gradient = vector();
    const row = quasiNewton.nextRow();
    stored[row] = { s, y };
    if (kept.length === rows) kept.shift();
    if (step !== 4) kept.push({ s, y });
    const products = (of: (pair: { s: number[]; y: number[] }) => number[]) =>
      stored.flatMap((pair) => [dot(of(pair), s), dot(of(pair), y), dot(of(pair), gradient)]);
    quasiNewton.add(row, { steps: products((pair) => pair.s), changes: products((pair) => pair.y) });
    const { steps, changes, gradient: factor } = quasiNewton.direction();
    let direction = gradient.map((each) => factor * each);
    for (const [index, pair] of stored.entries()) {
      direction = combine(combine(direction, steps[index] ?? 0, pair.s), changes[index] ?? 0, pair.y);
    }
    const expected = twoLoops(kept, gradient);
    for (const [index, value] of direction.entries()) {
      t.true(Math.abs(value - (expected[index] ?? Number.NaN)) < 1e-9 * (1 + Math.abs(value)), `step ${step}`);
    }
  }
  quasiNewton.forget();
  t.true(quasiNewton.isEmpty);
  t.is(quasiNewton.direction().gradient, -1);
  t.true(quasiNewton.direction().steps.every((each) => each === 0));
});

type Curve = (x: number) => { cost: number; slope: number };
const curves: Readonly<Record<string, readonly [Curve, first: number]>> = {
  'a parabola, from too short a step': [(x) => ({ cost: (x - 5) ** 2, slope: 2 * (x - 5) }), 1e-3],
  'a parabola, from too long a step': [(x) => ({ cost: (x - 5) ** 2, slope: 2 * (x - 5) }), 1e4],
  'a cost that is not finite far away': [
    (x) => (x > 3 ? { cost: Number.NaN, slope: Number.NaN } : { cost: -x + 0.4 * x ** 2, slope: -1 + 0.8 * x }),
    100,
  ],
  'a fall that is lost in rounding': [(x) => ({ cost: 1000, slope: 1e-6 * (x - 1) }), 0.01],
  'a hill on the way': [(x) => ({ cost: Math.cos(3 * x) - 0.2 * x, slope: -3 * Math.sin(3 * x) - 0.2 }), 0.5],
};
for (const [name, [curve, first]] of Object.entries(curves)) {
  test(`a line search finds a length for ${name}`, async (t) => {
    let calls = 0;
    const at = async (length: number) => {
      calls++;
      return curve(length);
    };
    const start = name.startsWith('a hill') ? curve(0.1) : curve(0);
    const shifted = name.startsWith('a hill') ? async (length: number) => curve(0.1 + length) : at;
    const found = await lineSearch(start, shifted, { length: first, most: 1e6 * first });
    if (found === undefined) return t.fail();
    t.true(found.slope >= 0.9 * start.slope);
    t.true(found.cost <= start.cost + 1e-6 * Math.abs(start.cost));
    t.true(calls < 20, `${calls} calls`);
    return;
  });
}

test('a line search ends where there is nothing to gain, and where the way is limited', async (t) => {
  const rising = async (length: number) => ({ cost: 1 + length, slope: 1 });
  t.is(await lineSearch({ cost: 1, slope: -1 }, rising, { length: 1, most: 10 }), undefined);
  const falling = async (length: number) => ({ cost: -length, slope: -1 });
  t.is((await lineSearch({ cost: 0, slope: -1 }, falling, { length: 1, most: 64 }))?.length, 64);
});

test('how far a descent has to go is told from how its steps grow shorter', (t) => {
  const settled = new Settling(1);
  t.is(settled.remaining(), undefined);
  // Each tenfold fall takes a tenth of the way before: 1 + 0.1 + 0.01 are made, and about 0.001 is left.
  for (let fall = 0; fall < 3; fall++) settled.add(10 ** -fall, 10 ** -(fall + 1));
  t.true(Math.abs((settled.remaining() ?? 0) - 0.01 / 9) < 1e-9);
  const endless = new Settling(1);
  for (let fall = 0; fall < 3; fall++) endless.add(1, 10 ** -(fall + 1));
  t.true((endless.remaining() ?? 0) > 50);
});
