import { type BilevelProblem, oracles } from '../../bilevel/index.js';
import type { ProgramSpec } from '../../compile/index.js';
import { add, input, mul, type Node, sumOfSquares } from '../../graph/index.js';
import type { Level } from '../level.js';

/** The programs of the method; all are cut from one graph. */
export interface PenaltySteps {
  /** One optimizer step of v along grad_v f~2. */
  readonly lower: ProgramSpec;
  /** One optimizer step of u along grad_u f~1. */
  readonly upper: ProgramSpec;
  /** f, g and squared norms at the present point. */
  readonly residuals: ProgramSpec;
  /** nu <- nu + gamma grad_v g */
  readonly multipliers: ProgramSpec;
}

/**
 * The penalty function without and with the local convexification (Mehra and Hamm 2021, section 2.2 and supplement C):
 *
 *     f~1 = f + <nu, grad_v g> + gamma / 2 |grad_v g|^2          f~2 = f~1 + lambda g
 *
 * With w = gamma grad_v g + nu their gradients are grad_u f~1 = grad_u f + grad_uv g w and
 * grad_v f~2 = grad_v f + grad_vv g w + lambda grad_v g: one Jacobian- and one Hessian-vector product with one vector.
 */
export function penaltySteps(problem: BilevelProblem, upper: Level, lower: Level, multipliers: boolean): PenaltySteps {
  const gamma = input('gamma', []);
  const lambda = input('lambda', []);
  const { lowerGradient, lagrangianGradient } = oracles(problem);
  const nu = problem.lower.map(({ name, whole }) => input(`nu/${name}`, whole.shape));
  const weighted = lowerGradient.map((gradient) => mul(gamma, gradient));
  const w = multipliers ? sums(nu, weighted) : weighted;
  const lagrangian = lagrangianGradient(w);
  const lowerPenaltyGradient = sums(
    lagrangian.v,
    lowerGradient.map((gradient) => mul(lambda, gradient)),
  );
  const { f, g } = problem;
  return {
    lower: {
      updates: lower.updates(lowerPenaltyGradient),
      perStep: [lower.stepSize],
      perStepOutputs: { f, g },
    },
    upper: {
      updates: upper.updates(lagrangian.u),
      perStep: [upper.stepSize],
      outputs: { hypergradient: sumOfSquares(lagrangian.u) },
    },
    residuals: {
      outputs: {
        f,
        g,
        lowerGradient: sumOfSquares(lowerGradient),
        upper: sumOfSquares(lagrangian.u),
        lower: sumOfSquares(lowerPenaltyGradient),
      },
    },
    multipliers: { updates: sums(nu, weighted).map((value, index) => [nu[index] ?? value, value]) },
  };
}

/** a_i + b_i */
function sums(a: readonly Node[], b: readonly Node[]): Node[] {
  return a.map((node, index) => {
    const other = b[index];
    if (other === undefined) throw new RangeError('Lists of tensors of different lengths cannot be added.');
    return add(node, other);
  });
}
