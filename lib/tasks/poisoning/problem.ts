import { type BilevelProblem, bilevelProblem, feed, sets } from '../../bilevel/index.js';
import { add, crossEntropy, mean, mul, type Node, neg, reduceSum, square } from '../../graph/index.js';
import { filterSamples } from '../../network/classifier.js';
import { Tensor } from '../../tensor.js';
import type { Images, Points, PoisoningInputs } from './data.js';
import type { PoisoningSettings } from './settings.js';

/** The validation points that f is of: all with their labels, or those of class `from` taken for class `to`. */
export function attacked(validation: Images, { attack, from, to }: Pick<PoisoningSettings, 'attack' | 'from' | 'to'>) {
  if (attack === 'untargeted') return validation;
  const { inputs, labels } = filterSamples(validation, (row) => Number(validation.labels.data[row]) === from);
  return {
    inputs,
    labels: Tensor.from(
      labels.toArray().map(() => to),
      labels.shape,
      'int64',
    ),
  };
}

/**
 * Poisoning of training data (Mehra and Hamm 2021, supplement D.2): u are the pixels of points that are added to the
 * clean ones, with labels that stay as they are.
 *
 *     untargeted   max over u  mean CE(validation; v*)
 *     targeted     min over u  mean CE(validation points of one class, taken for another; v*)
 *
 *     v* = argmin over v  mean CE(clean and poison points; v) + l2 / 2 |v|^2
 *
 * All rows are seen in every step, and inputs are kept in the box of the data: pixels in [0, 1]. |v|^2 is that of all
 * parameters, biases included, without which v* would not be unique: a softmax does not change when all its inputs grow
 * by the same.
 * @param batch points of a mini-batch of the clean and of the validation points; all by default
 */
export function poisoningProblem(
  { network, train, validation, box }: Pick<PoisoningInputs, 'network' | 'train' | 'validation' | 'box'>,
  points: Pick<Points, 'inputs' | 'labels'>,
  settings: Pick<PoisoningSettings, 'attack' | 'from' | 'to' | 'l2' | 'seed'>,
  batch = Number.POSITIVE_INFINITY,
): BilevelProblem {
  const { attack, l2, seed } = settings;
  const part = ({ inputs, labels }: Pick<Points, 'inputs' | 'labels'>) =>
    feed({ x: inputs, y: labels }, { seed, ...(batch < labels.size && { batch }) });
  const loss = (x: Node, y: Node, v: Readonly<Record<string, Node>>): Node =>
    mean(crossEntropy(network.apply(x, v), y));
  const all = train.labels.size + points.labels.size;
  return bilevelProblem({
    upper: { poison: box.toUnit(points.inputs) },
    lower: network.initialParameters(),
    feeds: {
      clean: part(train),
      poison: feed({ y: points.labels }),
      validation: part(attacked(validation, settings)),
    },
    sets: { upper: { poison: sets.box(0, 1) } },
    f: ({ v, validation: { x, y } }) => (attack === 'untargeted' ? neg(loss(x, y, v)) : loss(x, y, v)),
    // Each part by its share of all points, which a mini-batch of the clean ones does not change.
    g: ({ u, v, clean, poison }) =>
      [
        mul(train.labels.size / all, loss(clean.x, clean.y, v)),
        mul(points.labels.size / all, loss(box.apply(u.poison, points.inputs), poison.y, v)),
        mul(
          l2 / 2,
          Object.values(v)
            .map((each) => reduceSum(square(each)))
            .reduce(add),
        ),
      ].reduce(add),
    seed,
  });
}
