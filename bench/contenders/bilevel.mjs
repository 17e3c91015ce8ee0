// bilevel itself, on the files of models/ where there is one: one compiled program a step, run in calls of
// `stepsPerCall` as the penalty method does.
import { fileURLToPath } from 'node:url';
import { compile, formatCost } from '../../dist/lib/compile/index.js';
import { Device } from '../../dist/lib/engine/index.js';
import * as graph from '../../dist/lib/graph/index.js';
import { Network } from '../../dist/lib/onnx/index.js';
import { optimizers } from '../../dist/lib/optimizers/index.js';
import { Tensor } from '../../dist/lib/tensor.js';
import { epsilon, leak, networks } from '../networks.mjs';
import * as problem from '../problem.mjs';

/** T of the paper: v-steps on one batch between two u-steps. */
const stepsPerCall = 20;

const poolOfTwo = { kernel: [2, 2], strides: [2, 2] };

/** The logits of a network that has no file. */
function logits(layers, images, v) {
  const parameters = v.values();
  const take = () => parameters.next().value;
  const convolve = (x, { padding, normalized }) => {
    const edge = [padding, padding];
    const y = graph.conv(x, take(), { padding: [edge, edge] });
    if (!normalized) return graph.add(y, graph.reshape(take(), [y.shape[1], 1, 1]));
    return graph.batchNormTrain(y, take(), take(), { epsilon }).output;
  };
  const apply = {
    conv: (x, layer) => graph.maxPool(graph.relu(convolve(x, layer)), poolOfTwo),
    block: (x, { convolutions: [first, second, last], shortcut }) => {
      const inner = [first, second].reduce((y, layer) => graph.leakyRelu(convolve(y, layer), leak), x);
      const sum = graph.add(convolve(inner, last), convolve(x, shortcut));
      return graph.maxPool(graph.leakyRelu(sum, leak), poolOfTwo);
    },
    average: graph.globalAveragePool,
    dense: (x, { shape: [inputs] }) => {
      const rows = graph.reshape(x, [x.shape[0], inputs]);
      return graph.add(graph.matmul(rows, take(), { transposeB: true }), take());
    },
  };
  return layers.reduce((x, layer, k) => {
    const y = apply[layer.kind](x, layer);
    return layer.kind === 'dense' && k < layers.length - 1 ? graph.relu(y) : y;
  }, images);
}

/** The network's parameters, and its logits as a function of images and parameters. */
async function load(network, shapes) {
  if (network.model === undefined) {
    const v = shapes.map((shape, i) => graph.input(`v/${i}`, shape));
    return { v, apply: (images) => logits(network.layers, images, v) };
  }
  const model = await Network.load(fileURLToPath(new URL(`../../models/${network.model}.onnx`, import.meta.url)));
  const nodes = model.parameterNodes();
  return { v: Object.values(nodes), apply: (images) => model.apply(images, nodes) };
}

/**
 * The value to be minimised, with pools moved as in the costs of problems, and the tensors that it is computed from, by
 * name.
 */
function cost(step, network, { v, apply }) {
  const { train, validation, u, rows } = problem.data(network);
  const tensors = {};
  const feed = (name, values, shape, dtype) => {
    tensors[name] = Tensor.from(values, shape, dtype);
    return graph.input(name, shape, dtype);
  };
  const crossEntropy = (name, { images, labels }) => {
    const x = feed(`${name}Images`, images, [network.batch, ...network.image]);
    return graph.crossEntropy(apply(x), feed(`${name}Labels`, labels, [network.batch], 'int32'));
  };
  const loss = crossEntropy('train', train);
  if (step === 'sgd') return { value: graph.poolFirst([graph.mean(loss)])[0], tensors };

  const importance = graph.gather(feed('u', u, [u.length]), feed('rows', rows, [network.batch], 'int32'), 0);
  const [g, f] = graph.poolFirst([
    graph.mean(graph.mul(graph.sigmoid(importance), loss)),
    graph.mean(crossEntropy('validation', validation)),
  ]);
  const squares = graph.sumOfSquares(graph.gradient(g, v));
  return { value: graph.add(f, graph.mul(problem.gamma / 2, squares)), tensors };
}

function optimizerOf(step) {
  const { beta1, beta2, epsilon } = problem.adam;
  if (step === 'sgd') return optimizers.sgd();
  return optimizers.adam({ momentum: beta1, secondMoment: beta2, stabilizer: epsilon });
}

/** Floating-point operations that the mathematics of a step needs, without what the compiler saves of them. */
const neededFlops = (spec) => compile(spec, { hoist: false, reassociate: false }).cost.stepFlops;

export const prepare = (step, name, threads) =>
  prepareStep(step, networks[name], threads === undefined ? {} : { threads });

/** As `prepare`, of any network and on any device, which the job disposes of. */
export async function prepareStep(step, network, deviceOptions = {}, device = Device.cpu(deviceOptions)) {
  const rate = problem.rateOf(network);
  const start = problem.initialWeights(network).map(problem.toChannelsFirst);
  const model = await load(
    network,
    start.map(({ shape }) => shape),
  );
  const begin = performance.now();
  const { value, tensors } = cost(step, network, model);
  const { v } = model;
  const state = Object.fromEntries(
    v.map(({ attributes, shape }, i) => [attributes.name, Tensor.from(start[i].values, shape)]),
  );
  const gradient = graph.gradient(value, v);
  const gradientNorm = graph.sqrt(graph.sumOfSquares(gradient));

  const optimizer = optimizerOf(step);
  const stepSize = graph.input('stepSize', []);
  const updates = v.flatMap((parameter, i) => {
    const slots = optimizer.slots.map((slot) => graph.input(`${slot}/${i}`, parameter.shape));
    for (const { attributes, shape } of slots) state[attributes.name] = Tensor.zeros(shape);
    const next = optimizer.update(parameter, gradient[i], slots, stepSize);
    return [[parameter, next.parameter], ...slots.map((slot, s) => [slot, next.slots[s]])];
  });
  const spec = { outputs: { value }, updates, perStep: [stepSize] };
  const compiled = compile(spec);
  const program = device.load(compiled);
  const compileMilliseconds = performance.now() - begin;
  const result = Tensor.scalar(0);
  let done = 0;
  const compute = async (outputs, results) => {
    const computing = device.load(compile({ outputs }));
    const known = { ...state, ...tensors, ...results };
    await computing.run(Object.fromEntries(computing.bindings.map(({ name }) => [name, known[name]])));
    computing.dispose();
  };

  return {
    versions: { engine: device.info() },
    flops: neededFlops(spec),
    cost: compiled.cost,
    compileMilliseconds,
    async check() {
      const results = { value: Tensor.scalar(0), gradientNorm: Tensor.scalar(0) };
      await compute({ value, gradientNorm }, results);
      return { value: results.value.item(), gradientNorm: results.gradientNorm.item() };
    },
    /** The gradient at the start, an array for each parameter. */
    async gradient() {
      const outputs = Object.fromEntries(gradient.map((node, i) => [`gradient/${i}`, node]));
      const results = Object.fromEntries(gradient.map(({ shape }, i) => [`gradient/${i}`, Tensor.zeros(shape)]));
      await compute(outputs, results);
      return Object.values(results).map(({ data }) => data);
    },
    /** Seconds that each instruction of the cost took in so many steps, from the second of two calls. */
    async seconds(steps) {
      let seconds;
      for (let call = 0; call < 2; call++) {
        const stepSize = Tensor.from(new Array(steps).fill(0));
        seconds = await program.profile({ ...state, ...tensors, stepSize, value: result }, { steps });
      }
      return seconds;
    },
    /** A listing of the step's instructions with the time of each. */
    async profile() {
      return formatCost(compiled.cost, await this.seconds(stepsPerCall), stepsPerCall);
    },
    async run(count) {
      for (let left = count; left > 0; left -= stepsPerCall) {
        const steps = Math.min(left, stepsPerCall);
        const sizes = Array.from({ length: steps }, (_, i) => optimizer.stepSize(rate, done + i + 1));
        await program.run({ ...state, ...tensors, stepSize: Tensor.from(sizes), value: result }, { steps });
        done += steps;
      }
      return result.item();
    },
    dispose() {
      program.dispose();
      device.dispose();
    },
  };
}
