import { type Oracles, scaled, type Vector } from '../../bilevel/index.js';
import { atIteration, type MethodBuilder, type Reported } from '../machine/builder.js';
import type { Level, Update } from '../machine/level.js';
import type { LevelSettings } from './level-options.js';
import { relativeResidual } from './linear-system/linear-system.js';

/** Directions of the upper level, the lower level and the linear system, each to be descended along. */
export interface JointDirections {
  readonly u: Vector;
  readonly v: Vector;
  readonly z: Vector;
}

/** Three variables that move together: u, v and the solution z of grad_vv g z = grad_v f. */
export interface JointLevels {
  readonly upper: Level;
  readonly lower: Level;
  readonly system: Level;
  /** A step of all three from their old values. */
  step(directions: JointDirections): Update[];
}

/** u and v under the method's options, and z, which starts at 0 and descends plainly at the rate of v. */
export function jointLevels(b: MethodBuilder, settings: LevelSettings): JointLevels {
  const { upper, lower } = b.pair(settings);
  const rate = atIteration(settings.lowerLearningRate);
  const parts = { optimizer: 'sgd', rate, rateOption: 'lowerLearningRate', settings } as const;
  const system = b.auxiliary('z', b.lowerVariables, parts);
  const step = ({ u, v, z }: JointDirections): Update[] => [...lower.step(v), ...system.step(z), ...upper.step(u)];
  return { upper, lower, system, step };
}

/** grad_u f - grad_uv g z, grad_v g and grad_vv g z - grad_v f at the oracles' point. */
export function jointDirections(o: Oracles, z: Vector): JointDirections {
  const lagrangian = o.lagrangianGradient(scaled(-1, z));
  return { u: lagrangian.u, v: o.lowerGradient(), z: scaled(-1, lagrangian.v) };
}

/** What a joint step tells: the values at the point that it starts from, and the directions. */
export function jointReports(b: MethodBuilder, o: Oracles, { u, v, z }: JointDirections): Reported {
  const linearResidual = relativeResidual(b.norm(z), b.norm(o.fGradient().v));
  return { f: o.f, g: o.g, lowerGradient: v, hypergradient: u, linearResidual };
}
