// The rate of a large matrix product in bilevel's engine: what the machine could do if a step were nothing else.
import { compile } from '../../dist/lib/compile/index.js';
import { Device } from '../../dist/lib/engine/index.js';
import * as graph from '../../dist/lib/graph/index.js';
import { Tensor } from '../../dist/lib/tensor.js';
import { uniform } from '../problem.mjs';

const size = 2048;

export async function prepare(_step, _name, threads) {
  const device = Device.cpu(threads === undefined ? {} : { threads });
  const a = Tensor.from(uniform(size * size, 1, -1, 1), [size, size]);
  const b = Tensor.from(uniform(size * size, 2, -1, 1), [size, size]);
  const product = graph.matmul(graph.input('a', a.shape), graph.input('b', b.shape));
  const program = device.load(compile({ outputs: { product } }));
  const result = Tensor.zeros([size, size]);
  return {
    versions: {},
    flops: 2 * size ** 3,
    async check() {
      await program.run({ a, b, product: result });
      for (const [row, column] of [
        [0, 0],
        [1, size - 1],
        [size - 1, 7],
      ]) {
        let expected = 0;
        for (let k = 0; k < size; k++) expected += a.data[row * size + k] * b.data[k * size + column];
        const error = Math.abs(result.data[row * size + column] - expected);
        if (!(error < 1e-3)) throw new Error(`entry ${row}, ${column} of the product is off by ${error}`);
      }
      return {};
    },
    async run(count) {
      for (let i = 0; i < count; i++) await program.run({ a, b, product: result });
      return result.data[0];
    },
  };
}
