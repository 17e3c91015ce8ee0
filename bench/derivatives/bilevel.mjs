import { compile } from '../../dist/lib/compile/index.js';
import { Device } from '../../dist/lib/engine/index.js';
import * as graph from '../../dist/lib/graph/index.js';
import { Tensor } from '../../dist/lib/tensor.js';

/** From images [n, h, w, c] and filters [h, w, i, o] to what bilevel's operations take, and back. */
const channelsFirst = (x) => graph.transpose(x, [0, 3, 1, 2]);
const filtersFirst = (x) => graph.transpose(x, [3, 2, 0, 1]);
const windows = { kernel: [2, 2], strides: [2, 2] };

export async function engine() {
  const device = Device.cpu();
  const op = {
    ...graph,
    sum: (x) => graph.reduceSum(x),
    cube: (x) => graph.mul(graph.square(x), x),
    softmax: (x) => graph.softmax(x, -1),
    logSoftmax: (x) => graph.logSoftmax(x, -1),
    constant: ({ shape, data }) => graph.constant(data, shape),
    conv: (image, filter) => graph.conv(channelsFirst(op.constant(image)), filtersFirst(filter)),
    maxPool: (x) => graph.maxPool(channelsFirst(x), windows),
    averagePool: (x) => graph.averagePool(channelsFirst(x), windows),
    crossEntropy: (x, labels) => graph.mean(graph.crossEntropy(x, graph.constant(labels, [labels.length], 'int32'))),
  };
  async function run(node, bindings) {
    const program = device.load(compile({ outputs: { result: node } }));
    const result = Tensor.zeros(node.shape);
    await program.run({ ...bindings, result });
    program.dispose();
    return result.data;
  }
  return {
    async evaluate(f, scalar, shape, point, weights) {
      const x = graph.input('x', shape);
      const [first] = graph.gradient(f(op, x), [x]);
      const value = graph.inner([first], [scalar === 'inner' ? graph.constant(weights, shape) : first]);
      const bindings = { x: Tensor.from(point, shape) };
      const [number] = await run(value, bindings);
      return { value: number, gradient: () => run(graph.gradient(value, [x])[0], bindings) };
    },
  };
}
