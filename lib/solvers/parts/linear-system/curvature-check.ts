import type { Oracles, Vector } from '../../../bilevel/index.js';
import { BilevelError } from '../../../errors.js';
import { div, maximum, type Node } from '../../../graph/index.js';
import type { MethodBuilder, PhaseOptions } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import type { Phase } from '../../machine/phase.js';

/** What conjugate gradients have met, for each trial. */
export interface Curvatures {
  readonly lowest: readonly number[];
  readonly highest: readonly number[];
  /** Not 0 where they have stopped at a direction without curvature. */
  readonly ended: readonly number[];
  /** Relative residual of the solution. */
  readonly residual: readonly number[];
}

export interface CurvatureCheckParts {
  /** grad_uv g w: what u makes of a part of the solution. */
  readonly coupling: (o: Oracles, w: Vector) => Vector;
  /** The residual up to a factor, where the curvature has ended. */
  readonly residual: Vector;
  readonly solution: Vector;
  /** What to do: a sentence that names the method's options. */
  readonly advice: string;
  /** Whether the solution found before negative curvature was met is taken in place of an error. */
  readonly stopsAtNegative: boolean;
}

/** Share of the largest curvature seen below which a negative one is taken for rounding. */
const negligible = 1e-5;

/**
 * Relative residual that may be left where the curvature has ended: what rounding leaves of a system that has a
 * solution.
 */
const solved = 1e-3;

/** Share of what u makes of the solution, for equal lengths, that it may make of the residual. */
const uncoupled = 0.1;

/**
 * Refuses what conjugate gradients cannot solve. Negative curvature, unless it only stops them. Without curvature the
 * residual has no solution, and needs none where u does not act on it, as on weights that the data do not determine:
 * then the solution is that of least squares. Where u does act on it, its part of the hypergradient is large and cannot
 * be told in float32. Two Jacobian-vector products tell, in an iteration that meets this.
 */
export function curvatureCheck(
  b: MethodBuilder,
  { coupling, residual, solution, advice, stopsAtNegative }: CurvatureCheckParts,
  options: PhaseOptions,
): (iteration: Iteration, curvatures: Curvatures) => Promise<void> {
  let phase: Phase | undefined;
  const strength = (o: Oracles, w: Vector): Node => div(b.norm(coupling(o, w)), maximum(b.norm(w), 1e-30));
  // Few problems need it, so it is compiled when one does.
  const couplings = (): Phase => {
    phase ??= b.phase(
      'coupling',
      (o) => ({ outputs: { ofResidual: strength(o, residual), ofSolution: strength(o, solution) } }),
      options,
    );
    return phase;
  };
  return async (iteration, { lowest, highest, ended, residual: left }) => {
    const negative = lowest.find((value, trial) => value < -negligible * (highest[trial] ?? 0));
    if (negative !== undefined && stopsAtNegative) return;
    if (negative !== undefined) {
      throw new BilevelError(
        'INDEFINITE_HESSIAN',
        `The Hessian of the linear system has the curvature ${negative} along a direction in ${iteration.where}, so conjugate ` +
          `gradients cannot solve it. ${advice}`,
      );
    }
    const unsolved = ended.map((value, trial) => value !== 0 && (left[trial] ?? 0) > solved);
    if (!unsolved.includes(true)) return;
    const measured = couplings();
    await iteration.run(measured);
    const [ofResidual, ofSolution] = [measured.output('ofResidual'), measured.output('ofSolution')];
    const trial = unsolved.findIndex(
      (is, index) => is && (ofResidual[index] ?? 0) > uncoupled * (ofSolution[index] ?? 0),
    );
    if (trial === -1) return;
    throw new BilevelError(
      'SINGULAR_HESSIAN',
      `The Hessian of the linear system has no curvature along a direction that u acts on, at most a millionth of the ` +
        `largest, ${highest[trial]}, in ${iteration.where}: the relative residual ${left[trial]} is left and cannot be ` +
        `solved in float32. ${advice}`,
    );
  };
}
