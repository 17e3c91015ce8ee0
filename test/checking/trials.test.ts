import test from 'ava';
import type { Computed } from '../../lib/checking/evaluation.js';
import type { CheckPoint } from '../../lib/checking/point.js';
import type { Quantities } from '../../lib/checking/quantities.js';
import { float32Unit } from '../../lib/checking/rounding.js';
import { toleranceOf } from '../../lib/checking/tolerance.js';
import { distancesOf, RoundingTrials, usualTrials } from '../../lib/checking/trials.js';
import { div, input, mul, type Node, sign, sub } from '../../lib/graph/index.js';

const [x, kink] = [input('x', []), input('kink', [])];
const step = sign(sub(mul(x, x), kink));
const feeds = new Map([['x', Float64Array.of(1)]]);

/** A pole that lies close to where one of the trials lands. */
const pole = div(1, sub(mul(x, x), kink));

const point = { feeds } as unknown as CheckPoint;

function trialsOf(
  node: Node,
  feed: number,
  exact: number,
): { readonly trials: RoundingTrials; readonly exact: Computed } {
  const quantities = {
    train: { inputs: { x, kink } },
    validation: { inputs: {} },
    parameters: [],
    values: new Map([['grad_v_f', [node]]]),
  } as unknown as Quantities;
  feeds.set('kink', Float64Array.of(feed));
  const values: Computed = new Map([['grad_v_f', Float64Array.of(exact)]]);
  const trials = new RoundingTrials(quantities, point, values);
  for (let trial = 0; trial < usualTrials; trial++) trials.run();
  return { trials, exact: values };
}

/** The error of a computed value after the usual trials, and after all that it takes. */
function judge(value: number): { readonly usual: number; readonly explained: number } {
  const { trials, exact } = trialsOf(step, 1 - 0.8 * float32Unit, 1);
  const distances = distancesOf(new Map([['grad_v_f', Float64Array.of(value)]]), exact, 'float64');
  const errors = (): number => Math.max(...distances.map((each) => trials.errorOf(each)));
  const usual = errors();
  trials.explain(distances);
  return { usual, explained: errors() };
}

test('a kink that few trials of rounding cross explains an engine that crossed it', (t) => {
  const tolerance = toleranceOf('grad_v_f');
  const { usual, explained } = judge(-1);
  t.is(usual, 2);
  t.true(explained <= tolerance);
  // What no rounding does stays an error, as does what is not a number.
  t.true(judge(-1000).explained > tolerance);
  t.is(judge(Number.NaN).explained, Number.NaN);
});

test('a value of which rounding leaves no digit is lost, and one near 0 that rounding moves evenly is not', (t) => {
  const near = 1 + 0.134 * float32Unit;
  t.true(trialsOf(pole, near, 1 / (1 - near)).trials.isLost('grad_v_f'));
  const zero = trialsOf(sub(mul(x, x), kink), 1, 0).trials;
  t.true((zero.shares().grad_v_f ?? 0) > 1);
  t.false(zero.isLost('grad_v_f'));
  // One trial of sixteen across a kink explains one value behind it, and not any value.
  t.false(trialsOf(step, 1 - 0.8 * float32Unit, 1).trials.isLost('grad_v_f'));
});
