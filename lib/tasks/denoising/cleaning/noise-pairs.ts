import type { Tensor } from '../../../tensor.js';
import { expectationMaximization, type FittedNoise, type Pair } from './noise-model.js';

/** Pairs that are tried before one of them is taken. */
const tried = 2;
/** Share that a pair begins with. */
const firstShare = 0.2;

/**
 * The model of fitNoise without the table, but with pairs of classes of which one is called the other: mistakes that
 * are few, but all of a kind. Pairs are added one by one, as long as the likelihood pays for each one's share and for
 * having chosen it (Bayesian information criterion, Schwarz 1978, with the number of pairs to choose from).
 * @param probabilities of samples that the classifier was not trained on, [n, classes]
 * @param labels as given, [n]
 */
export function fitNoiseWithPairs(probabilities: Tensor<'float32'>, labels: Int32Array): FittedNoise {
  const [count = 0, classes = 0] = probabilities.shape;
  const price = 0.5 * Math.log(Math.max(2, count)) + Math.log(classes * (classes - 1));
  const candidates = mostDisagreeing(probabilities, labels);
  let best = expectationMaximization(probabilities, labels, {});
  while (candidates.length > 0) {
    const fitted = candidates.slice(0, tried).map((pair) => ({
      pair,
      fit: expectationMaximization(probabilities, labels, { pairs: [...best.model.pairs, pair] }),
    }));
    const [first, second = first] = fitted;
    if (first === undefined || second === undefined) break;
    const { pair, fit } = second.fit.model.logLikelihood > first.fit.model.logLikelihood ? second : first;
    if (fit.model.logLikelihood - best.model.logLikelihood <= price) break;
    best = fit;
    candidates.splice(candidates.indexOf(pair), 1);
  }
  return best;
}

/** All pairs of different classes; first those whose `from` is the likeliest for the labels `to`. */
function mostDisagreeing({ data, shape }: Tensor<'float32'>, labels: Int32Array): Pair[] {
  const [, classes = 0] = shape;
  const sums = new Float64Array(classes * classes);
  for (const [row, label] of labels.entries()) {
    for (let y = 0; y < classes; y++) {
      const cell = y * classes + label;
      if (y !== label) sums[cell] = (sums[cell] ?? 0) + (data[row * classes + y] ?? 0);
    }
  }
  return [...sums.keys()]
    .filter((cell) => Math.floor(cell / classes) !== cell % classes)
    .sort((a, b) => (sums[b] ?? 0) - (sums[a] ?? 0))
    .map((cell) => ({ from: Math.floor(cell / classes), to: cell % classes, share: firstShare }));
}
