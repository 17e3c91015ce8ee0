import { type BilevelProblem, bilevelProblem, feed, oracles, type Vector } from '../../../lib/bilevel/index.js';
import * as graph from '../../../lib/graph/index.js';
import { add, exp, expandDims, matmul, mul, type Node, reduceSum, square } from '../../../lib/graph/index.js';
import { Fixture } from '../safetensors.js';
import { loss, weightedLoss } from './denoising.js';

/** The lower cost of each fixture, from its README. */
const lowerCosts = {
  ridge: (z, y, u, v) => add(loss(z, y), mul(0.5, reduceSum(mul(exp(expandDims(u, [1])), square(v))))),
  weights: (z, y, u, v) => add(weightedLoss(z, y, u), mul(0.05, reduceSum(square(v)))),
} as const satisfies Record<string, (z: Node, y: Node, u: Node, v: Node) => Node>;

export type KnownName = keyof typeof lowerCosts;
export const knownNames = Object.keys(lowerCosts) as readonly KnownName[];

/** A problem stated at a u and its solution v*, where the hypergradient is known. */
export interface Known {
  readonly name: KnownName;
  readonly problem: BilevelProblem;
  readonly fixture: Fixture;
}

export async function loadKnown(name: KnownName): Promise<Known> {
  const fixture = await Fixture.read(`hypergradient/${name}.safetensors`);
  const data = (part: string) => feed({ x: fixture.float32(`x_${part}`), y: fixture.int64(`y_${part}`) });
  const problem = bilevelProblem({
    upper: { u: fixture.float32('u') },
    lower: { v: fixture.float32('v_star') },
    feeds: { train: data('train'), validation: data('val') },
    f: ({ v, validation: { x, y } }) => loss(matmul(x, v.v), y),
    g: ({ u, v, train: { x, y } }) => lowerCosts[name](matmul(x, v.v), y, u.u, v.v),
  });
  return { name, problem, fixture };
}

/** The fixture's numbers for all inputs among the nodes, for the reference evaluation; v at v*. */
export function valuesOf({ fixture }: Known, nodes: readonly Node[]): Map<Node, Float64Array> {
  const data = new Map<Node, Float64Array>();
  for (const node of graph.topologicalOrder(nodes)) {
    if (!graph.isOp(node, 'input')) continue;
    const [group, name] = node.attributes.name.split('/');
    const key = { u: 'u', v: 'v_star', 'data.train': `${name}_train`, 'data.validation': `${name}_val` }[group ?? ''];
    if (key !== undefined) data.set(node, Float64Array.from(fixture.numbers(key)));
  }
  return data;
}

/** Derivatives at u and v* as dense matrices in float64. */
export interface DenseDerivatives {
  /** grad_vv g, by rows. */
  readonly hessian: readonly (readonly number[])[];
  /** grad_uv g w for every unit w, by its rows: row j is the column j of grad_uv g. */
  readonly cross: readonly (readonly number[])[];
  /** grad_u f and grad_v f */
  readonly f: { readonly u: readonly number[]; readonly v: readonly number[] };
}

export function denseDerivatives(known: Known): DenseDerivatives {
  const at = oracles(known.problem);
  const direction = graph.input('direction', at.v[0]?.shape ?? []);
  const { u, v } = at.fGradient();
  const products: Vector = [...at.hessianVectorProduct([direction]), ...at.jacobianVectorProduct([direction])];
  const data = valuesOf(known, [...u, ...v, ...products]);
  const size = known.fixture.numbers('v_star').length;
  const columns = Array.from({ length: size }, (_, index) => {
    const unit = new Float64Array(size);
    unit[index] = 1;
    const [hessian = [], cross = []] = graph.evaluate(products, new Map([...data, [direction, unit]]));
    return { hessian: [...hessian], cross: [...cross] };
  });
  const [fu = [], fv = []] = graph.evaluate([...u, ...v], data);
  return {
    hessian: columns.map(({ hessian }) => hessian),
    cross: columns.map(({ cross }) => cross),
    f: { u: [...fu], v: [...fv] },
  };
}

/** A w for a symmetric matrix A. */
export function multiply(matrix: readonly (readonly number[])[], w: readonly number[]): number[] {
  return matrix.map((row) => row.reduce((sum, value, index) => sum + value * (w[index] ?? Number.NaN), 0));
}

/** grad_u f - grad_uv g z */
export function implicitDirection({ cross, f }: DenseDerivatives, z: readonly number[]): number[] {
  return f.u.map((value, at) => cross.reduce((sum, row, index) => sum - (row[at] ?? 0) * (z[index] ?? 0), value));
}
