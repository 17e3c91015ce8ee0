import { type BilevelProblem, requireProblem } from '../bilevel/index.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../options.js';
import { checkBlocks } from './machine/blocks.js';
import { checkConditions } from './machine/conditions.js';
import type { MethodDefinition } from './machine/definition.js';
import { limitsRates, MethodSolver } from './machine/method-solver.js';
import { curvatureGradients } from './parts/largest-curvature.js';
import { withLimits } from './parts/level-options.js';
import { type CreateOptions, checkCreateOptions, type MethodResources } from './solver.js';

/** A method: call it with a problem for a solver. */
export interface Method<T extends OptionTable, Q extends object>
  extends Omit<MethodDefinition<T, Q>, 'build' | 'validate' | 'check' | 'addedCurvature'> {
  /**
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing
   */
  (problem: BilevelProblem, options?: GivenOptions<T>, resources?: MethodResources): MethodSolver<T, Q>;
  /**
   * The same solver, whose programs are compiled by another thread, so that the event loop goes on; the graphs of costs
   * and derivatives are made on this one, before the first turn of the event loop.
   * @throws as the call; ABORTED when the signal stops it
   */
  readonly create: (
    problem: BilevelProblem,
    options?: GivenOptions<T>,
    createOptions?: CreateOptions,
  ) => Promise<MethodSolver<T, Q>>;
  /** The options with all defaults. @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
  readonly validate: (given?: GivenOptions<T>) => Options<T>;
}

export function defineMethod<const T extends OptionTable, Q extends object>(
  definition: MethodDefinition<T, Q>,
): Method<T, Q> {
  const { name, options: table } = definition;
  const validate = (given: GivenOptions<T> = {}): Options<T> => {
    const filled = 'limitRates' in table ? withLimits(given) : given;
    return definition.validate === undefined ? validateOptions(table, filled, name) : definition.validate(filled);
  };
  const evaluations: typeof definition.evaluations = (options, index, problem) => {
    const own = definition.evaluations(options, index, problem);
    const measured = index === 0 && limitsRates(options) ? curvatureGradients : 0;
    return { ...own, gGradients: own.gGradients + measured };
  };
  const checked = (problem: BilevelProblem, given: GivenOptions<T>): Options<T> => {
    requireProblem(problem, 'bilevelProblem');
    const options = validate(given);
    // A random series may need no Hessian-vector product in an iteration, but its sum is always multiplied with grad_uv
    // g.
    const { jacobianVectorProducts } = definition.evaluations(options, 0, problem);
    const addedCurvature = definition.addedCurvature?.(options) ?? 0;
    checkConditions({ ...definition, solvesWithHessian: jacobianVectorProducts > 0, addedCurvature }, problem);
    if (definition.blocks) checkBlocks(name, problem);
    definition.check?.(problem, options);
    return options;
  };
  const solve = (problem: BilevelProblem, given: GivenOptions<T> = {}, resources: MethodResources = {}) =>
    MethodSolver.make(definition, problem, checked(problem, given), resources);
  const create = async (problem: BilevelProblem, given: GivenOptions<T> = {}, createOptions: CreateOptions = {}) => {
    const { resources, course } = checkCreateOptions(createOptions);
    return MethodSolver.create(course, definition, problem, checked(problem, given), resources);
  };
  const { build, check, addedCurvature: _added, name: _, ...described } = definition;
  Object.defineProperty(solve, 'name', { value: name });
  return Object.assign(solve, { ...described, evaluations, validate, create });
}
