import { type AnyPoint, type BilevelProblem, type Evaluations, requireProblem } from '../bilevel/index.js';
import { checkRecord } from '../errors.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../options.js';
import type { Schedule } from '../schedules/index.js';
import { checkBlocks } from './machine/blocks.js';
import { checkConditions } from './machine/conditions.js';
import type { MemoryOrder, MethodDefinition } from './machine/definition.js';
import { limitsRates, MethodSolver } from './machine/method-solver.js';
import { curvatureGradients } from './parts/largest-curvature.js';
import { withLimits } from './parts/level-options.js';
import { type CreateOptions, checkCreateOptions, type MethodResources, refuseResources } from './solver.js';
import type { NamesOf } from './state.js';

/** A method: call it with a problem for a solver. */
export interface Method<T extends OptionTable, Q extends object>
  extends Omit<MethodDefinition<T, Q>, 'build' | 'validate' | 'check' | 'addedCurvature'> {
  /**
   * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing
   */
  <P extends AnyPoint>(
    problem: BilevelProblem<P>,
    options?: GivenOptions<T>,
    resources?: MethodResources,
  ): MethodSolver<Options<T>, Q, NamesOf<P>>;
  /**
   * The same solver, whose programs are compiled by another thread, so that the event loop goes on; the graphs of costs
   * and derivatives are made on this one, before the first turn of the event loop.
   * @throws as the call; ABORTED when the signal stops it
   */
  readonly create: <P extends AnyPoint>(
    problem: BilevelProblem<P>,
    options?: GivenOptions<T>,
    createOptions?: CreateOptions,
  ) => Promise<MethodSolver<Options<T>, Q, NamesOf<P>>>;
  /** The options with all defaults. @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
  readonly validate: (given?: GivenOptions<T>) => Options<T>;
}

type Filled<G> = Schedule extends Exclude<G, undefined> ? Schedule : Exclude<G, undefined>;

/**
 * Options that were checked, with their defaults, of a method that is given O: schedules where numbers stand for them.
 */
export type FilledOptions<O extends object> = { readonly [K in keyof O]-?: Filled<O[K]> };

/** A method whose options have a type with a name, O: what its users see of it. */
export interface NamedMethod<O extends object, Q extends object>
  extends Omit<Method<OptionTable, Q>, 'create' | 'validate' | 'evaluations' | 'memory'> {
  /** @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing */
  <P extends AnyPoint>(
    problem: BilevelProblem<P>,
    options?: O,
    resources?: MethodResources,
  ): MethodSolver<FilledOptions<O>, Q, NamesOf<P>>;
  /**
   * The same solver, whose programs are compiled by another thread, so that the event loop goes on; the graphs of costs
   * and derivatives are made on this one, before the first turn of the event loop.
   * @throws as the call; ABORTED when the signal stops it
   */
  readonly create: <P extends AnyPoint>(
    problem: BilevelProblem<P>,
    options?: O,
    createOptions?: CreateOptions,
  ) => Promise<MethodSolver<FilledOptions<O>, Q, NamesOf<P>>>;
  /** The options with all defaults. @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
  readonly validate: (given?: O) => FilledOptions<O>;
  /** What the iteration of this index, from 0, asks the oracles for. */
  readonly evaluations: (options: FilledOptions<O>, index: number, problem?: BilevelProblem) => Evaluations;
  /** How its memory grows with the number of lower steps. */
  readonly memory: (options: FilledOptions<O>) => MemoryOrder;
}

/** A method with its options by the name of their type. */
export type Named<O extends object, M> = M extends Method<infer _, infer Q> ? NamedMethod<O, Q> : never;

export function defineMethod<const T extends OptionTable, Q extends object>(
  definition: MethodDefinition<T, Q>,
): Method<T, Q> {
  const { name, options: table } = definition;
  const validate = (given: GivenOptions<T> = {}): Options<T> => {
    refuseResources(given, name);
    const filled = 'limitRates' in table ? withLimits(given) : given;
    return definition.validate === undefined ? validateOptions(table, filled, name) : definition.validate(filled);
  };
  const evaluations: typeof definition.evaluations = (options, index, problem) => {
    checkRecord(options, 'the options');
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
  const solve = <P extends AnyPoint>(
    problem: BilevelProblem<P>,
    given: GivenOptions<T> = {},
    resources: MethodResources = {},
  ) => MethodSolver.make<T, Q, NamesOf<P>>(definition, problem, checked(problem, given), resources);
  const create = async <P extends AnyPoint>(
    problem: BilevelProblem<P>,
    given: GivenOptions<T> = {},
    createOptions: CreateOptions = {},
  ) => {
    const { resources, course } = checkCreateOptions(createOptions);
    return MethodSolver.create<T, Q, NamesOf<P>>(course, definition, problem, checked(problem, given), resources);
  };
  const { build, check, addedCurvature: _added, name: _, ...described } = definition;
  Object.defineProperty(solve, 'name', { value: name });
  return Object.assign(solve, { ...described, evaluations, validate, create });
}
