// The error of a method's hypergradient by its knob, on the native engine.
import { methods } from '../../dist/lib/solvers/index.js';
import { relativeError } from './problems.mjs';

/**
 * A long last step of plain descent makes (u - u') / step the direction of u without loss to rounding; before it u
 * rests.
 */
const usualStep = 100;
const rest = 1e-30;

async function direction(knob, problem, value, seed, device) {
  const count = typeof knob.iterations === 'function' ? knob.iterations(value) : (knob.iterations ?? 1);
  const { longStep = usualStep } = knob;
  const start = knob.start === 'elsewhere' ? problem.elsewhere : problem.solution;
  const given = {
    ...knob.options(problem, value),
    upperOptimizer: 'sgd',
    upperLearningRate: { name: 'last', parameters: [], at: (step) => (step + 1 === count ? longStep : rest) },
  };
  const solver = methods[knob.method](
    problem.state({ start, seed, ...(knob.learnsStart && { learned: { v: start } }) }),
    given,
    { device },
  );
  try {
    const state = solver.init();
    const upper = () => Object.values(state.u).flatMap((tensor) => tensor.toArray());
    const before = upper();
    for (let iteration = 0; iteration < count; iteration++) await solver.step(state);
    const scale = longStep * (knob.scale?.(value) ?? 1);
    return upper().map((x, index) => (before[index] - x) / scale);
  } finally {
    solver.dispose();
  }
}

/** Root mean square over the repeats of the relative error, for each value. */
export async function errorsOf(knob, problem, device) {
  const exact = knob.target?.(problem) ?? problem.exact;
  const errors = [];
  for (const value of knob.values) {
    let squares = 0;
    const repeats = knob.repeats ?? 1;
    for (let seed = 0; seed < repeats; seed++) {
      squares += relativeError(await direction(knob, problem, value, seed, device), exact) ** 2;
    }
    errors.push(Math.sqrt(squares / repeats));
  }
  return errors;
}

/** Relative precision of float32. A weight or the inverse of a length multiplies it. */
const precision = 1e-7;

/** Whether an error is that of the knob and not of rounding. */
const isOfKnob = ({ amplifies = () => 1 }, value, error) => error > 10 * precision * amplifies(value);

/**
 * The measured rate: the power of the value, or the factor by which each step multiplies the error, fitted to the
 * errors that fall and are not those of rounding.
 */
export function rateOf(knob, errors) {
  const { values, theory } = knob;
  let end = 1;
  while (end < errors.length && errors[end] < errors[end - 1] && isOfKnob(knob, values[end], errors[end])) end++;
  if (end < 2) return undefined;
  const x = values.slice(0, end).map((value) => (theory.power === undefined ? value : Math.log(value)));
  const y = errors.slice(0, end).map(Math.log);
  const mean = (list) => list.reduce((sum, each) => sum + each, 0) / end;
  const [meanX, meanY] = [mean(x), mean(y)];
  const slope =
    x.reduce((sum, each, i) => sum + (each - meanX) * (y[i] - meanY), 0) /
    x.reduce((sum, each) => sum + (each - meanX) ** 2, 0);
  return theory.power === undefined ? Math.exp(slope) : slope;
}

/** Whether a rate is what theory says: the same power to within 0.15, or a factor that is no larger. */
export function agrees({ theory }, problem, rate) {
  if (rate === undefined) return false;
  return theory.power === undefined ? rate < theory.factor(problem) + 0.01 : Math.abs(rate - theory.power) < 0.15;
}
