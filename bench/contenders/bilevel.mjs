// bilevel itself: one compiled program a step, run in calls of `stepsPerCall` as the penalty method does.
import { compile } from '../../dist/lib/compile/index.js';
import { Device } from '../../dist/lib/engine/index.js';
import * as graph from '../../dist/lib/graph/index.js';
import { optimizers } from '../../dist/lib/optimizers/index.js';
import { Tensor } from '../../dist/lib/tensor.js';
import * as problem from '../problem.mjs';

/** T of the paper: v-steps on one batch between two u-steps. */
const stepsPerCall = 20;

const shapeOf = ({ kind, shape: s }) => (kind === 'conv' ? [s[3], s[2], s[0], s[1]] : [s[1], s[0]]);

function network(layers, images, v) {
  return layers.reduce((x, { kind, shape, padding }, k) => {
    const [weight, bias] = [v[2 * k], v[2 * k + 1]];
    if (kind === 'conv') {
      const sides = [
        [padding, padding],
        [padding, padding],
      ];
      const y = graph.add(graph.conv(x, weight, { padding: sides }), graph.reshape(bias, [1, shape[3], 1, 1]));
      return graph.maxPool(graph.relu(y), { kernel: [2, 2], strides: [2, 2] });
    }
    const rows = graph.reshape(x, [problem.batchSize, shape[0]]);
    const y = graph.add(graph.matmul(rows, weight, { transposeB: true }), bias);
    return k < layers.length - 1 ? graph.relu(y) : y;
  }, images);
}

/** The value to be minimised and the tensors that it is computed from, by name. */
function cost(step, layers, v) {
  const { train, validation, u, rows } = problem.data();
  const tensors = {};
  const feed = (name, values, shape, dtype) => {
    tensors[name] = Tensor.from(values, shape, dtype);
    return graph.input(name, shape, dtype);
  };
  const crossEntropy = (name, { images, labels }) => {
    const x = feed(`${name}Images`, images, [problem.batchSize, 1, 28, 28]);
    return graph.crossEntropy(network(layers, x, v), feed(`${name}Labels`, labels, [problem.batchSize], 'int32'));
  };
  const loss = crossEntropy('train', train);
  if (step === 'sgd') return { value: graph.mean(loss), tensors };

  const importance = graph.gather(
    feed('u', u, [problem.upperSize]),
    feed('rows', rows, [problem.batchSize], 'int32'),
    0,
  );
  const g = graph.mean(graph.mul(graph.sigmoid(importance), loss));
  const f = graph.mean(crossEntropy('validation', validation));
  const squares = graph.sumOfSquares(graph.gradient(g, v));
  return { value: graph.add(f, graph.mul(problem.gamma / 2, squares)), tensors };
}

function optimizerOf(step) {
  const { beta1, beta2, epsilon } = problem.adam;
  if (step === 'sgd') return optimizers.sgd();
  return optimizers.adam({ momentum: beta1, secondMoment: beta2, stabilizer: epsilon });
}

export async function prepare(step, layers, threads) {
  const device = Device.cpu(threads === undefined ? {} : { threads });
  const start = problem.toChannelsFirst(layers, problem.initialWeights(layers));
  const initial = start.flatMap(({ weight, bias }, k) => [Tensor.from(weight, shapeOf(layers[k])), Tensor.from(bias)]);
  const v = initial.map(({ shape }, i) => graph.input(`v${i}`, shape));
  const { value, tensors } = cost(step, layers, v);
  const gradient = graph.gradient(value, v);
  const gradientNorm = graph.sqrt(graph.sumOfSquares(gradient));

  const optimizer = optimizerOf(step);
  const stepSize = graph.input('stepSize', []);
  const updates = [];
  const state = Object.fromEntries(initial.map((tensor, i) => [`v${i}`, tensor]));
  v.forEach((parameter, i) => {
    const slots = optimizer.slots.map((slot) => graph.input(`${slot}${i}`, parameter.shape));
    const next = optimizer.update(parameter, gradient[i], slots, stepSize);
    updates.push([parameter, next.parameter], ...slots.map((slot, s) => [slot, next.slots[s]]));
    for (const slot of optimizer.slots) state[`${slot}${i}`] = Tensor.zeros(parameter.shape);
  });
  const compiled = compile({ outputs: { value }, updates, perStep: [stepSize] });
  const program = device.load(compiled);
  const result = Tensor.scalar(0);
  let done = 0;

  return {
    versions: { engine: device.info() },
    flops: compiled.cost.stepFlops,
    async check() {
      const results = { value: Tensor.scalar(0), gradientNorm: Tensor.scalar(0) };
      const inputs = Object.fromEntries(initial.map((tensor, i) => [`v${i}`, tensor]));
      const checking = device.load(compile({ outputs: { value, gradientNorm } }));
      await checking.run({ ...inputs, ...tensors, ...results });
      checking.dispose();
      return { value: results.value.item(), gradientNorm: results.gradientNorm.item() };
    },
    async run(count) {
      for (let left = count; left > 0; left -= stepsPerCall) {
        const steps = Math.min(left, stepsPerCall);
        const sizes = Array.from({ length: steps }, (_, i) => optimizer.stepSize(problem.rate, done + i + 1));
        await program.run({ ...state, ...tensors, stepSize: Tensor.from(sizes), value: result }, { steps });
        done += steps;
      }
      return result.item();
    },
  };
}
