// Different problems, on which the defaults of methods are tried.
import { dataWeights } from './data-weights.mjs';
import { regularization } from './regularization.mjs';
import { learnedSamples } from './samples.mjs';

export const problems = [...regularization, ...dataWeights, ...learnedSamples];
