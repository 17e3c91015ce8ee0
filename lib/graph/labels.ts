import { isOp, type Node } from './node.js';

/** A cross-entropy in a graph. */
export interface Labelled {
  readonly labels: Node;
  readonly classes: number;
}

/**
 * The labels of which a node makes sure that they are classes: where it is what ends `crossEntropy`, its loss where
 * `0 <= labels < classes` and NaN elsewhere.
 */
export function labelsOf(node: Node): Labelled | undefined {
  const [known, , otherwise] = node.inputs;
  if (node.op !== 'where' || known?.op !== 'and' || !Number.isNaN(numberOf(otherwise))) return undefined;
  const [atLeast, below] = known.inputs;
  if (atLeast?.op !== 'greaterEqual' || below?.op !== 'less' || numberOf(atLeast.inputs[1]) !== 0) return undefined;
  const [labels] = atLeast.inputs;
  const classes = numberOf(below.inputs[1]);
  if (labels === undefined || labels !== below.inputs[0] || classes === undefined) return undefined;
  return { labels, classes };
}

/** The value of a constant of one element. */
function numberOf(node: Node | undefined): number | undefined {
  if (node === undefined || !isOp(node, 'constant') || node.attributes.data.length !== 1) return undefined;
  return node.attributes.data[0];
}
