import { type BilevelProblem, bilevelProblem, feed, perSample } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import { dropout } from '../../../lib/graph/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { logits, loss, weightedLoss } from './denoising.js';

export interface SmallProblemOptions {
  /** Training samples; 24 by default. */
  readonly samples?: number;
  /** Samples of a mini-batch of either feed; 8 by default, undefined for all. */
  readonly batch?: number | undefined;
  readonly seed?: number;
  /** Whether the upper level holds the lower variables too, as the values that they start at. */
  readonly starts?: boolean;
  /** Share of the lower cost's features that dropout sets to zero; 0 by default. */
  readonly dropoutRatio?: number;
}

/** Importance learning on random data: 6 features, 3 classes, one importance per training sample. */
export function smallProblem(
  { samples = 24, batch, seed = 0, starts = false, dropoutRatio = 0 }: SmallProblemOptions = { batch: 8 },
): BilevelProblem {
  const random = Random.fromSeed(7, 'small problem');
  const normal = (count: number): number[] => Array.from({ length: count }, () => random.normal());
  const data = (count: number) => ({
    x: Tensor.from(normal(6 * count), [count, 6]),
    y: Tensor.from(
      Array.from({ length: count }, () => random.integer(3)),
      [count],
      'int64',
    ),
  });
  const importance = perSample(Tensor.from(normal(samples)), 'train');
  const lower = { weight: Tensor.from(normal(18), [3, 6]), bias: Tensor.zeros([3]) };
  return bilevelProblem({
    upper: { importance, ...(starts && lower) },
    lower,
    feeds: { train: feed(data(samples), { batch, seed }), validation: feed(data(16), { batch, seed }) },
    f: ({ v, validation }) => loss(logits(validation.x, v.weight, v.bias), validation.y),
    g: ({ u, v, train, key }) => {
      const x = dropoutRatio === 0 ? train.x : dropout(train.x, dropoutRatio, key);
      return weightedLoss(logits(x, v.weight, v.bias), train.y, u.importance);
    },
    seed,
  });
}
