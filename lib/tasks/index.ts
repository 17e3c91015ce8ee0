import { invalidArgument } from '../errors.js';
import type { AnyStudy } from '../study/index.js';
import { compareStudy } from './comparison/index.js';
import { denoising } from './denoising/index.js';
import { fewShotStudy } from './few-shot/index.js';
import { hyperCleaning } from './hyper-cleaning/index.js';
import { poisoning } from './poisoning/index.js';
import { representation } from './representation/index.js';
import { synthetic } from './synthetic/index.js';
import type { AnyTask } from './task.js';
import { tuningStudy } from './tuning/index.js';

/** The tasks; methods are compared on the first one unless another is asked for. */
export const tasks: readonly [AnyTask, ...AnyTask[]] = [hyperCleaning, denoising, poisoning, representation, synthetic];

export { reviewOf } from './denoising/review.js';

/** The studies, each with a command of its name: those of the tasks, and the comparison of methods on a task. */
export function studiesFor(task: string = tasks[0].name): AnyStudy[] {
  const names = tasks.map(({ name }) => name);
  const compared = tasks.find(({ name }) => name === task) ?? tasks[0];
  return [compareStudy(compared, names), ...tasks.flatMap(({ study }) => study ?? []), fewShotStudy, tuningStudy];
}

/** @param task what is compared, for the study of that. @throws INVALID_ARGUMENT for a name that is no study's */
export function findStudy(name: string, task?: string): AnyStudy {
  const studies = studiesFor(task);
  const found = studies.find((study) => study.name === name);
  if (found === undefined) throw invalidArgument('study', studies.map((study) => study.name).join(', '), name);
  return found;
}
