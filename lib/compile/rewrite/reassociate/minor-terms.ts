import { isOp, type Node } from '../../../graph/node.js';
import { consumersOf } from '../../../graph/traverse.js';

/** Operations that make another value of terms, in which rounding is neither lost nor grows out of proportion. */
const passedOn: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'neg', 'reshape', 'broadcastTo']);

/**
 * The values from which every result comes only through sums with other values than squares, so that their rounding is
 * lost in theirs.
 */
export function minorTermsOf(order: readonly Node[], roots: readonly Node[]): ReadonlySet<Node> {
  const independent = independentOf(order);
  const consumers = consumersOf(order);
  const results = new Set(roots);
  const minor = new Set<Node>();
  const isLostIn = (user: Node, node: Node): boolean => {
    const isSum = isOp(user, 'add') || isOp(user, 'sub');
    if (isSum && user.inputs.some((input) => input !== node && independent.has(input))) return true;
    return passedOn.has(user.op) && minor.has(user);
  };
  for (const node of order.toReversed()) {
    const users = consumers.get(node) as readonly Node[];
    if (!results.has(node) && users.every((user) => isLostIn(user, node))) minor.add(node);
  }
  return minor;
}

/** The values that are not made of inputs, constants and squares alone. */
function independentOf(order: readonly Node[]): ReadonlySet<Node> {
  const independent = new Set<Node>();
  const isSquare = (x: Node): boolean => isOp(x, 'mul') && x.inputs[0] === x.inputs[1];
  for (const node of order) {
    if (isOp(node, 'input') || isOp(node, 'constant')) continue;
    const other = passedOn.has(node.op)
      ? node.inputs.some((input) => independent.has(input))
      : !(isOp(node, 'reduceSum') && isSquare(node.inputs[0] as Node));
    if (other) independent.add(node);
  }
  return independent;
}
