import type { Node } from '../../graph/node.js';
import { rewrite } from '../../graph/rewrite.js';
import { joinAllReduces } from './join.js';
import { type Computed, isMark, type Parts, type RankOf, Sharding } from './sharding.js';

/**
 * The graph of one rank of several, whose roots have the values that they have on one: what is marked as `shardable` is
 * dealt to the ranks, each goes on with its part as long as operations allow it, and `allReduce` puts together what is
 * needed whole. Every rule goes by the graph alone, so the ranks meet in the same sums in the same order.
 */
export function shard(computed: Computed, ranks: RankOf, parts: Parts = {}): Computed {
  if (ranks.size === 1)
    return withRoots(computed, (roots) => rewrite(roots, (node) => (isMark(node) ? (node.inputs[0] as Node) : node)));
  const sharding = new Sharding(ranks, parts);
  sharding.visitAll(computed);
  return withRoots(sharding.finished(computed), joinAllReduces);
}

/** With other values in the place of those that are computed. */
function withRoots({ values, updates }: Computed, change: (roots: readonly Node[]) => readonly Node[]): Computed {
  const changed = change([...values, ...updates.map(([, value]) => value)]);
  const count = values.length;
  return {
    values: changed.slice(0, count),
    updates: updates.map(([target], index) => [target, changed[count + index] as Node]),
  };
}
