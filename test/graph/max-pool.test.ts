// Max pooling moves what keeps the order of a plane's elements behind itself: values and derivatives of every order stay.
import test from 'ava';
import * as g from '../../lib/graph/index.js';
import { elementCount } from '../../lib/tensor.js';

const planes = [2, 3, 5, 4];
const windows: g.MaxPoolOptions = {
  kernel: [2, 3],
  strides: [2, 1],
  padding: [
    [1, 0],
    [0, 1],
  ],
};

/** Max pooling of x as it is. */
function pooled(x: g.Node): g.Node {
  const indices = g.maxPoolIndices(x, windows);
  const flat = (node: g.Node): g.Node => g.reshape(node, [2, 3, elementCount(node.shape.slice(2))]);
  return g.reshape(g.gatherElements(flat(x), flat(indices)), indices.shape);
}

/** Integers with many ties. */
function ints(shape: readonly number[], seed: number, spread = 3): Float64Array {
  return Float64Array.from(
    { length: elementCount(shape) },
    (_, i) => ((i * i * 7 + i * 13 + seed) % (2 * spread + 1)) - spread,
  );
}

const x = g.input('x', planes);
const bias = g.input('bias', [3, 1, 1]);
const whole = g.input('whole', planes);
const column = g.input('column', [4]);
const sample = g.input('sample', [2, 1, 1, 1]);

const expressions: readonly { readonly name: string; readonly of: g.Node; readonly moves: boolean }[] = [
  { name: 'relu', of: g.relu(x), moves: true },
  { name: 'a number for each channel', of: g.add(x, bias), moves: true },
  { name: 'a number for each sample, on the left', of: g.add(sample, x), moves: true },
  { name: 'a number for all', of: g.add(x, 2), moves: true },
  { name: 'relu of a sum', of: g.relu(g.add(g.add(x, bias), sample)), moves: true },
  { name: 'a sum of relu', of: g.add(bias, g.relu(x)), moves: true },
  { name: 'a difference', of: g.sub(g.sub(x, bias), 1), moves: true },
  { name: 'a product of any sign', of: g.mul(x, bias), moves: true },
  { name: 'products of relu', of: g.mul(sample, g.relu(g.mul(bias, x))), moves: true },
  { name: 'a normalization', of: g.relu(g.add(g.mul(g.sub(x, bias), g.add(bias, sample)), bias)), moves: true },
  { name: 'a difference from a number', of: g.sub(bias, x), moves: false },
  { name: 'two tensors', of: g.add(x, whole), moves: false },
  { name: 'a number for each column', of: g.add(x, column), moves: false },
  { name: 'a square', of: g.square(x), moves: false },
];

const inputs = [x, bias, whole, column, sample];

/** The value, its gradient, and the gradient of a function of that gradient. */
function orders(y: g.Node): readonly g.Node[] {
  const weights = g.constant(ints(y.shape, 5, 9), y.shape);
  const first = g.gradient(g.reduceSum(g.mul(weights, g.mul(y, y))), inputs);
  const total = first.reduce((sum: g.Node, d) => g.add(sum, g.reduceSum(g.mul(d, d))), g.constant(0));
  return [y, ...first, ...g.gradient(total, inputs)];
}

/** Zeros may differ in their sign, and NaN in its bits. */
function valuesOf(nodes: readonly g.Node[], feeds: ReadonlyMap<g.Node, Float64Array>): number[][] {
  return g.evaluate(nodes, feeds).map((list) => Array.from(list, (v) => v + 0));
}

for (const { name, of, moves } of expressions) {
  test(`what ${name} gives`, (t) => {
    const y = g.maxPool(of, windows);
    t.is(y.op !== 'reshape', moves);
    t.deepEqual(y.shape, pooled(of).shape);
    const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const special of [undefined, ...specials]) {
      const feeds = new Map(inputs.map((input, seed) => [input, ints(input.shape, seed)]));
      if (special !== undefined) for (const at of [3, 17, 64, 65]) (feeds.get(x) as Float64Array)[at] = special;
      const [value, ...derivatives] = valuesOf(orders(y), feeds);
      const [expectedValue, ...expected] = valuesOf(orders(pooled(of)), feeds);
      t.deepEqual(value, expectedValue, `with ${special}`);
      // What was NaN because the zero that is the derivative of an unpicked cell met NaN or infinity in it need not be so any more.
      const nan = expected.map((list) => list.map((v) => special !== undefined && Number.isNaN(v)));
      const clear = (lists: readonly number[][]) => lists.map((list, k) => list.map((v, i) => (nan[k]?.[i] ? 0 : v)));
      t.deepEqual(clear(derivatives), clear(expected), `with ${special}`);
    }
  });
}
