import test from 'ava';
import type { Computed } from '../../lib/checking/evaluation.js';
import type { CheckPoint } from '../../lib/checking/point.js';
import type { Quantities } from '../../lib/checking/quantities.js';
import { float32Unit } from '../../lib/checking/rounding.js';
import { toleranceOf } from '../../lib/checking/tolerance.js';
import { distancesOf, RoundingTrials, usualTrials } from '../../lib/checking/trials.js';
import { input, mul, sign, sub } from '../../lib/graph/index.js';

const [x, kink] = [input('x', []), input('kink', [])];
const step = sign(sub(mul(x, x), kink));
/** Rounding of x * x goes that far down in one trial of ten. */
const feeds = new Map([
  ['x', Float64Array.of(1)],
  ['kink', Float64Array.of(1 - 0.8 * float32Unit)],
]);

const quantities = {
  train: { inputs: { x, kink } },
  validation: { inputs: {} },
  parameters: [],
  values: new Map([['grad_v_f', [step]]]),
} as unknown as Quantities;
const point = { feeds } as unknown as CheckPoint;
const exact: Computed = new Map([['grad_v_f', Float64Array.of(1)]]);

/** The error of a computed value after the usual trials, and after all that it takes. */
function errorsOf(value: number): readonly [usual: number, explained: number] {
  const trials = new RoundingTrials(quantities, point, exact);
  for (let trial = 0; trial < usualTrials; trial++) trials.run();
  const distances = distancesOf(new Map([['grad_v_f', Float64Array.of(value)]]), exact, 'float64');
  const errors = (): number => Math.max(...distances.map((each) => trials.errorOf(each)));
  const usual = errors();
  trials.explain(distances);
  return [usual, errors()];
}

test('a kink that few trials of rounding cross explains an engine that crossed it', (t) => {
  const tolerance = toleranceOf('grad_v_f');
  const [usual, explained] = errorsOf(-1);
  t.is(usual, 2);
  t.true(explained <= tolerance);
  // What no rounding does stays an error, as does what is not a number.
  t.true(Math.min(...errorsOf(-1000)) > tolerance);
  for (const error of errorsOf(Number.NaN)) t.is(error, Number.NaN);
});
