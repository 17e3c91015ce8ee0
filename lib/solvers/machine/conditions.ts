import type { BilevelProblem, Variable } from '../../bilevel/index.js';
import { BilevelError } from '../../errors.js';
import { gradient, influences, reduceSum } from '../../graph/index.js';

/** What a method can do, as its definition says. */
interface Abilities {
  readonly name: string;
  readonly handlesConstraints?: boolean;
  readonly interior?: boolean;
  readonly startsAtUpper?: boolean;
  readonly solvesWithHessian?: boolean;
  /** Coefficient of the identity that the method adds to grad_vv g. */
  readonly addedCurvature?: number;
}

/**
 * Refuses a problem that the method would solve wrongly without a sign of it.
 * @throws INVALID_ARGUMENT for constraints and sets that it does not keep; NOT_DIFFERENTIABLE when a level has no
 *   effect
 */
export function checkConditions(abilities: Abilities, problem: BilevelProblem): void {
  checkConstraints(abilities, problem);
  checkInfluence(abilities, problem);
  const { name, interior, solvesWithHessian, addedCurvature = 0 } = abilities;
  if (interior && solvesWithHessian && addedCurvature === 0) checkCurvature(name, problem);
}

function checkConstraints({ name, handlesConstraints = false, interior = false }: Abilities, problem: BilevelProblem) {
  const { constraints, lower } = problem;
  const [constraint] = [...constraints.upper, ...constraints.lower];
  if (constraint !== undefined && !handlesConstraints) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `${name} keeps variables in sets, but no ${constraint.kind} such as ${constraint.name}. Take penalty, or state the ` +
        'constraint as a set.',
    );
  }
  const restricted = lower.find(({ set }) => set !== undefined && set.name !== 'box');
  if (restricted === undefined || !interior) return;
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `${name} rests on grad_v g = 0, which does not hold where a set stops v, and so takes no set of a lower variable but a box ` +
      `that v stays inside of; the set of ${restricted.name} is ${restricted.set?.description}. penalty, rmd, pzobo and vPbgd ` +
      'are among those that take any.',
  );
}

/** An operation without a derivative, such as round, cuts a cost off from its variables: every step would be 0. */
function checkInfluence({ startsAtUpper = false }: Abilities, { upper, lower, f, g }: BilevelProblem): void {
  const nodes = (variables: readonly Variable[]) => variables.map(({ value }) => value);
  const [onF, onG] = [influences(nodes(lower), [f]), influences(nodes(lower), [g])];
  // What starts at u is determined by it, whether g moves it or not.
  const lost = startsAtUpper ? undefined : lower.find((_, index) => onF[index] && !onG[index]);
  if (lost !== undefined || !onG.includes(true)) {
    const which = lost === undefined ? 'any lower variable' : `the lower variable ${lost.name}`;
    throw new BilevelError(
      'NOT_DIFFERENTIABLE',
      `The lower cost g does not depend on ${which} through operations that have a derivative, so nothing determines it.`,
    );
  }
  if (startsAtUpper || influences(nodes(upper), [f, g]).includes(true)) return;
  throw new BilevelError(
    'NOT_DIFFERENTIABLE',
    'Neither f nor g depends on an upper variable through operations that have a derivative, so there is nothing to optimize.',
  );
}

/** Where g is piecewise linear in v its second derivative is 0, and so would be all that is solved with it. */
function checkCurvature(name: string, { lower, g }: BilevelProblem): void {
  const v = lower.map(({ value }) => value);
  if (influences(v, gradient(reduceSum(g), v)).includes(true)) return;
  throw new BilevelError(
    'NOT_DIFFERENTIABLE',
    `${name} solves with the second derivative of g by v, which is 0 everywhere for this g. Add a regulariser such as ` +
      'the squared norm of v, or take a method without second derivatives.',
  );
}
