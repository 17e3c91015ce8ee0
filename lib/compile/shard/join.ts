import { allReduce } from '../../graph/functions/ranks.js';
import { concat, reshape, slice } from '../../graph/functions/shape.js';
import { isOp, type Node } from '../../graph/node.js';
import { withInputs } from '../../graph/rewrite.js';
import { topologicalOrder } from '../../graph/traverse.js';
import { elementCount } from '../../tensor.js';

/**
 * One sum over the ranks in place of all that wait for equally many others: fewer, and of which each waits for the one
 * before, so that all ranks come to them in one order whatever else is reordered.
 */
export function joinAllReduces(roots: readonly Node[]): readonly Node[] {
  const order = topologicalOrder(roots);
  const made = new Map<Node, Node>();
  const replaced = (node: Node): Node => made.get(node) ?? node;
  for (const { sums, others } of byLevel(order)) {
    for (const [sum, whole] of joined(sums, replaced)) made.set(sum, whole);
    for (const node of others) {
      const inputs = node.inputs.map(replaced);
      if (inputs.some((input, index) => input !== node.inputs[index])) made.set(node, withInputs(node, inputs));
    }
  }
  return roots.map(replaced);
}

interface Level {
  readonly sums: Node[];
  readonly others: Node[];
}

/** Nodes by how many sums over the ranks come one after the other before they are there, themselves included. */
function byLevel(order: readonly Node[]): readonly Level[] {
  const levels: Level[] = [];
  const levelOf = new Map<Node, number>();
  for (const node of order) {
    const isSum = isOp(node, 'allReduce');
    const before = node.inputs.reduce((most, input) => Math.max(most, levelOf.get(input) as number), 0);
    const level = before + Number(isSum);
    levelOf.set(node, level);
    while (levels.length <= level) levels.push({ sums: [], others: [] });
    const { sums, others } = levels[level] as Level;
    (isSum ? sums : others).push(node);
  }
  return levels;
}

function joined(sums: readonly Node[], replaced: (node: Node) => Node): (readonly [sum: Node, whole: Node])[] {
  const operands = sums.map(({ inputs }) => replaced(inputs[0] as Node));
  if (sums.length < 2) return sums.map((sum, index) => [sum, allReduce(operands[index] as Node)]);
  const flat = operands.map((operand) => reshape(operand, [elementCount(operand.shape)]));
  const whole = allReduce(concat(flat, 0));
  let end = 0;
  return sums.map((sum) => {
    const start = end;
    end += elementCount(sum.shape);
    return [sum, reshape(slice(whole, { starts: [start], limits: [end] }), sum.shape)];
  });
}
