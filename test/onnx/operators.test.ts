import test from 'ava';
import { operators } from '../../lib/onnx/operators/index.js';
import { randomOperators } from '../../lib/onnx/operators/random.js';
import { compareOperator } from '../support/onnx/operator-case.js';
import { operatorCases } from '../support/onnx/operator-cases/index.js';
import { randomCases } from '../support/onnx/random-cases.js';

/** ONNX Runtime computes in float32, and sums in an order of its own. */
const tolerance = 2e-6;

test('every operator of the table has a case, but those that draw random numbers', (t) => {
  const covered = new Set([...operatorCases.map(({ op }) => op), ...Object.keys(randomOperators)]);
  t.deepEqual(
    [...operators.keys()].filter((op) => !covered.has(op)),
    [],
  );
});

for (const [index, operatorCase] of [...operatorCases, ...randomCases].entries()) {
  const { op, note = '', opsets } = operatorCase;
  for (const opset of opsets) {
    test(`${op} ${note} at opset ${opset} equals ONNX Runtime (case ${index})`, async (t) => {
      for (const { ours, theirs, error } of await compareOperator(operatorCase, opset)) {
        t.deepEqual(ours.shape, [...theirs.shape]);
        t.is(ours.data.length, theirs.data.length);
        t.true(error < tolerance, `The results differ by ${error}: ${ours.data} and ${theirs.data}`);
      }
    });
  }
}
