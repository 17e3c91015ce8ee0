import {
  minus,
  type Oracles,
  type Pair,
  plusScaled,
  scaled,
  smallestNormal,
  type Vector,
} from '../../../bilevel/index.js';
import { div, greater, maximum, mul, type Node, not, sqrt, where } from '../../../graph/index.js';
import type { MethodBuilder } from '../../machine/builder.js';
import { assign, type Update } from '../../machine/level.js';
import { hopeless } from './series-growth.js';

/** What |r|^2 is divided by at least. */
const smallest = 1e-30;

/** What a step of a series makes of it. */
export interface SeriesStep {
  readonly updates: readonly Update[];
  /** |r_q| / |r_0| */
  readonly size: Node;
  /** <r_q, r_{q-1}> / |r_{q-1}|^2: it tends to 1 - eta c with the curvature c for which |1 - eta c| is largest. */
  readonly factor: Node;
}

/** A point at which the series eta sum r_q of r_0 = grad_v f and r_q = r_{q-1} - eta H r_{q-1} is summed. */
export class SeriesPoint {
  readonly name: string;
  /** The sum, or what stands for it. */
  readonly z: Vector;
  /** grad_u f on the mini-batch of r_0. */
  readonly upperGradient: Vector;
  /** r_q / |r_0|, whose square vanishes in float32 only when the term has. */
  readonly term: Vector;
  readonly #b: MethodBuilder;
  readonly #at: Partial<Pair> | undefined;
  /** |r_0|, or 1 where it is too small to divide by. */
  readonly #unit: Node;
  readonly #size: Node;
  readonly #factor: Node;

  /**
   * @param name that tells the points of a method apart
   * @param at where it is; at the variables by default
   */
  constructor(b: MethodBuilder, name: string, at?: Partial<Pair>) {
    const scalar = (what: string): Node => b.scratch(`${what}.${name}`, b.trials === undefined ? [] : [b.trials]);
    this.name = name;
    this.z = b.scratchVector(`z.${name}`, b.lowerVariables);
    this.upperGradient = b.scratchVector(`upperGradient.${name}`, b.upperVariables);
    this.term = b.scratchVector(`neumannTerm.${name}`, b.lowerVariables);
    this.#b = b;
    this.#at = at;
    this.#unit = scalar('neumannUnit');
    this.#size = scalar('neumannSize');
    this.#factor = scalar('neumannFactor');
  }

  /** The oracles of the point, of those at the variables. */
  oracles(o: Oracles): Oracles {
    return this.#at === undefined ? o : o.at(this.#at);
  }

  /** grad_u f - grad_uv g z at the point, the hypergradient's estimate by the series. */
  direction(o: Oracles): Vector {
    return minus(this.upperGradient, this.oracles(o).jacobianVectorProduct(this.z));
  }

  /** Begins at grad_u f and r_0 = grad_v f, which z takes with this weight. */
  begin({ u, v }: Pair, weight: Node | number): SeriesStep {
    const length = this.#b.norm(v);
    const isSome = greater(length, smallestNormal);
    const unit = where(isSome, length, 1);
    const size = where(isSome, 1, 0);
    const updates = [
      ...assign(this.upperGradient, u),
      ...assign(this.z, scaled(weight, v)),
      ...assign(this.term, scaled(div(1, unit), v)),
      ...assign([this.#unit, this.#size, this.#factor], [unit, size, size]),
    ];
    return { updates, size, factor: size };
  }

  /**
   * The next term and what z makes of it.
   * @param product H times the present term
   * @param weight of the term in z
   * @param sums whether it is added to z; else it takes the place of z
   */
  proceed(
    product: Vector,
    { eta, weight, sums }: { eta: Node | number; weight: Node | number; sums: boolean },
  ): SeriesStep {
    // A size that is not a number goes on, to be found at the end.
    const goesOn = not(greater(this.#size, hopeless));
    const term = minus(this.term, scaled(where(goesOn, eta, 0), product));
    const size = sqrt(this.#b.squaredNorm(term));
    const overlap = div(this.#b.dot(term, this.term), maximum(mul(this.#size, this.#size), smallest));
    const factor = where(goesOn, overlap, this.#factor);
    const share = mul(weight, this.#unit);
    const z = sums ? plusScaled(this.z, where(goesOn, share, 0), term) : scaled(share, term);
    const updates = [
      ...assign([...this.term, ...this.z], [...term, ...z]),
      ...assign([this.#size, this.#factor], [size, factor]),
    ];
    return { updates, size, factor };
  }
}
