import test from 'ava';
import { testDevice } from '../support/devices.js';
import { compareWithEngine } from '../support/onnx/operator-case.js';
import { operatorCases } from '../support/onnx/operator-cases/index.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** Operators that the engine computes go through the compiler first, whose rules know lengths and constants. */
for (const [index, operatorCase] of operatorCases.entries()) {
  const { op, note = '', opsets } = operatorCase;
  test(`${op} ${note}: the compiled network agrees with the reference (case ${index})`, async (t) => {
    for (const error of await compareWithEngine(device, operatorCase, opsets.at(-1) ?? 0)) {
      t.true(error < 5e-6, `error ${error}`);
    }
  });
}
