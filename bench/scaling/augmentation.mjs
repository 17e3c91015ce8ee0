// What a training step takes whose images are changed at random, beside the same step on the images as they are.
import { findModel } from '../../dist/lib/network/models.js';
import { crossEntropy, mean } from '../../dist/lib/public/graph.js';
import { feed, minimizationProblem, minimize, Network, Tensor } from '../../dist/lib/public/index.js';
import { classes, uniform } from '../problem.mjs';
import { timeOf } from './timing.mjs';

const samples = 5000;
const batch = 200;
const stepsPerCall = 20;

const augmentations = {
  none: undefined,
  'flip, shift': { flip: 0.5, shift: 2 },
  'flip, shift, rotate, scale': { flip: 0.5, shift: 2, rotate: 10, scale: 1.1 },
};

/** Milliseconds of an Adam step on the mean cross-entropy of a batch, as `{ study, series, augmented, median }`. */
export async function* augmentation(options) {
  const x = Tensor.from(uniform(samples * 784, 1, 0, 1), [samples, 1, 28, 28]);
  const y = Tensor.from(Int32Array.from(uniform(samples, 2, 0, classes), Math.floor), [samples], 'int32');
  for (const series of ['logreg', 'mlp', 'lenet', 'mnist-cnn']) {
    const network = await Network.load(findModel(series));
    for (const [augmented, augment] of Object.entries(augmentations)) {
      const problem = minimizationProblem({
        lower: network.initialParameters(),
        feeds: { train: feed({ x, y }, { batch, augment: { x: augment } }) },
        g: ({ v, train, key }) => mean(crossEntropy(network.apply(train.x, v, { key }), train.y)),
      });
      const solver = minimize(problem, { steps: stepsPerCall, learningRate: 1e-5 });
      const state = solver.init();
      const { median } = await timeOf(async (count) => {
        for (let call = 0; call < count; call++) await solver.step(state);
      }, options);
      yield { study: 'augmentation', series, augmented, median: median / stepsPerCall };
      solver.dispose();
    }
  }
}
