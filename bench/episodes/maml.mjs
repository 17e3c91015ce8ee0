// Our part: the problem and method as `bilevel few-shot --methods maml` has them, on tasks that do not change.
import { bilevelProblem, feed, perTask } from '../../dist/lib/bilevel/index.js';
import { Device } from '../../dist/lib/engine/index.js';
import * as graph from '../../dist/lib/graph/index.js';
import { loadFeatures } from '../../dist/lib/network/models.js';
import { methods } from '../../dist/lib/solvers/index.js';
import { Tensor } from '../../dist/lib/tensor.js';
import { uniform } from '../problem.mjs';

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** Weights within 1 / sqrt(inputs of a unit), biases and shifts 0, scales 1. */
function startOf(shapes) {
  return Object.fromEntries(
    shapes.map(([name, shape], k) => {
      const fanIn = product(shape.slice(1));
      const isWeight = shape.length > 1;
      const bound = 1 / Math.sqrt(fanIn);
      const isScale = !isWeight && name.endsWith('weight');
      const values = isWeight
        ? uniform(product(shape), 10 + k, -bound, bound)
        : new Float32Array(product(shape)).fill(isScale ? 1 : 0);
      return [name, Tensor.from(values, shape)];
    }),
  );
}

/** Samples and labels of all tasks: class after class. */
function samples({ tasks, ways, image }, perClass, seed) {
  const shape = [tasks, ways * perClass, ...image];
  const labels = Int32Array.from({ length: tasks * ways * perClass }, (_, at) => Math.floor(at / perClass) % ways);
  return { x: Tensor.from(uniform(product(shape), seed, 0, 1), shape), y: Tensor.from(labels, shape.slice(0, 2)) };
}

/** The network of a task without its last layer. */
export const featuresOf = ({ channels, image }) => loadFeatures(`conv4-${channels}`, image);

export function stateTasks(problem, network) {
  const { tasks, ways, shots, queries, channels } = problem;
  const own = Object.entries(network.initialParameters()).map(([name, { shape }]) => [name, shape]);
  const start = startOf([...own, ['head.weight', [ways, channels]], ['head.bias', [ways]]]);
  const stacked = Object.fromEntries(
    Object.entries(start).map(([name, { data, shape }]) => {
      const all = Tensor.zeros([tasks, ...shape]);
      for (let task = 0; task < tasks; task++) all.data.set(data, task * data.length);
      return [name, all];
    }),
  );
  const logits = (x, v) => {
    const parameters = Object.fromEntries(own.map(([name]) => [name, v[name]]));
    const rows = graph.reshape(network.apply(x, parameters), [x.shape[0], channels]);
    return graph.add(graph.matmul(rows, v['head.weight'], { transposeB: true }), v['head.bias']);
  };
  const losses = (x, y, v) =>
    perTask({ x, y, v }, (task) => graph.mean(graph.crossEntropy(logits(task.x, task.v), task.y)));
  const [support, query] = [samples(problem, shots, 1), samples(problem, queries, 2)];
  const arrays = { supportX: support.x, supportY: support.y, queryX: query.x, queryY: query.y };
  return bilevelProblem({
    upper: start,
    lower: stacked,
    feeds: { tasks: feed(arrays) },
    f: ({ v, tasks: { queryX, queryY } }) => graph.mean(losses(queryX, queryY, v)),
    g: ({ v, tasks: { supportX, supportY } }) => graph.reduceSum(losses(supportX, supportY, v)),
  });
}

export const settingsOf = ({ innerRate, rate }) => ({
  lowerSteps: 1,
  lowerLearningRate: innerRate,
  upperOptimizer: 'sgd',
  upperLearningRate: rate,
});

/** As a contender of ../contenders/index.mjs. */
export async function prepare(problem) {
  const device = Device.cpu();
  const stated = stateTasks(problem, await featuresOf(problem));
  const solver = methods.maml(stated, settingsOf(problem), { device });
  let state = solver.init();
  const step = async () => solver.step(state);
  return {
    versions: { engine: device.info() },
    async check() {
      const { f, hypergradientNorm } = await step();
      state = solver.init();
      return { value: f, gradientNorm: hypergradientNorm };
    },
    async run(count) {
      let value = Number.NaN;
      for (let at = 0; at < count; at++) value = (await step()).f;
      return value;
    },
    dispose() {
      solver.dispose();
      device.dispose();
    },
  };
}
