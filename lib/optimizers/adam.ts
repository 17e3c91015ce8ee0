import { add, div, equal, mul, type Node, sqrt, square, sub, where } from '../graph/index.js';
import { type Optimizer, type OptimizerConstants, slotAt } from './optimizer.js';

/**
 * Adam as TensorFlow 1 has it, with the bias corrections in the step size and the stabilizer outside them:
 * m <- b1 m + (1 - b1) d; s <- b2 s + (1 - b2) d^2; p <- p - rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(s) +
 * stabilizer). Kingma and Ba 2015, the form before their section 2.1; the code of Mehra and Hamm uses it throughout.
 */
export function adam({ momentum, secondMoment, stabilizer }: OptimizerConstants): Optimizer {
  return {
    slots: ['mean', 'meanSquare'],
    update(parameter, gradient, slots, stepSize, differentiable = false) {
      const mean = add(mul(momentum, slotAt(slots, 0)), mul(1 - momentum, gradient));
      const meanSquare = add(mul(secondMoment, slotAt(slots, 1)), mul(1 - secondMoment, square(gradient)));
      const root = differentiable ? differentiableRoot(meanSquare) : sqrt(meanSquare);
      const step = mul(stepSize, div(mean, add(root, stabilizer)));
      return { parameter: sub(parameter, step), slots: [mean, meanSquare] };
    },
    stepSize: (learningRate, step) => (learningRate * Math.sqrt(1 - secondMoment ** step)) / (1 - momentum ** step),
    stability: undefined,
  };
}

/**
 * The root with a derivative of 0 at 0, in place of an infinite one: there the second moment is at its minimum, in
 * which no small change of the gradients moves it to first order.
 */
function differentiableRoot(x: Node): Node {
  const isZero = equal(x, 0);
  return where(isZero, 0, sqrt(where(isZero, 1, x)));
}
