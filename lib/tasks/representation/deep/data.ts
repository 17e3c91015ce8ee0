import { loadDataset } from '../../../data/dataset.js';
import { Random } from '../../../data/random.js';
import { splitRows } from '../../../data/split.js';
import { invalidArgument } from '../../../errors.js';
import type { Samples } from '../../../network/classifier.js';
import { loadFeatures } from '../../../network/models.js';
import type { Network } from '../../../onnx/index.js';
import { formatType } from '../../../tensor.js';
import type { DeepSettings } from './settings.js';

export interface DeepInputs {
  readonly network: Network;
  readonly classes: readonly string[];
  /** What last layers learn from, and what features are learned by. */
  readonly lower: Samples;
  readonly upper: Samples;
  readonly test: Samples;
}

/**
 * The training part of a data set, dealt out to both levels at random.
 * @throws INVALID_ARGUMENT for more samples than there are, and for tokens; what loadDataset and loadFeatures throw
 */
export async function loadDeepInputs({
  data,
  network,
  output,
  lowerSamples,
  upperSamples,
  seed,
}: DeepSettings): Promise<DeepInputs> {
  const { train, test, classes } = await loadDataset(data);
  const sizes = { train: lowerSamples, validation: upperSamples };
  const rows = splitRows(train.count, sizes, Random.fromSeed(seed, 'split'));
  const lower = train.take(rows.train);
  if (lower.inputs.dtype !== 'float32') throw invalidArgument('data', 'images', formatType(lower.inputs));
  return {
    network: await loadFeatures(network, train.inputShape, output),
    classes,
    lower,
    upper: train.take(rows.validation),
    test: test.take(),
  };
}
