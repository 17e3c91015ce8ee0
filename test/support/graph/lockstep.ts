import { evaluate, isOp, type Node, topologicalOrder } from '../../../lib/graph/index.js';

/**
 * The values of the roots on every rank of several that compute together: graphs of one rank each, which meet in their
 * sums over the ranks, those of each graph in the order in which they depend on each other.
 */
export function evaluateTogether(
  ranks: readonly (readonly Node[])[],
  feeds: ReadonlyMap<Node, Float64Array>,
): { readonly values: Float64Array[][]; readonly sums: number } {
  const known = ranks.map(() => new Map(feeds));
  const sums = ranks.map((roots) => topologicalOrder(roots).filter((node) => isOp(node, 'allReduce')));
  const count = sums[0]?.length ?? 0;
  if (sums.some(({ length }) => length !== count)) throw new Error('The ranks have different numbers of sums.');
  for (let index = 0; index < count; index++) {
    const operands = sums.map((each) => each[index]?.inputs[0] as Node);
    const values = operands.map((operand, rank) => evaluate([operand], known[rank])[0] as Float64Array);
    const [first = new Float64Array(), ...others] = values;
    if (others.some(({ length }) => length !== first.length)) throw new Error('The ranks meet in different sums.');
    const sum = others.reduce((a, b) => a.map((value, at) => value + (b[at] as number)), first);
    for (const [rank, each] of sums.entries()) known[rank]?.set(each[index] as Node, sum);
  }
  return { values: ranks.map((roots, rank) => evaluate(roots, known[rank])), sums: count };
}
