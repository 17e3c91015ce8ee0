import { SparseRows } from '../../data/sparse-rows.js';
import { Classifier, type Parameters } from '../../network/classifier.js';
import { runningStatistics } from '../../network/running-statistics.js';
import { mean } from '../../numbers.js';
import type { Resources } from '../../study/index.js';
import type { TuningInputs } from './data.js';
import type { TuningSamples } from './samples.js';

/** How a network does on the test samples. */
export interface Tested {
  /** Mean cross-entropy. */
  readonly testLoss: number;
  /** Share that is told right, in per cent. */
  readonly accuracy: number;
}

/** @throws ABORTED */
export async function testNetwork(
  { network, train, test }: TuningInputs,
  trained: Parameters,
  resources: Pick<Resources, 'device' | 'signal'>,
): Promise<Tested & { readonly parameters: Parameters }> {
  // Networks on sparse rows have no statistics.
  const statistics =
    train.inputs instanceof SparseRows ? {} : await runningStatistics(network, train.inputs, trained, resources);
  const parameters = { ...trained, ...statistics };
  using classifier = new Classifier(network, resources.device);
  const testLoss = await lossOf(classifier, test, parameters);
  return { parameters, testLoss, accuracy: 100 * (await classifier.accuracy(test, parameters)) };
}

async function lossOf(classifier: Classifier, { inputs, labels }: TuningSamples, parameters: Parameters) {
  const { data, shape } = await classifier.probabilities(inputs, parameters);
  const [, classes = 0] = shape;
  return mean(labels.toArray().map((label, row) => -Math.log(data[row * classes + label] ?? 0)));
}
