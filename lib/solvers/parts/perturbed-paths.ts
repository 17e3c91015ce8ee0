import { type Oracles, plusScaled, scaled, type Vector } from '../../bilevel/index.js';
import { broadcastTo, type Node, vectorize } from '../../graph/index.js';
import type { MethodBuilder, PhaseOptions } from '../machine/builder.js';
import type { Iteration } from '../machine/iteration.js';
import { assign, type Level } from '../machine/level.js';
import { type DirectionMode, directionModes, directionsOf } from './directions.js';

export interface PerturbedPathsOptions {
  readonly directions: number;
  readonly directionMode: DirectionMode;
  readonly smoothing: number;
}

/** Rows of an option table for the paths, with a method's own defaults. */
export function perturbedPathsOptions(
  defaults: { readonly directions: number; readonly mode: DirectionMode; readonly smoothing: number },
  source: string,
) {
  return {
    directions: {
      kind: 'integer',
      min: 1,
      max: 10_000,
      default: defaults.directions,
      text: 'Directions in which u is perturbed (Q).',
      source,
    },
    directionMode: {
      kind: 'choice',
      values: directionModes,
      default: defaults.mode,
      text: 'How directions are drawn: normal, on the unit sphere, on that of every variable, or each unit vector once.',
      source,
    },
    smoothing: {
      kind: 'number',
      above: 0,
      default: defaults.smoothing,
      text: 'How far u is moved along a direction (mu).',
      source,
    },
  } as const;
}

/** What the paths of an iteration evaluate: all of them take every lower step. */
export const pathEvaluations = ({ lowerSteps, directions }: { lowerSteps: number; directions: number }) => ({
  gGradients: (directions + 1) * lowerSteps,
  hessianVectorProducts: 0,
  jacobianVectorProducts: 0,
});

/** The lower level run at u and, beside it, at the points u + mu e_j. */
export interface PerturbedPaths {
  /** The v_j, each variable's stacked as [directions, ...shape]. */
  readonly ends: Vector;
  /** The oracles at the points u + mu e_j, v_j. */
  at(o: Oracles): Oracles;
  /**
   * The estimate of a vector x of the upper level from the differences mu <e_j, x>: [directions], or [directions,
   * trials].
   */
  estimate(differences: Node): Vector;
  /** Makes `steps` lower steps of all paths from where v is. */
  run(iteration: Iteration, steps: number): Promise<void>;
}

/**
 * All paths start at the same v with the same optimizer slots, and see the same mini-batches: with independent ones the
 * variance of differences over mu would grow as 1 / mu^2. One phase makes a step of all of them at once.
 */
export function perturbedPaths(
  b: MethodBuilder,
  lower: Level,
  { directions: count, directionMode, smoothing }: PerturbedPathsOptions,
  options: PhaseOptions = {},
): PerturbedPaths {
  const { drawn, sum } = directionsOf(b, directionMode, count);
  const stacked = (name: string, nodes: Vector): Vector =>
    nodes.map(({ shape }, index) => b.stack(`${name}/${index}`, count, shape));
  const directions = stacked('direction', b.oracles.u);
  const tensors = stacked('path', lower.tensors);
  const pairs = (from: Vector, to: Vector) => from.map((node, index): [Node, Node] => [node, to[index] ?? node]);
  const places = new Map(pairs(lower.tensors, tensors));
  const ends = lower.nodes.map((node) => places.get(node) ?? node);
  const at = (o: Oracles): Oracles => o.atMany({ u: plusScaled(o.u, smoothing, directions), v: ends }, count);

  const start = b.phase('pathsStart', () => ({
    updates: [
      ...assign(directions, drawn),
      ...assign(
        tensors,
        lower.tensors.map((node) => broadcastTo(node, [count, ...node.shape])),
      ),
    ],
  }));
  const step = b.phase(
    'lower',
    (o) => {
      const gradient = o.lowerGradient();
      const updates = lower.step(gradient);
      const stackedGradient = at(o).lowerGradient();
      const values = vectorize(
        updates.map(([, value]) => value),
        new Map([...pairs(gradient, stackedGradient), ...places]),
        count,
      );
      return {
        updates: [...updates, ...assign(tensors, values)],
        reports: { g: o.g, lowerGradient: gradient },
      };
    },
    options,
  );
  return {
    ends,
    at,
    estimate: (differences) => scaled(1 / smoothing, sum(differences, directions)),
    async run(iteration, steps) {
      await iteration.run(start);
      await iteration.run(step, steps);
    },
  };
}
