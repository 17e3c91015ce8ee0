// Max pooling moved before what keeps the order of a plane's elements: values and derivatives of every order stay.
import test from 'ava';
import * as g from '../../lib/graph/index.js';
import { elementCount } from '../../lib/tensor.js';
import { compareGradient } from '../support/graph/differences.js';

const planes = [2, 3, 5, 4];
const windows: g.MaxPoolOptions = {
  kernel: [2, 3],
  strides: [2, 1],
  padding: [
    [1, 0],
    [0, 1],
  ],
};

const pooled = (x: g.Node): g.Node => g.maxPool(x, windows);
const first = (node: g.Node): g.Node => g.poolFirst([node])[0] as g.Node;

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
    const y = first(pooled(of));
    t.is(y.op !== 'reshape', moves);
    t.is(first(y), y, 'there is nothing more to move');
    t.deepEqual(y.shape, pooled(of).shape);
    const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const special of [undefined, ...specials]) {
      const feeds = new Map(inputs.map((input, seed) => [input, ints(input.shape, seed)]));
      if (special !== undefined) for (const at of [3, 17, 64, 65]) (feeds.get(x) as Float64Array)[at] = special;
      const [value, ...derivatives] = valuesOf(orders(y), feeds);
      const [expectedValue, ...expected] = valuesOf(orders(pooled(of)), feeds);
      t.deepEqual(value, expectedValue, `with ${special}`);
      // What was NaN because the zero that is the derivative of an unpicked cell met NaN or infinity in it need not be
      // so any more.
      const nan = expected.map((list) => list.map((v) => special !== undefined && Number.isNaN(v)));
      const clear = (lists: readonly number[][]) => lists.map((list, k) => list.map((v, i) => (nan[k]?.[i] ? 0 : v)));
      t.deepEqual(clear(derivatives), clear(expected), `with ${special}`);
    }
  });
}

for (const { name, of } of expressions) {
  test(`derivatives by ${name}, which is pooled`, (t) => {
    const y = g.reduceSum(g.square(pooled(of)));
    const [dy] = g.gradient(y, [of]) as [g.Node];
    const point = new Map([
      [of, Float64Array.from({ length: elementCount(planes) }, (_, i) => ((i * 53) % 121) / 40 - 1)],
    ]);
    for (const each of [y, g.reduceSum(g.square(dy))]) {
      const { error, accepted } = compareGradient(each, [of], point, 3);
      t.true(accepted >= 4 && error < 1e-8, `${error} in ${accepted} directions`);
    }
    t.true(g.evaluate(g.gradient(g.reduceSum(g.square(dy)), [of]), point)[0]?.some((value) => value !== 0));
  });
}

test('of zeros that ReLU makes equal the first one has the derivative', (t) => {
  const row = g.input('row', [1, 1, 6]);
  const relu = g.relu(row);
  const y = g.maxPool(relu, { kernel: [3], strides: [3] });
  const [byRelu, byRow] = g.evaluate(
    g.gradient(g.reduceSum(y), [relu, row]),
    new Map([[row, Float64Array.of(-3, -1, -2, -1, 0, 2)]]),
  );
  t.deepEqual(byRelu, Float64Array.of(1, 0, 0, 0, 0, 1));
  t.deepEqual(byRow, Float64Array.of(0, 0, 0, 0, 0, 1));
});

/** Graphs in which positions are used for more than their maxima. */
const kept: Record<string, () => readonly g.Node[]> = {
  'derivatives by what is pooled': () => {
    const relu = g.relu(x);
    const y = g.reduceSum(pooled(relu));
    return [y, ...g.gradient(y, [relu, x])];
  },
  'positions that are asked for': () => {
    const y = pooled(g.relu(x));
    const indices = g.topologicalOrder([y]).find(({ op }) => op === 'maxPoolIndices') as g.Node;
    return [y, indices];
  },
  'positions of other planes': () => {
    const indices = g.maxPoolIndices(g.relu(x), windows);
    const flat = (node: g.Node): g.Node => g.reshape(node, [2, 3, elementCount(node.shape.slice(2))]);
    return [g.gatherElements(flat(whole), flat(indices))];
  },
  'rows of other shapes than planes': () => {
    const indices = g.maxPoolIndices(g.relu(x), windows);
    return [
      g.gatherElements(g.reshape(g.relu(x), [6, 20]), g.reshape(indices, [6, elementCount(indices.shape.slice(2))])),
    ];
  },
};

for (const [name, graph] of Object.entries(kept)) {
  test(`left alone: ${name}`, (t) => {
    const roots = graph();
    t.deepEqual(g.poolFirst(roots), roots);
  });
}

test('pools behind each other are moved together, in one or two dimensions', (t) => {
  for (const shape of [
    [2, 3, 16],
    [2, 3, 9, 16],
  ]) {
    const start = g.input('start', shape);
    const spatial = shape.slice(2);
    const halves = { kernel: spatial.map(() => 2), strides: spatial.map(() => 2) };
    const number = g.input('number', [3, ...spatial.map(() => 1)]);
    const block = (node: g.Node): g.Node => g.maxPool(g.relu(g.mul(node, number)), halves);
    const y = block(block(start));
    const moved = first(y);
    const order = g.topologicalOrder([moved]);
    t.true(order.filter(({ op }) => op === 'relu').every((relu) => elementCount(relu.shape) < elementCount(shape)));
    const feeds = new Map([
      [start, ints(shape, 1)],
      [number, Float64Array.of(2, -1, 0.5)],
    ]);
    t.deepEqual(valuesOf([moved], feeds), valuesOf([y], feeds));
  }
});
