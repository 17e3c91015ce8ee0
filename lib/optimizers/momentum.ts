import { add, mul, sub } from '../graph/index.js';
import { type Optimizer, type OptimizerConstants, slotAt } from './optimizer.js';

/** Heavy ball: b <- momentum b + d; p <- p - rate b */
export function momentum(constants: OptimizerConstants): Optimizer {
  return {
    slots: ['velocity'],
    update(parameter, gradient, slots, stepSize) {
      const velocity = add(mul(constants.momentum, slotAt(slots, 0)), gradient);
      return { parameter: sub(parameter, mul(stepSize, velocity)), slots: [velocity] };
    },
    stepSize: (learningRate) => learningRate,
    stability: 2 * (1 + constants.momentum),
  };
}
