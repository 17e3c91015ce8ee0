import test from 'ava';
import { compile, noPasses } from '../../lib/compile/index.js';
import { isOp } from '../../lib/graph/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevices } from '../support/devices.js';
import { programCases } from '../support/engine/programs.js';
import { interpret } from '../support/graph/interpreter.js';

/** Compiled programs on the engine against the float64 interpreter of the format, with all passes and with none. */

const steps = 3;
const devices = testDevices();

/** |a - b| / |b| in the 2-norm. */
function relativeError(actual: readonly number[], expected: Float64Array): number {
  const difference = Math.hypot(...actual.map((value, index) => value - (expected[index] as number)));
  return difference / (Math.hypot(...expected) || 1);
}

for (const { name, spec, inputs } of programCases()) {
  for (const [setting, options] of Object.entries({ 'all passes': {}, 'no passes': noPasses })) {
    test(`${name}: ${setting}: the engine computes what the program means`, async (t) => {
      const encoded = compile(spec, options);
      for (const device of devices) {
        const bindings = encoded.bindings.map(({ name: key, dtype, shape, perStep }) => {
          return [key, Tensor.zeros(perStep ? [steps, ...shape] : shape, dtype)] as const;
        });
        const tensors: Record<string, Tensor> = Object.fromEntries(bindings);
        const expected = Object.fromEntries(bindings.map(([key, { size }]) => [key, new Float64Array(size)]));
        for (const [node, data] of inputs) {
          if (!isOp(node, 'input') || tensors[node.attributes.name] === undefined) continue;
          const { shape, dtype } = tensors[node.attributes.name] as Tensor;
          expected[node.attributes.name] = data.slice();
          tensors[node.attributes.name] = Tensor.from(data, shape, dtype);
        }
        interpret(encoded, expected, steps);
        await device.load(encoded).run(tensors, { steps });
        for (const [key, tensor] of Object.entries(tensors)) {
          const error = relativeError(tensor.toArray(), expected[key] as Float64Array);
          t.true(error < 1e-5, `${key} with ${device.info().threads} threads: ${error}`);
        }
      }
    });
  }
}
