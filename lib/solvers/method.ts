import { type BilevelProblem, checkProblem } from '../bilevel/index.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../options.js';
import { checkBlocks } from './machine/blocks.js';
import { checkConditions } from './machine/conditions.js';
import type { MethodDefinition } from './machine/definition.js';
import { MethodSolver } from './machine/method-solver.js';
import type { SolverResources } from './solver.js';

/** A method: call it with a problem for a solver. */
export interface Method<T extends OptionTable, Q extends object>
  extends Omit<MethodDefinition<T, Q>, 'build' | 'validate' | 'check' | 'addedCurvature'> {
  /**
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing
   */
  (problem: BilevelProblem, options?: GivenOptions<T>, resources?: SolverResources): MethodSolver<T, Q>;
  /** The options with all defaults. @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
  readonly validate: (given?: GivenOptions<T>) => Options<T>;
}

export function defineMethod<const T extends OptionTable, Q extends object>(
  definition: MethodDefinition<T, Q>,
): Method<T, Q> {
  const { name, options: table } = definition;
  const validate = (given: GivenOptions<T> = {}): Options<T> =>
    definition.validate === undefined ? validateOptions(table, given, name) : definition.validate(given);
  const solve = (problem: BilevelProblem, given: GivenOptions<T> = {}, resources: SolverResources = {}) => {
    checkProblem(problem, 'bilevelProblem');
    const options = validate(given);
    // A random series may need no Hessian-vector product in an iteration, but its sum is always multiplied with grad_uv g.
    const { jacobianVectorProducts } = definition.evaluations(options, 0, problem);
    const addedCurvature = definition.addedCurvature?.(options) ?? 0;
    checkConditions({ ...definition, solvesWithHessian: jacobianVectorProducts > 0, addedCurvature }, problem);
    if (definition.blocks) checkBlocks(name, problem);
    definition.check?.(problem, options);
    return new MethodSolver(definition, problem, options, resources);
  };
  const { build, check, addedCurvature: _added, name: _, ...described } = definition;
  Object.defineProperty(solve, 'name', { value: name });
  return Object.assign(solve, { ...described, validate });
}
