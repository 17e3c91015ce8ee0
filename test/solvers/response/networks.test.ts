import test from 'ava';
import { bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import { accuracy, add, crossEntropy, mean, mul, type Node, reduceSum, square } from '../../../lib/graph/index.js';
import { Network } from '../../../lib/onnx/index.js';
import { evaluate, respond } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** Images of a bright spot whose place says the class, with noise. */
function images(count: number, seed: number): { readonly x: Tensor; readonly y: Tensor } {
  const random = Random.fromSeed(seed, 'images');
  const labels = Array.from({ length: count }, () => random.integer(10));
  const pixels = labels.flatMap((label) =>
    Array.from({ length: 784 }, (_, pixel) => {
      const isSpot = Math.floor(pixel / 28) % 20 < 6 && Math.floor((pixel % 28) / 3) === label;
      return random.uniform() + (isSpot ? 1 : 0);
    }),
  );
  return { x: Tensor.from(pixels, [count, 1, 28, 28]), y: Tensor.from(labels, [count], 'int64') };
}

for (const file of ['mlp', 'lenet']) {
  test(`${file}: g falls far below where a start is, and metrics are those of other data`, async (t) => {
    const network = await Network.load(`models/${file}.onnx`);
    const decayOf = (v: Readonly<Record<string, Node>>, u: Node): Node =>
      mul(
        reduceSum(u),
        Object.values(v)
          .map((each) => reduceSum(square(each)))
          .reduce(add),
      );
    const problem = bilevelProblem({
      upper: { decay: Tensor.from([1e-3]) },
      lower: network.initialParameters(),
      feeds: { train: feed(images(150, 1), { batch: 20 }) },
      f: ({ v, train }) => mean(crossEntropy(network.apply(train.x, v), train.y)),
      g: ({ u, v, train }) => add(mean(crossEntropy(network.apply(train.x, v), train.y)), decayOf(v, u.decay)),
    });
    const u = { decay: Tensor.from([1e-3]) };
    const start = await evaluate(problem, { u, v: network.initialParameters() }, { device });
    const { v, steps, g } = await respond(problem, u, { device, maxSteps: 60, tolerance: 1e-3 });
    t.true(steps <= 60);
    t.true(g < start.g / 3, `${g}, from ${start.g}`);
    const other = images(33, 2);
    const { metrics, f } = await evaluate(
      problem,
      { u, v },
      {
        device,
        feeds: { test: feed(other, { batch: 8 }) },
        metrics: {
          accuracy: ({ v, test: { x, y } }) => accuracy(network.apply(x, v), y),
          loss: ({ v, test: { x, y } }) => crossEntropy(network.apply(x, v), y),
          decay: ({ u }) => u.decay,
        },
      },
    );
    t.true(f < 0.5);
    t.true(metrics.accuracy > 0.8, `${metrics.accuracy}`);
    t.is(Math.round(33 * metrics.accuracy * 1e4) / 1e4, Math.round(33 * metrics.accuracy));
    t.true(metrics.loss > 0 && metrics.loss < 1);
    t.is(metrics.decay, Math.fround(1e-3));
    const onOther = await evaluate(problem, { u, v }, { device, feeds: { train: feed(other) } });
    t.true(Math.abs(onOther.f - metrics.loss) < 1e-5, 'f on other data is the loss there');
  });
}
