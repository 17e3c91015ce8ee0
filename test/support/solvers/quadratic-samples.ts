import { type BilevelProblem, bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { add, mean, mul, type Node, reduceSum } from '../../../lib/graph/index.js';
import type { Fixture } from '../safetensors.js';

type Rows = Readonly<Record<'A' | 'B' | 'C' | 'c' | 'd', Node>>;

/** The mean over rows of 1/2 v'Av + v'Bu + 1/2 u'Cu + c'v + d'u. */
function cost({ A, B, C, c, d }: Rows, u: Node, v: Node): Node {
  const times = (matrices: Node, x: Node): Node => reduceSum(mul(matrices, x), [2]);
  const perRow = [
    mul(0.5, mul(times(A, v), v)),
    mul(times(B, u), v),
    mul(0.5, mul(times(C, u), u)),
    mul(c, v),
    mul(d, u),
  ];
  return mean(perRow.map((term) => reduceSum(term, [1])).reduce(add));
}

/** The problem of test/fixtures/quadratic-iterates.safetensors, 8 samples at each level, in batches if told. */
export function quadraticSamples(fixture: Fixture, batch?: number): BilevelProblem {
  const rows = (level: 'lower' | 'upper') =>
    feed(
      {
        A: fixture.float32(`${level}/A`),
        B: fixture.float32(`${level}/B`),
        C: fixture.float32(`${level}/C`),
        c: fixture.float32(`${level}/c`),
        d: fixture.float32(`${level}/d`),
      },
      { batch },
    );
  return bilevelProblem({
    upper: { u: fixture.float32('start/u') },
    lower: { v: fixture.float32('start/v') },
    feeds: { lower: rows('lower'), upper: rows('upper') },
    f: ({ u, v, upper }) => cost(upper, u.u, v.v),
    g: ({ u, v, lower }) => cost(lower, u.u, v.v),
  });
}
