import { asGiven } from './as-given.js';
import type { Baseline } from './baseline.js';
import { confidentLearning } from './confident-learning.js';
import { oracle } from './oracle.js';
import { selfTraining } from './self-training.js';
import { smallLoss } from './small-loss.js';
import { validationAlone } from './validation-alone.js';

export type { Baseline, Finding } from './baseline.js';

/** What a person could do without bilevel optimization, and what knowing the wrong labels would give. */
export const baselines: readonly Baseline[] = [
  validationAlone,
  asGiven,
  selfTraining,
  smallLoss,
  confidentLearning,
  oracle,
];
