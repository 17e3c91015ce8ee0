import { invalidArgument } from '../errors.js';
import type { AnyStudy } from '../study/index.js';
import { denoisingStudy } from './denoising/index.js';
import { representationStudy } from './representation/index.js';
import { syntheticStudy } from './synthetic/index.js';

/** The studies, each with a command of its name. */
export const studies: readonly AnyStudy[] = [denoisingStudy, representationStudy, syntheticStudy];

/** @throws INVALID_ARGUMENT for a name that is no study's */
export function findStudy(name: string): AnyStudy {
  const found = studies.find((study) => study.name === name);
  if (found === undefined) throw invalidArgument('study', studies.map((study) => study.name).join(', '), name);
  return found;
}
