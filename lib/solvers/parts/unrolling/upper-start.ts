import type { BilevelProblem, Variable, Vector } from '../../../bilevel/index.js';
import { BilevelError, invalidArgument } from '../../../errors.js';
import { broadcastTo, expandDims } from '../../../graph/index.js';
import { formatType, type Shape, sameShape } from '../../../tensor.js';
import type { MethodBuilder } from '../../machine/builder.js';
import type { Unrolling } from './unrolled.js';

/**
 * Where lower variables start when each starts at the upper variable of its name: the same for every task where the
 * lower one has one more axis, that of the tasks, which comes first or after that of the trials.
 */
export function upperStart({
  upperVariables,
  lowerVariables,
  trials,
}: Pick<MethodBuilder, 'upperVariables' | 'lowerVariables' | 'trials'>): Vector {
  return lowerVariables.map((variable) => {
    const { value } = namesake(variable, upperVariables);
    const { shape } = variable.value;
    return sameShape(value.shape, shape) ? value : broadcastTo(expandDims(value, [taskAxis(trials)]), shape);
  });
}

/** Adaptation from there: all steps are differentiated, or none, which leaves the derivative by the start alone. */
export function adaptation(options: { readonly lowerSteps: number; readonly firstOrder: boolean }): Unrolling {
  const { lowerSteps, firstOrder } = options;
  return { lowerSteps, backwardSteps: firstOrder ? 0 : lowerSteps };
}

/** Refuses a problem whose lower variables cannot start so. @throws INVALID_ARGUMENT, SHAPE_MISMATCH */
export function checkUpperStart(method: string, { upper, lower, trials }: BilevelProblem): void {
  for (const variable of lower) {
    const found = upper.find(({ name }) => name === variable.name);
    if (found === undefined || found.index !== undefined) {
      throw invalidArgument(
        `the upper variables given to ${method}`,
        `one named ${variable.name}, not by rows of samples, where the lower variable of that name starts`,
        upper.map(({ name }) => name),
      );
    }
    const { shape } = variable.value;
    if ([shape, withoutTasks(shape, trials)].some((fitting) => sameShape(fitting, found.value.shape))) continue;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The lower variable ${variable.name} starts at the upper one in ${method}, so its shape must be the same or have one more ` +
        `axis for tasks, but it is ${formatType(variable.value)} where the upper one is ${formatType(found.value)}.`,
    );
  }
}

function namesake({ name }: Variable, upper: readonly Variable[]): Variable {
  const found = upper.find((variable) => variable.name === name);
  if (found === undefined) throw new RangeError(`There is no upper variable ${name} to start at.`);
  return found;
}

const taskAxis = (trials: number | undefined): number => (trials === undefined ? 0 : 1);
const withoutTasks = (shape: Shape, trials: number | undefined): Shape => shape.toSpliced(taskAxis(trials), 1);
