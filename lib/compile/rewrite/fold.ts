import { foldExpression } from '../../graph/fold.js';
import { isOp, type Node } from '../../graph/node.js';
import { rewrite } from '../../graph/rewrite.js';
import { elementCount } from '../../tensor.js';

/** Larger results stay as instructions: evaluating them here would cost more time and memory than running them once. */
const maxFoldedElements = 1 << 16;

/** Replaces values that depend on constants alone by constants. */
export function foldConstants(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => {
    const foldable =
      node.inputs.length > 0 &&
      node.inputs.every((input) => isOp(input, 'constant')) &&
      node.op !== 'broadcastTo' &&
      elementCount(node.shape) <= maxFoldedElements;
    return foldable ? (foldExpression(node) ?? node) : node;
  });
}
