import test from 'ava';
import { type BilevelProblem, type Oracles, oracles } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { add, constant, evaluate, input, mul, type Node } from '../../lib/graph/index.js';
import { p1, p2, p3, p4 } from '../support/solvers/quadratics.js';

/** Gradients of f + <grad_v g, w> with w = gamma grad_v g + nu, in float64 at the point (u, v). */
function penaltyGradients(problem: BilevelProblem, u: readonly number[], v: readonly number[], gamma: number, nu = 0) {
  const at = oracles(problem);
  const { u: upper, v: lower } = at;
  const gradients = at.lagrangianGradient(
    at.lowerGradient().map((gradient) => add(mul(gamma, gradient), constant(nu))),
  );
  const feeds = new Map([...upper, ...lower].map((node, index) => [node, Float64Array.from(index === 0 ? u : v)]));
  const [du = [], dv = []] = evaluate([...gradients.u, ...gradients.v], feeds).map((values) => [...values]);
  return { du, dv };
}

const random = Random.fromSeed(1, 'points');
const point = (): number[] => Array.from({ length: 10 }, () => 2 * random.uniform() - 1);
const close = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => Math.abs(value - (b[index] as number)) < 1e-12);
const zeros = new Array<number>(10).fill(0);

for (const gamma of [0.1, 1, 30]) {
  test(`P1, gamma ${gamma}: at the minimiser of the penalty in v its gradient in u is the hypergradient formula`, (t) => {
    const u = point();
    const v = u.map((value) => (2 * gamma * (1 - value)) / (1 + 2 * gamma));
    const { du, dv } = penaltyGradients(p1({ u, v }), u, v, gamma);
    t.true(close(dv, zeros));
    t.true(
      close(
        du,
        u.map((value, index) => 2 * value - 2 * (v[index] as number)),
      ),
    );
  });

  test(`P1, gamma ${gamma}: with its multipliers the solution is stationary, without them the point between`, (t) => {
    const half = new Array<number>(10).fill(0.5);
    const exact = penaltyGradients(p1({ u: half, v: half }), half, half, gamma, -0.5);
    t.true(close(exact.du, zeros) && close(exact.dv, zeros));
    const between = new Array<number>(10).fill((2 * gamma) / (1 + 4 * gamma));
    const inexact = penaltyGradients(p1({ u: half, v: half }), between, between, gamma);
    t.true(close(inexact.du, zeros) && close(inexact.dv, zeros));
  });

  test(`P2, gamma ${gamma}: at the minimiser of the penalty in v its gradient in u is the hypergradient formula`, (t) => {
    const u = point();
    const v = u.map((value) => ((2 * gamma - 1) * value) / (2 * gamma));
    const { du, dv } = penaltyGradients(p2({ u, v }), u, v, gamma);
    t.true(close(dv, zeros));
    t.true(
      close(
        du,
        v.map((value) => 2 * value),
      ),
    );
  });
}

const matrix = Array.from({ length: 5 }, () => point());
/** A^T A x */
function gram(x: readonly number[]): number[] {
  const image = matrix.map((row) => row.reduce((sum, entry, column) => sum + entry * (x[column] as number), 0));
  return x.map((_, column) =>
    matrix.reduce((sum, row, index) => sum + (row[column] as number) * (image[index] as number), 0),
  );
}

for (const gamma of [0.1, 1, 30]) {
  test(`P3, gamma ${gamma}: the penalty's gradients are those of dense algebra`, (t) => {
    const [u, v] = [point(), point()];
    const residual = gram(u.map((value, index) => 1 - value - (v[index] as number)));
    // grad_v g = -2 M (1 - u - v), grad_uv g = grad_vv g = 2 M
    const bend = gram(residual.map((value) => -4 * gamma * value));
    const { du, dv } = penaltyGradients(p3(matrix, { u, v }), u, v, gamma);
    const expected = (x: readonly number[]): number[] => x.map((value, index) => 2 * value + (bend[index] as number));
    t.true(close(du, expected(u)) && close(dv, expected(v)));
  });

  test(`P4, gamma ${gamma}: the penalty's gradients are those of dense algebra`, (t) => {
    const [u, v] = [point(), point()];
    const slope = gram(u.map((value, index) => value - (v[index] as number)));
    // grad_v g = -2 M d, grad_uv g = -2 M, grad_vv g = 2 M, and the same for the quadratic part of f with the other
    // sign
    const bend = gram(slope.map((value) => 4 * gamma * value));
    const { du, dv } = penaltyGradients(p4(matrix, { u, v }), u, v, gamma);
    t.true(
      close(
        du,
        slope.map((value, index) => -2 * value + (bend[index] as number)),
      ),
    );
    t.true(
      close(
        dv,
        v.map((value, index) => 2 * value + 2 * (slope[index] as number) - (bend[index] as number)),
      ),
    );
  });
}

test('P1: costs and derivatives at many points are those of each point, and counted as often', (t) => {
  const problem = p1({ u: point(), v: point() });
  const points = Array.from({ length: 3 }, () => ({ u: point(), v: point() }));
  const counted = { fGradients: 0, gGradients: 0, hessianVectorProducts: 0, jacobianVectorProducts: 0 };
  const single = oracles(problem);
  const stacked = (name: string) => input(name, [points.length, 10]);
  const [u, v] = [stacked('us'), stacked('vs')];
  const many = single
    .counting((kind, times = 1) => {
      counted[kind] += times;
    })
    .atMany({ u: [u], v: [v] }, points.length);
  const values = (at: Oracles, w: Node) => [
    at.f,
    at.g,
    ...at.fGradient().u,
    ...at.fGradient().v,
    ...at.lowerGradient(),
    ...at.hessianVectorProduct([w]),
    ...at.jacobianVectorProduct([w]),
  ];
  const direction = point();
  const together = evaluate(
    values(
      many,
      constant(
        points.flatMap(() => direction),
        [points.length, 10],
      ),
    ),
    new Map([
      [u, Float64Array.from(points.flatMap((each) => each.u))],
      [v, Float64Array.from(points.flatMap((each) => each.v))],
    ]),
  );
  for (const [index, each] of points.entries()) {
    const nodes = [...single.u, ...single.v];
    const bindings = new Map(nodes.map((node, level) => [node, Float64Array.from(level === 0 ? each.u : each.v)]));
    for (const [quantity, alone] of evaluate(values(single, constant(direction)), bindings).entries()) {
      const got = together[quantity]?.slice(index * alone.length, (index + 1) * alone.length) ?? [];
      t.true(close([...got], [...alone]), `quantity ${quantity} at point ${index}`);
    }
  }
  t.deepEqual(counted, { fGradients: 3, gGradients: 3, hessianVectorProducts: 3, jacobianVectorProducts: 3 });
});
