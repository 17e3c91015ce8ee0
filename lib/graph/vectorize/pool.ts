import { reshape } from '../functions/shape.js';
import { withInputs } from '../rewrite.js';
import { type Rule, stack } from './rule.js';

/** The planes of all points are the planes of one larger batch; positions of maxima are counted within a plane. */
export const pool: Rule<unknown> = (node, operands, count) => {
  const inputs = operands.map((operand) => {
    const [batch = 0, ...rest] = operand.stacked ? operand.node.shape.slice(1) : operand.node.shape;
    return reshape(stack(operand, count), [count * batch, ...rest]);
  });
  return reshape(withInputs(node, inputs), [count, ...node.shape]);
};
