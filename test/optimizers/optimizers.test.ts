import test from 'ava';
import { evaluate, input, mul, type Node } from '../../lib/graph/index.js';
import { type OptimizerName, optimizers } from '../../lib/optimizers/index.js';

const constants = { momentum: 0.9, secondMoment: 0.999, stabilizer: 1e-8, weightDecay: 0.05 };
const rate = 0.1;

/** Runs the graph of an optimizer on the gradients given, from p = 1 and slots of zeros; returns p after each step. */
function trace(name: OptimizerName, gradients: readonly number[]): number[] {
  const optimizer = optimizers[name](constants);
  const parameter = input('p', [1]);
  const gradient = input('d', [1]);
  const slots = optimizer.slots.map((slot) => input(slot, [1]));
  const stepSize = input('stepSize', []);
  const { decay = 0 } = optimizer;
  // A level takes the decay off before the update.
  const kept = mul(parameter, 1 - rate * decay);
  const updated = optimizer.update(kept, gradient, slots, stepSize);
  let values: Float64Array[] = [new Float64Array([1]), ...slots.map(() => new Float64Array([0]))];
  return gradients.map((value, index) => {
    const feeds = new Map<Node, Float64Array>([
      [gradient, new Float64Array([value])],
      [stepSize, new Float64Array([optimizer.stepSize(rate, index + 1)])],
    ]);
    for (const [position, node] of [parameter, ...slots].entries()) feeds.set(node, values[position] as Float64Array);
    values = evaluate([updated.parameter, ...updated.slots], feeds);
    return values[0]?.[0] as number;
  });
}

const gradients = [2, -1, 0.5, 3];

/** The update rules as plain scalar recurrences. */
const references: Readonly<Record<OptimizerName, () => number[]>> = {
  sgd() {
    let p = 1;
    return gradients.map((d) => {
      p -= rate * d;
      return p;
    });
  },
  momentum() {
    let [p, b] = [1, 0];
    return gradients.map((d) => {
      b = 0.9 * b + d;
      p -= rate * b;
      return p;
    });
  },
  adam() {
    let [p, m, s] = [1, 0, 0];
    return gradients.map((d, index) => {
      m = 0.9 * m + 0.1 * d;
      s = 0.999 * s + 0.001 * d * d;
      const [mHat, sHat] = [m / (1 - 0.9 ** (index + 1)), s / (1 - 0.999 ** (index + 1))];
      // The stabilizer is outside the bias correction, so it is scaled here.
      p -= (rate * mHat) / (Math.sqrt(sHat) + 1e-8 / Math.sqrt(1 - 0.999 ** (index + 1)));
      return p;
    });
  },
  adamw() {
    let [p, m, s] = [1, 0, 0];
    return gradients.map((d, index) => {
      m = 0.9 * m + 0.1 * d;
      s = 0.999 * s + 0.001 * d * d;
      const [mHat, sHat] = [m / (1 - 0.9 ** (index + 1)), s / (1 - 0.999 ** (index + 1))];
      const stabilizer = 1e-8 / Math.sqrt(1 - 0.999 ** (index + 1));
      p -= rate * (mHat / (Math.sqrt(sHat) + stabilizer) + 0.05 * p);
      return p;
    });
  },
};

for (const [name, reference] of Object.entries(references) as [OptimizerName, () => number[]][]) {
  test(`${name} follows its recurrence`, (t) => {
    const expected = reference();
    for (const [step, value] of trace(name, gradients).entries()) {
      t.true(Math.abs(value - (expected[step] as number)) < 1e-14, `step ${step}: ${value}, not ${expected[step]}`);
    }
  });
}

test('the first step of Adam has the length of the learning rate', (t) => {
  const [after = Number.NaN] = trace('adam', [123]);
  t.true(Math.abs(1 - after - rate) < 1e-7);
});
