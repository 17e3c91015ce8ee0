import test from 'ava';
import { compile } from '../../lib/compile/index.js';
import { reassociate } from '../../lib/compile/rewrite/reassociate/reassociate.js';
import { defaultTarget } from '../../lib/compile/target.js';
import * as g from '../../lib/graph/index.js';

/**
 * Lookups in maps, sets and lists, of which all searches are made, while something runs. Counts, other than times,
 * repeat.
 */
function lookups(run: () => void): number {
  const [map, set] = [Map.prototype, Set.prototype];
  const { get, has } = map;
  const { has: hasMember, add } = set;
  const list: unknown[] = Array.prototype;
  const { some } = list;
  let count = 0;
  map.get = function (key) {
    count++;
    return get.call(this, key);
  };
  map.has = function (key) {
    count++;
    return has.call(this, key);
  };
  set.has = function (value) {
    count++;
    return hasMember.call(this, value);
  };
  set.add = function (value) {
    count++;
    return add.call(this, value);
  };
  list.some = function (predicate) {
    count++;
    return some.call(this, predicate);
  };
  try {
    run();
  } finally {
    Object.assign(map, { get, has });
    Object.assign(set, { has: hasMember, add });
    Object.assign(list, { some });
  }
  return count;
}

/** The hypergradient of a weight decay through gradient steps, all of which use one value. */
function unrolled(steps: number): Record<string, g.Node> {
  const [x, y] = [g.input('x', [50, 12]), g.input('y', [50])];
  const decay = g.input('decay', [12]);
  const margins = (w: g.Node) => g.mul(y, g.reshape(g.matmul(x, g.reshape(w, [12, 1])), [50]));
  let w = g.input('w', [12]);
  for (let step = 0; step < steps; step++) {
    const loss = g.add(g.mean(g.softplus(g.neg(margins(w)))), g.reduceSum(g.mul(g.exp(decay), g.mul(w, w))));
    w = g.sub(w, g.mul(0.1, g.gradient(loss, [w])[0] as g.Node));
  }
  const value = g.mean(g.softplus(g.neg(margins(w))));
  return { value, gradient: g.gradient(value, [decay])[0] as g.Node };
}

/** A long chain of operations on one input. */
function chained(length: number): Record<string, g.Node> {
  const x = g.input('x', [1, 1]);
  let y: g.Node = x;
  for (let i = 0; i < length; i++) y = g.maximum(g.exp(y), x);
  const value = g.reduceSum(g.square(y));
  return { value, gradient: g.gradient(value, [x])[0] as g.Node };
}

/** The largest of many values, all of which are the same one, as of an operator with so many inputs. */
function largest(readers: number): Record<string, g.Node> {
  const x = g.input('x', [1, 1]);
  let y: g.Node = x;
  for (let i = 1; i < readers; i++) y = g.maximum(y, x);
  const value = g.reduceSum(g.square(y));
  return { value, gradient: g.gradient(value, [x])[0] as g.Node };
}

for (const [name, make, size] of [
  ['unrolled steps', unrolled, 120],
  ['a chain', chained, 1200],
  ['many readers of a value', largest, 600],
] as const) {
  test(`${name}: a graph twice as large takes twice the work, to make and to compile`, (t) => {
    const [single, double] = [size, 2 * size].map((count) => {
      let outputs: Record<string, g.Node> = {};
      const made = lookups(() => {
        outputs = make(count);
      });
      return { made, compiled: lookups(() => void compile({ outputs })) };
    }) as [Record<'made' | 'compiled', number>, Record<'made' | 'compiled', number>];
    for (const part of ['made', 'compiled'] as const) {
      t.true(
        single[part] > 1000 && double[part] < 2.4 * single[part],
        `${part}: ${single[part]}, then ${double[part]}`,
      );
    }
  });
}

/** A value that is made of the one before, again and again, in two ways at a time. */
function repeated(x: g.Node, times: number): g.Node {
  let y = x;
  for (let i = 0; i < times; i++) y = g.mul(y, g.neg(y));
  return y;
}

const [x, d] = [g.input('x', [20, 80]), g.input('d', [20, 30])];
const norm = g.sumOfSquares([g.matmul(d, x, { transposeA: true })]);

for (const [name, make] of [
  ['behind', (times) => g.add(repeated(norm, times), g.reduceSum(g.exp(d)))],
  ['beside', (times) => g.exp(g.add(norm, repeated(g.input('s', []), times)))],
] as const satisfies readonly (readonly [string, (times: number) => g.Node])[]) {
  test(`values with many paths through the graph ${name} a norm: twice as many take twice the work`, (t) => {
    const [single, double] = [10, 20].map((times) => {
      const roots = [make(times)];
      return lookups(() => void reassociate(roots, new Set([d]), (settled) => settled, defaultTarget));
    }) as [number, number];
    t.true(single > 100 && double < 2.4 * single, `${single}, then ${double}`);
  });
}
