// The problems whose phases are watched: a file, how it is stated with the network of it, and the method.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findModel } from '../../dist/lib/network/models.js';
import { crossEntropy, mean, mul } from '../../dist/lib/public/graph.js';
import { bilevelProblem, feed, methods, perSample, sets, Tensor } from '../../dist/lib/public/index.js';
import { featuresOf, settingsOf, stateTasks } from '../episodes/maml.mjs';
import { problemOf } from '../episodes/problem.mjs';
import { classes, uniform } from '../problem.mjs';

const [samples, batch] = [5000, 200];

function images(count, seed) {
  const y = Int32Array.from(uniform(count, seed + 1, 0, classes), Math.floor);
  return { x: Tensor.from(uniform(count * 784, seed, 0, 1), [count, 1, 28, 28]), y: Tensor.from(y, [count], 'int64') };
}

/** The weight of every training sample, as README.md has it. */
const weights = (model) => ({
  async prepare() {
    const [train, clean] = [images(samples, 1), images(500, 3)];
    const weight = Tensor.from(new Float32Array(samples).fill(0.5));
    return {
      file: findModel(model),
      state: (network) =>
        bilevelProblem({
          feeds: { train: feed(train, { batch }), clean: feed(clean, { batch }) },
          upper: { weight: perSample(weight, 'train') },
          lower: network.initialParameters(),
          f: ({ v, clean: { x, y } }) => mean(crossEntropy(network.apply(x, v), y)),
          g: ({ u, v, train: { x, y } }) => mean(mul(u.weight, crossEntropy(network.apply(x, v), y))),
          sets: { upper: { weight: sets.box(0, 1) } },
        }),
      method: methods.penalty,
      options: { lowerSteps: 3 },
    };
  },
});

/** MAML on tasks of five classes, as in ../episodes. */
const fewShot = (tasks) => ({
  async prepare() {
    const problem = problemOf(tasks);
    const file = join(tmpdir(), `bilevel-event-loop-${process.pid}.onnx`);
    const network = await featuresOf(problem);
    await network.save(file, { ...network.initialParameters(), ...network.initialState() });
    return {
      file,
      state: (loaded) => stateTasks(problem, loaded),
      method: methods.maml,
      options: settingsOf(problem),
    };
  },
});

export const problems = {
  logreg: weights('logreg'),
  mlp: weights('mlp'),
  lenet: weights('lenet'),
  'mnist-cnn': weights('mnist-cnn'),
  'few-shot-4': fewShot(4),
  'few-shot-16': fewShot(16),
};
