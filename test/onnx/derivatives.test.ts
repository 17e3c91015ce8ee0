import test from 'ava';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { operators } from '../../lib/onnx/operators/index.js';
import { elementCount } from '../../lib/tensor.js';
import { compareGradient } from '../support/graph/differences.js';
import { applyCase } from '../support/onnx/operator-case.js';
import { operatorCases } from '../support/onnx/operator-cases/index.js';

const tolerance = 1e-6;

/** Fixed weights of the elements of x's shape, so that no element's derivative is hidden by another's. */
function weights(x: g.Node, seed: number): g.Node {
  const random = Random.fromSeed(seed, 'weights');
  return g.constant(
    Array.from({ length: elementCount(x.shape) }, () => 2 * random.uniform() - 1),
    x.shape,
  );
}

const smooth = operatorCases.filter(
  ({ op, folded, kinked }) => !folded && !kinked && !operators.get(op)?.constantAlmostEverywhere,
);

for (const [index, operatorCase] of smooth.entries()) {
  const { op, note = '', opsets, outputs = 1 } = operatorCase;
  const opset = opsets.at(-1) ?? 0;
  test(`derivatives of ${op} ${note} agree with differences (case ${index})`, async (t) => {
    for (let output = 0; output < outputs; output++) {
      const { y, feeds } = await applyCase(operatorCase, opset, output);
      const xs = [...feeds.keys()].filter(({ dtype }) => dtype === 'float32');
      if (y.dtype !== 'float32' || xs.length === 0) continue;
      const sum = g.reduceSum(g.mul(y, weights(y, 1)));
      const slope = g.inner(
        g.gradient(sum, xs),
        xs.map((x, position) => weights(x, position + 2)),
      );
      for (const [name, value] of Object.entries({ first: sum, second: slope })) {
        const { error, accepted } = compareGradient(value, xs, feeds, 1, 8);
        t.true(accepted > 0, `no direction without a kink (${name})`);
        t.true(error < tolerance, `the ${name} derivative of output ${output} is off by ${error}`);
      }
    }
    t.pass();
  });
}
