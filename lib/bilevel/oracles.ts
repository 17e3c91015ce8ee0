import {
  add,
  gradient,
  inner,
  input,
  type Node,
  reduceSum,
  stopGradient,
  substitute,
  vectorize,
  zeros,
} from '../graph/index.js';
import type { BilevelProblem } from './problem.js';
import type { Vector } from './vectors.js';

/** What methods are compared by: gradients and second-order products, each at one point and on one mini-batch. */
export interface Evaluations {
  readonly fGradients: number;
  readonly gGradients: number;
  readonly hessianVectorProducts: number;
  readonly jacobianVectorProducts: number;
}

/** A pair of directions, or a point. */
export interface Pair {
  readonly u: Vector;
  readonly v: Vector;
}

/** A step of an algorithm at one level, written in the costs and derivatives of a point. */
export type Step = (at: Oracles) => Vector;

/** What a step carries along besides u and v, such as optimizer slots. */
export interface Carried {
  readonly nodes: Vector;
  /** For each of them its directions, stacked as those of u and v. */
  readonly directions: Vector;
}

/** Takes note of evaluations; one without `times`. */
export type EvaluationCount = (kind: keyof Evaluations, times?: number) => void;

/** What derivatives are taken of, and by what. */
export interface OracleStatement extends Pick<BilevelProblem, 'f' | 'g'>, Pair {
  /** What vanishes where v solves the lower level; grad_v g by default. */
  readonly residual?: Vector | undefined;
}

/**
 * f, g, their first derivatives and the second-order products that the methods are made of, as nodes of one graph at
 * one point on the present mini-batch. A derivative is made when it is first asked for, and counted once. With trials,
 * costs are [trials] and every derivative holds those of the trials side by side.
 */
export class Oracles {
  readonly f: Node;
  readonly g: Node;
  /** What derivatives are taken by. */
  readonly u: Vector;
  readonly v: Vector;
  readonly #residual: Vector | undefined;
  readonly #made: Map<string, Pair>;
  readonly #counted = new Set<string>();
  readonly #count: EvaluationCount;

  constructor(
    { f, g, u, v, residual }: OracleStatement,
    count: EvaluationCount = () => undefined,
    made: Map<string, Pair> = new Map(),
  ) {
    this.f = f;
    this.g = g;
    this.u = u;
    this.v = v;
    this.#residual = residual;
    this.#count = count;
    this.#made = made;
  }

  /** The same derivatives, counted anew: for a phase of its own. */
  counting(count: EvaluationCount): Oracles {
    return new Oracles({ ...this, residual: this.#residual }, count, this.#made);
  }

  /** The same costs on the same mini-batch at another point; a level that is not given stays where it is. */
  at({ u = this.u, v = this.v }: Partial<Pair>): Oracles {
    const from = [...this.u, ...this.v];
    const to = [...u, ...v];
    if (from.length !== to.length) throw new RangeError('A point needs a node for every variable.');
    const moved = new Map(from.map((node, index): [Node, Node] => [node, to[index] ?? node]));
    const [f = this.f, g = this.g, ...residual] = substitute([this.f, this.g, ...(this.#residual ?? [])], moved);
    return new Oracles({ f, g, u, v, residual: this.#residual && residual }, this.#count);
  }

  /**
   * The same costs on the same mini-batch at `count` points at once, whose nodes are [count, ...shape]. Costs and
   * derivatives then have that first axis too, and every derivative is counted once for each point.
   */
  atMany({ u, v }: Pair, count: number): Oracles {
    const from = [...this.u, ...this.v];
    const moved = new Map([...u, ...v].map((node, index): [Node, Node] => [from[index] ?? node, node]));
    if (moved.size !== from.length) throw new RangeError('A point needs a node for every variable.');
    const [f = this.f, g = this.g, ...residual] = vectorize([this.f, this.g, ...(this.#residual ?? [])], moved, count);
    return new Oracles({ f, g, u, v, residual: this.#residual && residual }, (kind, times = 1) =>
      this.#count(kind, count * times),
    );
  }

  /** grad_u f and grad_v f */
  fGradient(): Pair {
    this.#countOnce('f', 'fGradients');
    return this.#gradient('f', () => this.f);
  }

  /** grad_u g and grad_v g */
  gGradient(): Pair {
    this.#countOnce('g', 'gGradients');
    return this.#gradient('g', () => this.g);
  }

  /** grad_v g */
  lowerGradient(): Vector {
    return this.gGradient().v;
  }

  /** What vanishes where v solves the lower level: grad_v g unless stated otherwise. */
  residual(): Vector {
    this.#countOnce('g', 'gGradients');
    return this.#stationarity();
  }

  /** grad_vv g w with w held constant */
  hessianVectorProduct(w: Vector): Vector {
    this.#count('hessianVectorProducts');
    return gradient(this.#along(w), this.v);
  }

  /** grad_uv g w with w held constant */
  jacobianVectorProduct(w: Vector): Vector {
    this.#count('jacobianVectorProducts');
    return gradient(this.#along(w), this.u);
  }

  /**
   * grad_uv g w and grad_vv g w for `count` vectors w side by side, [count, ...shape] as they are; counted for each.
   */
  secondOrderProducts(w: Vector, count: number): Pair {
    this.#count('jacobianVectorProducts', count);
    this.#count('hessianVectorProducts', count);
    const { u, v } = this;
    const places = v.map(({ shape }) => input('direction', shape));
    const gradients = gradient(this.#along(places), [...u, ...v]);
    const moved = new Map(places.map((place, index): [Node, Node] => [place, w[index] ?? place]));
    const products = vectorize(gradients, moved, count);
    return { u: products.slice(0, u.length), v: products.slice(u.length) };
  }

  /**
   * grad_u f + grad_uv g w and grad_v f + grad_vv g w with w held constant, in one backward pass. With w = -z it is the
   * hypergradient's estimate D_u(u, v, z) and minus the residual of the linear system grad_vv g z = grad_v f.
   */
  lagrangianGradient(w: Vector): Pair {
    const { u, v } = this;
    const gradients = gradient(add(reduceSum(this.f), this.#along(w)), [...u, ...v]);
    this.#countOnce('f', 'fGradients');
    const counted = new Set<keyof Evaluations>();
    const part = (kind: keyof Evaluations, nodes: Vector): Vector => {
      if (!counted.has(kind)) this.#count(kind);
      counted.add(kind);
      return nodes;
    };
    return {
      get u() {
        return part('jacobianVectorProducts', gradients.slice(0, u.length));
      },
      get v() {
        return part('hessianVectorProducts', gradients.slice(u.length));
      },
    };
  }

  /**
   * The gradients of <step, w> by u, v and what else the step goes on from, with w held constant: reverse mode through
   * a lower step, one product of either kind. The step's own first derivatives are part of the products.
   */
  pullBack(step: Step, w: Vector, carried: Vector = []): Pair & { readonly carried: Vector } {
    this.#count('hessianVectorProducts');
    this.#count('jacobianVectorProducts');
    return this.#pulledBack(step, w.map(stopGradient), carried);
  }

  /**
   * The derivatives of a lower step along `count` pairs of directions, stacked as [count, ...shape]: forward mode, one
   * product of either kind for each pair. Written as the transpose of reverse mode, which is linear in what it pulls
   * back.
   */
  pushForward(step: Step, directions: Pair, count: number, carried: Carried = { nodes: [], directions: [] }): Vector {
    this.#count('hessianVectorProducts', count);
    this.#count('jacobianVectorProducts', count);
    const like = (nodes: Vector): Vector => nodes.map(({ shape }) => input('direction', shape));
    const direction = like([...this.u, ...this.v, ...carried.nodes]);
    const w = [...this.v, ...carried.nodes].map(({ shape }) => zeros(shape));
    const pulled = this.#pulledBack(step, w, carried.nodes);
    const along = gradient(inner([...pulled.u, ...pulled.v, ...pulled.carried], direction), w);
    const stacked = [...directions.u, ...directions.v, ...carried.directions];
    const places = direction.map((place, index): [Node, Node] => [place, stacked[index] ?? place]);
    return vectorize(along, new Map(places), count);
  }

  #pulledBack(step: Step, w: Vector, carried: Vector): Pair & { readonly carried: Vector } {
    const uncounted = this.counting(() => undefined);
    const gradients = gradient(inner(step(uncounted), w), [...this.u, ...this.v, ...carried]);
    const [v, rest] = [this.u.length, this.u.length + this.v.length];
    return { u: gradients.slice(0, v), v: gradients.slice(v, rest), carried: gradients.slice(rest) };
  }

  /** <grad_v g, w>, whose gradients are the second-order products. */
  #along(w: Vector): Node {
    return inner(this.#stationarity(), w.map(stopGradient));
  }

  #stationarity(): Vector {
    return this.#residual ?? this.#gradient('g', () => this.g).v;
  }

  #gradient(name: string, cost: () => Node): Pair {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    // The trials are independent of each other, so the gradient of their sum holds the gradient of each.
    const gradients = gradient(reduceSum(cost()), [...this.u, ...this.v]);
    const made = { u: gradients.slice(0, this.u.length), v: gradients.slice(this.u.length) };
    this.#made.set(name, made);
    return made;
  }

  #countOnce(name: string, kind: keyof Evaluations): void {
    if (this.#counted.has(name)) return;
    this.#counted.add(name);
    this.#count(kind);
  }
}

/** The oracles of a problem at its variables. */
export function oracles({ f, g, upper, lower }: BilevelProblem): Oracles {
  return new Oracles({ f, g, u: upper.map(({ value }) => value), v: lower.map(({ value }) => value) });
}
