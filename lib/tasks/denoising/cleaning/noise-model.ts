import { Tensor } from '../../../tensor.js';

/**
 * How labels go wrong: a label is wrong with a probability `rate`, and then by one of three mechanisms with
 * probabilities `shares`.
 */
export interface NoiseModel {
  readonly rate: number;
  /**
   * Symmetric: any other class. Table: by the class alone. Confusions: in proportion to the sample's own probabilities.
   */
  readonly shares: { readonly symmetric: number; readonly table: number; readonly confusions: number };
  /** Of the table: the probability of each wrong label given the right one, [classes, classes], rows sum to 1. */
  readonly table: Float64Array;
  /** Classes that are often called another one, each with the share of its samples to which that happens. */
  readonly pairs: readonly Pair[];
  /** Log-likelihood of the given labels, in nats. */
  readonly logLikelihood: number;
}

/** Samples of the class `from` are called `to` with the probability `share`, before anything else can go wrong. */
export interface Pair {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/** A fitted model, and the probability that each given label is right under it, [n]. */
export interface FittedNoise {
  readonly model: NoiseModel;
  readonly trust: Float64Array;
}

const iterations = 40;
/** Prior count of every wrong label in the table. */
const prior = 0.5;
/** Largest share of a class that a pair takes. */
const mostOfPair = 0.9;
/** Keeps the probabilities of a classifier from ruling a mechanism out. */
const least = 1e-6;

/**
 * How the given labels came about, by maximum likelihood (expectation maximization, as Dawid and Skene 1979 for the
 * labels of observers): the right label of sample i is y with the classifier's probability p_iy; the given one is y
 * with probability 1 - rate, else c with probability
 *
 *     symmetric / (classes - 1) + table A_yc + confusions p_ic / (1 - p_iy)
 *
 * unless one of `pairs` takes it before. The table has classes (classes - 1) numbers, so it is used only where its
 * likelihood pays for them by the Bayesian information criterion (Schwarz 1978).
 * @param probabilities of samples that the classifier was not trained on, [n, classes]
 * @param labels as given, [n]
 */
export function fitNoise(probabilities: Tensor<'float32'>, labels: Int32Array): FittedNoise {
  const [, classes = 0] = probabilities.shape;
  const simple = expectationMaximization(probabilities, labels, {});
  const full = expectationMaximization(probabilities, labels, { withTable: true });
  const price = 0.5 * classes * (classes - 1) * Math.log(Math.max(2, labels.length));
  return full.model.logLikelihood - simple.model.logLikelihood > price ? full : simple;
}

/** {@link fitNoise} with or without the table, and with the given pairs, whose shares are fitted as well. */
export function expectationMaximization(
  { data, shape }: Tensor<'float32'>,
  labels: Int32Array,
  { withTable = false, pairs = [] }: { readonly withTable?: boolean; readonly pairs?: readonly Pair[] },
): FittedNoise {
  const [count = 0, classes = 0] = shape;
  const p = normalized(data, classes);
  const trust = new Float64Array(count);
  let model: NoiseModel = {
    rate: 0.4,
    shares: withTable
      ? { symmetric: 1 / 3, table: 1 / 3, confusions: 1 / 3 }
      : { symmetric: 1 / 2, table: 0, confusions: 1 / 2 },
    table: new Float64Array(classes * classes).fill(1 / (classes - 1)),
    pairs,
    logLikelihood: Number.NEGATIVE_INFINITY,
  };
  // How likely each mechanism is to have made the present sample's label of each right one, [classes].
  const symmetric = new Float64Array(classes);
  const byTable = new Float64Array(classes);
  const confusions = new Float64Array(classes);
  const byPair = new Float64Array(classes);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const { rate, shares, table } = model;
    const sums = { symmetric: 0, table: 0, confusions: 0 };
    const tableSums = new Float64Array(classes * classes).fill(prior);
    // The share of each class that a pair does not take, and that of each cell that one does.
    const rest = new Float64Array(classes).fill(1);
    const taken = new Float64Array(classes * classes);
    for (const { from, to, share } of model.pairs) {
      rest[from] = (rest[from] ?? 1) - share;
      taken[from * classes + to] = share;
    }
    const pairSums = new Float64Array(classes * classes);
    const members = new Float64Array(classes);
    let wrong = 0;
    let paired = 0;
    let logLikelihood = 0;
    for (let row = 0; row < count; row++) {
      const given = labels[row] ?? 0;
      const start = row * classes;
      const ofGiven = p[start + given] ?? 0;
      const right = ofGiven * (rest[given] ?? 1) * (1 - rate);
      let total = right;
      for (let y = 0; y < classes; y++) {
        const ofTrue = p[start + y] ?? 0;
        const weight = y === given ? 0 : ofTrue * (rest[y] ?? 1) * rate;
        symmetric[y] = (weight * shares.symmetric) / (classes - 1);
        byTable[y] = weight * shares.table * (table[y * classes + given] ?? 0);
        confusions[y] = y === given ? 0 : (weight * shares.confusions * ofGiven) / (1 - ofTrue);
        byPair[y] = ofTrue * (taken[y * classes + given] ?? 0);
        total += (symmetric[y] ?? 0) + (byTable[y] ?? 0) + (confusions[y] ?? 0) + (byPair[y] ?? 0);
      }
      trust[row] = right / total;
      wrong += 1 - right / total;
      logLikelihood += Math.log(total);
      for (let y = 0; y < classes; y++) {
        sums.symmetric += (symmetric[y] ?? 0) / total;
        sums.table += (byTable[y] ?? 0) / total;
        sums.confusions += (confusions[y] ?? 0) / total;
        const cell = y * classes + given;
        tableSums[cell] = (tableSums[cell] ?? 0) + (byTable[y] ?? 0) / total;
        pairSums[cell] = (pairSums[cell] ?? 0) + (byPair[y] ?? 0) / total;
        paired += (byPair[y] ?? 0) / total;
        const others = (symmetric[y] ?? 0) + (byTable[y] ?? 0) + (confusions[y] ?? 0) + (byPair[y] ?? 0);
        members[y] = (members[y] ?? 0) + (y === given ? right : others) / total;
      }
    }
    const all = sums.symmetric + sums.table + sums.confusions;
    model = {
      // One right and one wrong label more keep the rate from 0 and 1.
      rate: (wrong - paired + 1) / (count - paired + 2),
      shares: {
        symmetric: sums.symmetric / all,
        table: sums.table / all,
        confusions: sums.confusions / all,
      },
      table: withoutDiagonal(tableSums, classes),
      pairs: model.pairs.map(({ from, to }) => {
        const share = (pairSums[from * classes + to] ?? 0) / ((members[from] ?? 0) + 1);
        return { from, to, share: Math.min(share, mostOfPair) };
      }),
      logLikelihood,
    };
  }
  return { model, trust };
}

/**
 * What predictions add to the log-likelihood of labels, in nats, beside how many samples have each; below 0 they are
 * worse.
 * @param labels as given, [n]
 */
export function gainOverFrequencies({ logLikelihood }: Pick<NoiseModel, 'logLikelihood'>, labels: Int32Array): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const { length } = labels;
  const byFrequency = [...counts.values()].reduce((sum, count) => sum + count * Math.log(count / length), 0);
  return logLikelihood - byFrequency;
}

/** Rows of probabilities, none of them 0, that sum to 1. */
function normalized(data: Float32Array, classes: number): Float64Array {
  const p = Float64Array.from(data, (value) => Math.max(value, least));
  return divideRows(p, classes);
}

/** Rows that sum to 1 with zeros on the diagonal. */
function withoutDiagonal(counts: Float64Array, classes: number): Float64Array {
  for (let y = 0; y < classes; y++) counts[y * classes + y] = 0;
  return divideRows(counts, classes);
}

function divideRows(values: Float64Array, classes: number): Float64Array {
  for (let start = 0; start < values.length; start += classes) {
    const row = values.subarray(start, start + classes);
    const sum = row.reduce((partial, each) => partial + each, 0);
    row.set(row.map((each) => each / sum));
  }
  return values;
}

/** log p, where p is not too small to have one, [n * classes]. */
const logarithms = (data: Float32Array): Float64Array => Float64Array.from(data, (p) => Math.log(Math.max(p, 1e-30)));

/** log of the sum of the classes' powers exp(log p / temperature) in the row that begins at `start`. */
function logSum(logs: Float64Array, start: number, classes: number, temperature: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classes; c++) largest = Math.max(largest, logs[start + c] ?? 0);
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(((logs[start + c] ?? 0) - largest) / temperature);
  return largest / temperature + Math.log(sum);
}

/** Probabilities to the power 1 / temperature, made to sum to 1 again. */
export function atTemperature({ data, shape }: Tensor<'float32'>, temperature: number): Tensor<'float32'> {
  const [, classes = 0] = shape;
  const logs = logarithms(data);
  const result = Tensor.zeros(shape);
  for (let start = 0; start < data.length; start += classes) {
    const sum = logSum(logs, start, classes, temperature);
    for (let c = 0; c < classes; c++) {
      result.data[start + c] = Math.exp((logs[start + c] ?? 0) / temperature - sum);
    }
  }
  return result;
}

/** The geometric means of two classifiers' probabilities, made to sum to 1 again. */
export function geometricMean(a: Tensor<'float32'>, b: Tensor<'float32'>): Tensor<'float32'> {
  const product = Tensor.from(
    a.data.map((p, at) => Math.sqrt(p * (b.data[at] ?? 0))),
    a.shape,
  );
  return atTemperature(product, 1);
}

/**
 * The temperature at which probabilities, [n, classes], fit labels best, by mean cross-entropy (Guo et al. 2017).
 * @param weights how far the labels are trusted, [n]; by default all are right
 */
export function bestTemperature(
  { data, shape }: Tensor<'float32'>,
  labels: ArrayLike<number | bigint>,
  weights?: ArrayLike<number>,
): number {
  const [count = 0, classes = 0] = shape;
  const logs = logarithms(data);
  const loss = (temperature: number): number => {
    let sum = 0;
    for (let row = 0; row < count; row++) {
      const start = row * classes;
      const loss = logSum(logs, start, classes, temperature) - (logs[start + Number(labels[row])] ?? 0) / temperature;
      sum += (weights?.[row] ?? 1) * loss;
    }
    return sum;
  };
  // 0.3 to 2.3; networks that wrong labels make cautious may have to be sharpened more, from 0.1 on.
  const sharper = weights === undefined ? 0 : 16;
  const candidates = Array.from({ length: 31 + sharper }, (_, step) => 0.3 * 1.07 ** (step - sharper));
  const losses = candidates.map(loss);
  return candidates[losses.indexOf(Math.min(...losses))] ?? 1;
}
