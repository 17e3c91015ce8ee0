// Second derivatives of each engine against central differences of its own first derivatives, as JSON on standard
// output. A function f is differentiated once and reduced to a scalar s(x) = <grad f(x), w> or |grad f(x)|^2; the
// engine's grad s along a direction d must be the slope of s along d.
import { uniform } from '../problem.mjs';
import { functions, scalars } from './functions.mjs';

const engines = [
  { label: 'bilevel', module: 'bilevel' },
  { label: 'jax-js', module: 'jax-js', option: false },
  { label: 'jax-js, jit', module: 'jax-js', option: true },
  { label: 'tfjs', module: 'tfjs' },
];
const h = 1e-2;
/** Central differences of float32 values at this h are good to about 1e-3. */
const tolerance = 1e-2;

async function compare({ evaluate }, f, scalar, shape) {
  const size = shape.reduce((a, b) => a * b, 1);
  const point = uniform(size, 1, -1, 1);
  const direction = uniform(size, 2, -1, 1);
  const weights = uniform(size, 3, -1, 1);
  const valueAt = async (t) => {
    const moved = point.map((x, i) => x + t * direction[i]);
    return (await evaluate(f, scalar, shape, moved, weights)).value;
  };
  const expected = ((await valueAt(h)) - (await valueAt(-h))) / (2 * h);
  try {
    const gradient = await (await evaluate(f, scalar, shape, point, weights)).gradient();
    const received = gradient.reduce((sum, x, i) => sum + x * direction[i], 0);
    const error = Math.abs(received - expected) / Math.abs(expected);
    return { expected, received, error, ok: error <= tolerance };
  } catch (error) {
    return { expected, failed: error.message, ok: false };
  }
}

// An engine's `evaluate` gives the scalar at a point, and on demand that scalar's gradient there.
const results = [];
for (const { label, module, option } of engines) {
  const { engine } = await import(`./${module}.mjs`);
  const made = await engine(option);
  for (const { name, shape, f } of functions) {
    for (const scalar of scalars)
      results.push({ engine: label, function: name, scalar, ...(await compare(made, f, scalar, shape)) });
  }
}
console.log(JSON.stringify(results));
process.exit(0);
