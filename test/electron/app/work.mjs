// What is done in Electron and in Node, to compare what comes of it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bilevelProblem, feed, Network, penalty, perSample, readState, sets, Tensor, writeState } from 'bilevel';
import { compile, Device } from 'bilevel/engine';
import { crossEntropy, exp, input, matmul, mean, mul } from 'bilevel/graph';

const models = join(dirname(createRequire(import.meta.url).resolve('bilevel/package.json')), 'models');

/** Images of one bright row, which is the label; labels of every third training sample are wrong. */
function stripes(count, share = Number.POSITIVE_INFINITY) {
  const x = Tensor.zeros([count, 1, 28, 28]);
  const y = Tensor.zeros([count], 'int64');
  for (let sample = 0; sample < count; sample++) {
    const label = (sample * 7) % 10;
    x.data.fill(1, sample * 784 + label * 28, sample * 784 + (label + 1) * 28);
    y.data[sample] = BigInt(sample % share === 0 ? (label + 1) % 10 : label);
  }
  return { x, y };
}

async function weighting(model = 'logreg.onnx') {
  const network = await Network.load(join(models, model));
  const train = stripes(60, 3);
  return bilevelProblem({
    feeds: { train: feed(train, { batch: 20 }), clean: feed(stripes(20), { batch: 10 }) },
    upper: { weight: perSample(Tensor.from(new Float32Array(60).fill(0.5)), 'train') },
    lower: network.initialParameters(),
    f: ({ v, clean }) => mean(crossEntropy(network.apply(clean.x, v), clean.y)),
    g: ({ u, v, train }) => mean(mul(u.weight, crossEntropy(network.apply(train.x, v), train.y))),
    sets: { upper: { weight: sets.box(0, 1) } },
  });
}

const short = { lowerSteps: 3, warmUpSteps: 3 };
const long = { lowerSteps: 50, warmUpSteps: 3 };
const oneThread = () => Device.cpu({ threads: 1 });
/** Bits of a tensor as text. */
const bits = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

/** Losses and weights of a run, whose programs another thread has compiled. */
async function training() {
  const device = oneThread();
  const solver = await penalty.create(await weighting('lenet.onnx'), short, { device });
  const state = solver.init();
  const losses = [];
  for await (const { f, g } of solver.run({ state, iterations: 6 })) losses.push([f, g]);
  return { losses, weights: bits(state.u.weight) };
}

/** What is left when the signal comes in the middle of a run, and what the same state comes to afterwards. */
async function aborting() {
  const device = oneThread();
  const solver = penalty(await weighting(), short, { device });
  const state = solver.init();
  const controller = new AbortController();
  const stopped = await codeOf(async () => {
    for await (const { iteration } of solver.run({ state, iterations: 6, signal: controller.signal })) {
      if (iteration === 3) controller.abort();
    }
  });
  const kept = bits(state.u.weight);
  for await (const _ of solver.run({ state, iterations: 3 }));
  return { stopped, kept, weights: bits(state.u.weight) };
}

async function codeOf(action) {
  try {
    await action();
    return 'none';
  } catch (error) {
    return error.code;
  }
}

/** The codes of errors that come from each part of the package. */
async function errors() {
  const device = oneThread();
  const x = input('x', [4]);
  const program = device.load(compile({ outputs: { y: exp(x) } }));
  const problem = await weighting();
  const solver = penalty(problem, short, { device });
  const state = solver.init();
  state.v[Object.keys(state.v)[0]].data.fill(Number.NaN);
  const found = {
    value: await codeOf(() => Tensor.from(['1'])),
    file: await codeOf(() => Network.load('no-such.onnx')),
    damaged: await codeOf(() => Network.load(import.meta.filename)),
    option: await codeOf(() => penalty(problem, { lowerStep: 3 })),
    shape: await codeOf(() => program.run({ x: Tensor.zeros([3]), y: Tensor.zeros([4]) })),
    number: await codeOf(() => solver.step(state)),
    thread: await codeOf(() => penalty.create(problem, {}, { device, signal: AbortSignal.abort() })),
  };
  program.dispose();
  return { ...found, disposed: await codeOf(() => program.run({ x: Tensor.zeros([4]), y: Tensor.zeros([4]) })) };
}

/** Blocks beyond what Electron's allocators give in one piece, from JavaScript and from native code. */
async function allocations() {
  const device = oneThread();
  const gibibyte = 2 ** 30;
  // The product in between has so many bytes; nothing is run, so none of them is touched.
  const load = (bytes) => {
    const rows = input('rows', [bytes / 4 / 2 ** 15, 1]);
    const product = matmul(rows, input('columns', [1, 2 ** 15]));
    device
      .load(compile({ outputs: { y: matmul(product, input('z', [2 ** 15, 1])) } }, { reassociate: false }))
      .dispose();
  };
  return {
    tensor: await codeOf(() => Tensor.zeros([2 ** 42])),
    // Node gives it, and Electron does not.
    twoGibibytes: await codeOf(() => Tensor.zeros([(2 * gibibyte) / 4])),
    program: await codeOf(() => load(3 * gibibyte)),
    hugeProgram: await codeOf(() => load(2 ** 20 * gibibyte)),
  };
}

const misfortunes = async () => ({
  errors: await errors(),
  aborting: await aborting(),
  allocations: await allocations(),
});

/** Trains for ever and keeps every state; tells when it is in the middle. */
async function endless(tell) {
  const device = oneThread();
  const solver = penalty(await weighting(), long, { device });
  const state = solver.init();
  for await (const { iteration } of solver.run({ state, iterations: 1e6 })) {
    await writeState(process.env.BILEVEL_STATE, solver.serialize(state));
    if (iteration === 2) tell({ running: true });
  }
}

/** What `endless` has kept in a file, and what a run of as many iterations comes to. */
async function resumed(file) {
  const solver = penalty(await weighting(), long, { device: oneThread() });
  const kept = solver.restore(await readState(file));
  const again = solver.init();
  const iterations = kept.counters.iteration;
  for await (const _ of solver.run({ state: again, iterations }));
  return { iterations, kept: bits(kept.u.weight), again: bits(again.u.weight) };
}

/** A run on shared memory, without a thread that compiles: there is none in a preload script. */
async function sharing() {
  return codeOf(async () => {
    const x = input('x', [2]);
    const y = Tensor.zeros([2]);
    await oneThread()
      .load(compile({ outputs: { y: exp(x) } }))
      .run({ x: Tensor.zeros([2]), y });
    if (y.data[1] !== 1) throw new RangeError(`exp(0) is ${y.data[1]}.`);
  });
}

export const works = { training, misfortunes, endless, resumed, sharing };
