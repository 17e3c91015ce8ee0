import { type BilevelProblem, oracles } from '../../../lib/bilevel/index.js';
import { evaluate, type Node, sub } from '../../../lib/graph/index.js';

/** Elements of the variables of a level, one variable after the other. */
export type Point = readonly number[];

/** What v descends along in lower step t, with its step size in it. */
export type Descent = (at: { readonly f: readonly Node[]; readonly g: readonly Node[] }, t: number) => Node[];

export interface PathOptions {
  readonly descent: Descent;
  readonly steps: number;
  /** How many of the steps, from the last, follow a change of u; the others are those at the start of u. */
  readonly following?: number;
  /** Where v starts, by u; where the problem says by default. */
  readonly start?: (u: Point) => Point;
}

const initial = (variables: BilevelProblem['upper']): Point =>
  variables.flatMap(({ initial }) => [...initial.toArray()]);

/** The derivative by u of f(u, v_T(u)) by central differences in float64, and v_T, of a problem without feeds. */
export function pathDerivative(problem: BilevelProblem, options: PathOptions): { du: number[]; v: number[] } {
  const { descent, steps, following = steps, start = () => initial(problem.lower) } = options;
  const at = oracles(problem);
  const derivatives = { f: at.fGradient().v, g: at.lowerGradient() };
  const next = Array.from({ length: steps }, (_, t) =>
    descent(derivatives, t).map((along, index) => {
      const [value, set] = [at.v[index] as Node, problem.lower[index]?.set];
      const moved = sub(value, along);
      return set === undefined ? moved : set.project(moved, 0);
    }),
  );
  const split = (point: Point, nodes: readonly Node[]): [Node, Float64Array][] => {
    let from = 0;
    return nodes.map((node) => {
      const size = node.shape.reduce((product, length) => product * length, 1);
      from += size;
      return [node, Float64Array.from(point.slice(from - size, from))];
    });
  };
  const bind = (u: Point, v: Point) => new Map([...split(u, at.u), ...split(v, at.v)]);
  const flat = (values: readonly ArrayLike<number>[]) => values.flatMap((each) => Array.from(each));
  const u0 = initial(problem.upper);
  const end = (u: Point): number[] =>
    next.reduce((v: number[], step, t) => flat(evaluate(step, bind(t < steps - following ? u0 : u, v))), [...start(u)]);
  const cost = (u: Point): number => evaluate([at.f], bind(u, end(u)))[0]?.[0] ?? Number.NaN;
  const h = 1e-5;
  const shifted = (index: number, by: number) => u0.map((value, position) => (position === index ? value + by : value));
  const du = u0.map((_, index) => (cost(shifted(index, h)) - cost(shifted(index, -h))) / (2 * h));
  return { du, v: end(u0) };
}
