import test from 'ava';
import { input } from '../../lib/graph/index.js';
import { Operation, type OperationContext } from '../../lib/onnx/operation.js';

test('the inputs of an operation are listed once, however many of them are asked for', (t) => {
  const count = 1000;
  let reads = 0;
  const values = new Proxy(
    Array.from({ length: count }, (_, index) => input(`x${index}`, [1])),
    {
      get(list, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        return Reflect.get(list, key, receiver);
      },
    },
  );
  const node = {
    ...{ name: 'sum', opType: 'Sum', domain: '', label: 'Sum node "sum"', outputs: ['y'], attributes: [] },
    ...{ inputs: values.map((_, index) => `x${index}`), captured: 0 },
  };
  reads = 0;
  const op = new Operation(node, { values, opset: 17 } as unknown as OperationContext);
  for (let index = 0; index < count; index++) t.is(op.input(index).shape.length, 1);
  t.true(reads <= 2 * count, `${reads} reads`);
});
