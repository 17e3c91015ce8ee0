// Which second derivatives TensorFlow.js has: tf.grad of tf.grad of each operation against central differences of its
// own first derivatives, on its backend cpu. Run: node bench/tfjs/second-derivatives.mjs
import { table } from '../../scripts/pages.mjs';
import { load } from '../contenders/tfjs/backends.mjs';
import { uniform } from '../problem.mjs';
import { installPackages } from '../set-up.mjs';
import { operations } from './operations.mjs';

await installPackages();
const tf = await load('cpu');
const h = 1e-2;
/** Central differences of float32 values at this h are good to about 1e-3. */
const tolerance = 1e-2;
const size = (shape) => shape.reduce((a, b) => a * b, 1);

/** The derivative along d of s(x) = <grad f(x), w>: as tfjs has it and as differences of s have it. */
function compare({ f, shape }) {
  const [point, d, w] = [1, 2, 3].map((seed) => uniform(size(shape), seed, -1, 1));
  const s = (x) => tf.sum(tf.mul(tf.grad((x) => f(tf, x))(x), tf.tensor(w, shape)));
  const at = (t) =>
    s(
      tf.tensor(
        point.map((x, i) => x + t * d[i]),
        shape,
      ),
    ).dataSync()[0];
  const first = attempt(() => (at(h) - at(-h)) / (2 * h));
  if (first.failed !== undefined) return { failed: `no first derivative: ${first.failed}` };
  const expected = first.value;
  const received = (whole) => {
    const found = tf.grad(whole)(tf.tensor(point, shape)).dataSync();
    return found.reduce((sum, x, i) => sum + x * d[i], 0);
  };
  try {
    // With another path from x, as a cost beside a penalty has it: without one, what is lost may be an error.
    const beside = received((x) => tf.add(s(x), tf.sum(x))) - d.reduce((sum, x) => sum + x, 0);
    const error = Math.abs(beside - expected) / Math.max(Math.abs(expected), 1e-3);
    return { ok: error <= tolerance, expected, beside };
  } catch (error) {
    return { failed: error.message };
  }
}

function attempt(work) {
  try {
    return { value: work() };
  } catch (error) {
    return { failed: error.message };
  }
}

function cells(result) {
  if (result.failed !== undefined) return ['missing', `\`${result.failed.split(/\.\s/)[0]}\``];
  if (result.ok) return ['right', ''];
  return ['**wrong**', `${result.beside.toPrecision(3)} in place of ${result.expected.toPrecision(3)}`];
}

const results = operations.map((operation) => [operation.name, ...cells(tf.tidy(() => compare(operation)))]);
const count = (kind) => results.filter(([, verdict]) => verdict.includes(kind)).length;
console.log(
  `Of ${results.length} operations ${count('right')} right, ${count('wrong')} wrong, ${count('missing')} missing.\n`,
);
console.log(table(['operation', 'second derivative', ''], results));
