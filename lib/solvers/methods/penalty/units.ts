import type { Vector } from '../../../bilevel/index.js';
import { abs, div, maximum, mul, type Node } from '../../../graph/index.js';
import { Tensor } from '../../../tensor.js';
import type { MethodBuilder } from '../../machine/builder.js';
import { assign, type Update } from '../../machine/level.js';
import type { PenaltySystem } from './system.js';

// Below this a length or a curvature is taken to be 0, so that units stay finite.
export const least = 1e-12;

/** The units of gamma and lambda, kept in the state: 1 until they are measured. */
export interface Units {
  readonly gamma: Node;
  readonly lambda: Node;
  /** Measures them where v solves the lower level. */
  measure(system: PenaltySystem['oracles']): Update[];
}

/**
 * Units in which the weights say the same on every problem, whatever f, g, u and v are measured in. With d = grad_v f
 * and the curvature h = |grad_vv g d| / |d| of g along it, where v solves the lower level,
 *
 *     lambda: |d|^2 / (h |f|)          gamma: the same over h
 *
 * Where v descends f + lambda g with c units of lambda, it goes about d / (lambda h) away from the solution, and f
 * falls by |f| / c. With as many units of gamma the system whose solution u needs is grad_vv g + h I.
 */
export function relativeUnits(b: MethodBuilder): Units {
  const shape = b.trials === undefined ? [] : [b.trials];
  const unit = (name: string): Node =>
    b.tensor(`unit/${name}`, shape, () => {
      const tensor = Tensor.zeros(shape);
      tensor.data.fill(1);
      return tensor;
    });
  const [gamma, lambda] = [unit('gamma'), unit('lambda')];
  return {
    gamma,
    lambda,
    measure(o) {
      const direction: Vector = o.fGradient().v;
      const length = maximum(b.norm(direction), least);
      const curvature = maximum(div(b.norm(o.hessianVectorProduct(direction)), length), least);
      const ofLambda = div(mul(length, length), maximum(mul(curvature, abs(b.problem.f)), least));
      return assign([gamma, lambda], [div(ofLambda, curvature), ofLambda]);
    },
  };
}

/**
 * What the rate of v is multiplied by in each trial: 3 times the root of the mean square of where v starts, at most 1.
 * The weights of a network are small where its layers are wide, and so must steps be; where v starts at 0 its scale is
 * not known.
 */
export function lowerScales({ lowerVariables, trials = 1 }: MethodBuilder): readonly number[] {
  return Array.from({ length: trials }, (_, trial) => {
    let [squares, count] = [0, 0];
    for (const { initial } of lowerVariables) {
      const size = initial.data.length / trials;
      for (let i = trial * size; i < (trial + 1) * size; i++) squares += Number(initial.data[i]) ** 2;
      count += size;
    }
    return squares === 0 ? 1 : Math.min(1, 3 * Math.sqrt(squares / count));
  });
}
