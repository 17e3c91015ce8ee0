import { mul, sub } from '../graph/index.js';
import type { Optimizer } from './optimizer.js';

/** p <- p - rate d */
export function sgd(): Optimizer {
  return {
    slots: [],
    update: (parameter, gradient, _slots, stepSize) => ({
      parameter: sub(parameter, mul(stepSize, gradient)),
      slots: [],
    }),
    stepSize: (learningRate) => learningRate,
    stability: 2,
  };
}
