import { reshape } from '../functions/shape.js';
import { withInputs } from '../rewrite.js';
import { type Rule, stack } from './rule.js';

/**
 * Of a primitive that treats what the first axis of its operands counts each by itself: those of all points are one
 * larger batch.
 */
export const batched: Rule<unknown> = (node, operands, count) => {
  const inputs = operands.map((operand) => {
    const [batch = 0, ...rest] = operand.stacked ? operand.node.shape.slice(1) : operand.node.shape;
    return reshape(stack(operand, count), [count * batch, ...rest]);
  });
  return reshape(withInputs(node, inputs), [count, ...node.shape]);
};
