// Data of the problems: random ones by a seed, and small pictures of MNIST's digits.
import { Random } from '../../../dist/lib/data/random.js';
import { sources } from '../../../dist/lib/data/sources/index.js';
import { Tensor } from '../../../dist/lib/tensor.js';

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** Normal numbers times `scale`, of a stream of their own. */
export function normals(stream, shape, scale = 1) {
  const random = Random.fromSeed(0, stream);
  const values = Float32Array.from({ length: product(shape) }, () => scale * random.normal());
  return Tensor.from(values, shape);
}

export const filled = (shape, value) => Tensor.from(new Float32Array(product(shape)).fill(value), shape);
export const zeros = (...shape) => Tensor.zeros(shape);

/** Rows of numbers, and a number for each of them. */
export const measured = (rows, values) => ({
  x: Tensor.from(Float32Array.from(rows.flat()), [rows.length, rows[0].length]),
  y: Tensor.from(Float32Array.from(values)),
});

/** Numbers from 0 on, such as classes. */
export const indices = (values) => Tensor.from(BigInt64Array.from(values, BigInt));

/** Rows of numbers, and the class of each of them. */
export const classified = (rows, classes) => ({
  x: Tensor.from(Float32Array.from(rows.flat()), [rows.length, rows[0].length]),
  y: indices(classes),
});

/** One of the sets of `digits`. */
export const pictures = ({ images, classes }) => classified(images, classes);

/** Rows of numbers, and 1 or -1 for each of them: the sign of its value. */
export const signed = ({ rows, values }) =>
  measured(
    rows,
    values.map((value) => (value > 0 ? 1 : -1)),
  );

/** The weights of a dense layer as networks start with them: normal, of variance 2 / inputs. */
export const dense = (stream, inputs, outputs) => normals(stream, [inputs, outputs], Math.sqrt(2 / inputs));

const side = 14;
export const pixels = side * side;
let mnist;

/** Disjoint sets of so many digits: pictures of 14 x 14 pixels from 0 to 1, and their classes. */
export async function digits(stream, ...sizes) {
  mnist ??= (await sources.find(({ name }) => name === 'mnist').load()).train;
  const order = Random.fromSeed(0, stream).permutation(mnist.count);
  let from = 0;
  return sizes.map((size) => {
    const rows = order.slice(from, from + size);
    from += size;
    const { inputs, labels } = mnist.take(rows);
    return {
      images: Array.from({ length: size }, (_, row) => halved(inputs.data, row * 4 * pixels)),
      classes: Array.from(labels.data, Number),
    };
  });
}

/** A picture of half the height and width: means of 2 x 2 pixels. */
function halved(data, start) {
  return Array.from({ length: pixels }, (_, at) => {
    const corner = start + 4 * side * Math.floor(at / side) + 2 * (at % side);
    return (data[corner] + data[corner + 1] + data[corner + 2 * side] + data[corner + 2 * side + 1]) / 4;
  });
}

/** The classes, of which a share is replaced by other ones. */
export function noisy(stream, classes, share, count = 10) {
  const random = Random.fromSeed(0, stream);
  return classes.map((label) => (random.uniform() < share ? (label + 1 + random.integer(count - 1)) % count : label));
}

/** Features that are alike and of different lengths, and a linear function of few of them with noise. */
export function linear(stream, count, features, noise) {
  const truth = Random.fromSeed(0, `truth ${features}`);
  const w = Array.from({ length: features }, () => (truth.uniform() < 0.25 ? truth.normal() : 0));
  const random = Random.fromSeed(0, stream);
  const rows = Array.from({ length: count }, () => {
    const common = random.normal();
    return w.map((_, i) => (random.normal() + 0.7 * common) * (i % 3 === 0 ? 3 : 1));
  });
  const values = rows.map((row) => row.reduce((sum, x, i) => sum + x * w[i], 0) + noise * random.normal());
  return { rows, values };
}

/** Letters by Zipf's law, of which spam uses a fifth of the words more or less: log(1 + n) of each, and 1 or -1. */
export function letters(stream, count, words) {
  const language = Random.fromSeed(0, 'language');
  const tilt = Array.from({ length: words }, () => (language.uniform() < 0.2 ? language.normal() : 0));
  const random = Random.fromSeed(0, stream);
  const letter = (label) => {
    const rates = tilt.map((t, word) => Math.exp((label * t) / 2) / (word + 3));
    const total = rates.reduce((a, b) => a + b);
    const counts = new Array(words).fill(0);
    for (let left = 20 + random.integer(60); left > 0; left--) {
      let rest = random.uniform() * total;
      let word = 0;
      while (word < words - 1 && rest > rates[word]) rest -= rates[word++];
      counts[word]++;
    }
    return counts.map(Math.log1p);
  };
  const labels = Array.from({ length: count }, () => (random.uniform() < 0.4 ? 1 : -1));
  return { rows: labels.map(letter), labels };
}
