import test from 'ava';
import { bilevelProblem, feed } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { itd } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { distance, movedBy } from '../support/solvers/directions.js';

const device = testDevice();
test.after.always(() => device.dispose());

const random = Random.fromSeed(13, 'recipes');
const normals = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random.normal()));
const samples = (rows: number) => ({
  x: Tensor.from(normals(4 * rows), [rows, 4]),
  y: Tensor.from(
    Array.from({ length: rows }, () => random.integer(3)),
    [rows],
    'int64',
  ),
});
const [support, query] = [samples(10), samples(8)];
const cost = (weight: g.Node, x: g.Node, y: g.Node): g.Node =>
  g.mean(g.crossEntropy(g.mul(2, g.tanh(g.matmul(x, weight))), y));

test('a learning rate for every element is learned along the derivative through the lower steps', async (t) => {
  const [steps, size] = [3, 12];
  const start = normals(size).map((value) => Math.fround(0.3 * value));
  const logRate = normals(size).map((value) => Math.fround(0.2 * value - 1));

  // Directly in float64: w <- w - exp(a) grad.
  const weight = g.input('weight', [4, 3]);
  const at = ({ x, y }: typeof support): g.Node => cost(weight, g.constant(x), g.constant(y));
  const [slope] = g.gradient(at(support), [weight]) as [g.Node];
  const [lower, upper] = [[slope], [at(query)]];
  const value = (point: readonly number[]): number => {
    let w = Float64Array.from(point.slice(0, size));
    for (let step = 0; step < steps; step++) {
      const [along = w] = g.evaluate(lower, new Map([[weight, w]]));
      w = w.map((element, index) => element - Math.exp(point[size + index] ?? 0) * (along[index] ?? 0));
    }
    return g.evaluate(upper, new Map([[weight, w]]))[0]?.[0] ?? Number.NaN;
  };
  const point = [...start, ...logRate];
  const h = 1e-5;
  const expected = point.map((_, index) => {
    const shifted = (by: number) => value(point.map((each, position) => (position === index ? each + by : each)));
    return (shifted(h) - shifted(-h)) / (2 * h);
  });

  // As docs/recipes.md states it.
  const problem = bilevelProblem({
    upper: { start: Tensor.from(start, [4, 3]), logRate: Tensor.from(logRate, [4, 3]) },
    lower: { offset: Tensor.zeros([4, 3]) },
    feeds: { support: feed(support), query: feed(query) },
    g: ({ u, v, support: { x, y } }) => cost(g.add(u.start, g.mul(g.exp(g.mul(0.5, u.logRate)), v.offset)), x, y),
    f: ({ u, v, query: { x, y } }) => cost(g.add(u.start, g.mul(g.exp(g.mul(0.5, u.logRate)), v.offset)), x, y),
  });
  const options = { lowerSteps: steps, lowerLearningRate: 1, warmStart: false, upperLearningRate: 1 } as const;
  const { du, report } = await movedBy(itd(problem, { ...options, upperOptimizer: 'sgd' }, { device }));
  t.true(Math.abs((report as { f: number }).f - value(point)) < 1e-6);
  t.true(distance(du, expected) < 1e-6, `${du} ${expected}`);
  t.true(Math.hypot(...expected.slice(size)) > 1e-2, 'the rates matter');
});
