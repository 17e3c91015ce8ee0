import { minus, plusScaled, scaled } from '../../bilevel/index.js';
import {
  add,
  constant,
  div,
  greater,
  lessEqual,
  maximum,
  mul,
  type Node,
  randomUniform,
  sub,
  where,
} from '../../graph/index.js';
import type { MethodBuilder } from '../machine/builder.js';
import type { Iteration } from '../machine/iteration.js';
import { assign, type Level } from '../machine/level.js';
import type { Phase } from '../machine/phase.js';

/** Steps of the power iteration: they find a fair share of the largest curvature in any number of dimensions. */
const steps = 20;

/** Gradients of g that a measurement takes. */
export const curvatureGradients = steps + 1;

/**
 * How far differences of gradients reach, relative to |v| where that is above 1. They go one way only, at half the cost
 * of those of `differenceProducts`: how long they are need be known but roughly.
 */
const radius = 1e-3;

/** A curvature beyond this is a difference that is no number, and says nothing. */
const most = 1e30;

/**
 * The largest curvature of g in v at the present point, on one mini-batch: the power iteration w <- (grad_v g(u, v + r
 * w / |w|) - grad_v g(u, v)) / r from a random w, whose length tends to the largest magnitude of an eigenvalue of
 * grad_vv g. It needs no second derivatives, so that it serves methods and costs that have none.
 */
export class LargestCurvature {
  readonly #b: MethodBuilder;
  readonly #start: Phase;
  readonly #step: Phase;
  /** 1 over the curvature: the builder's limit of rates where it has one. */
  readonly #limit: Node;
  readonly #bounds = new Map<Level, Phase>();

  constructor(b: MethodBuilder) {
    this.#b = b;
    this.#limit = b.rateLimit ?? b.scratch('rateLimit', b.trials === undefined ? [] : [b.trials]);
    const gradient = b.scratchVector('curvature.gradient', b.lowerVariables);
    const w = b.scratchVector('curvature.direction', b.lowerVariables);
    const { key } = b.problem;
    const random = w.map(({ shape }, index) =>
      sub(randomUniform(add(key, constant([0, index], [2], 'int32')), shape), 0.5),
    );
    this.#start = b.phase(
      'curvatureStart',
      (o) => ({ updates: [...assign(gradient, o.lowerGradient()), ...assign(w, random)] }),
      { once: true },
    );
    this.#step = b.phase('curvature', (o) => {
      const [length, reach] = [b.norm(w), mul(radius, maximum(b.norm(o.v), 1))];
      const ahead = plusScaled(o.v, div(reach, where(greater(length, 0), length, 1)), w);
      const change = scaled(div(1, reach), minus(o.at({ v: ahead }).lowerGradient(), gradient));
      const size = b.norm(change);
      const curvature = where(lessEqual(size, most), size, 0);
      const limit = div(1, maximum(curvature, 1 / most));
      return { updates: assign([...w, this.#limit], [...change, limit]), outputs: { curvature } };
    });
  }

  /** The curvature of each trial; 0 where there is none, or where gradients are not finite. */
  async measure(iteration: Iteration): Promise<readonly number[]> {
    await iteration.run(this.#start);
    await iteration.run(this.#step, steps);
    return this.#step.output('curvature');
  }

  /** The rates that keep plain steps of a level stable where it was measured, of each trial. */
  async boundsOf(level: Level, iteration: Iteration): Promise<readonly number[]> {
    const { bound } = level;
    if (bound === undefined) return [];
    const phase =
      this.#bounds.get(level) ??
      this.#b.phase('bound', () => ({ outputs: { bound: bound(this.#limit) } }), { once: true });
    this.#bounds.set(level, phase);
    await iteration.run(phase);
    return phase.output('bound');
  }

  /** Whether a phase is one of the measurement. */
  has(phase: Phase): boolean {
    return phase === this.#start || phase === this.#step;
  }
}
