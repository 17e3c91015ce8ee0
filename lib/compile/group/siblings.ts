import { isOp } from '../../graph/node.js';
import { elementCount } from '../../tensor.js';
import { bytesOf } from '../bytes.js';
import { type Clusters, first, spaceOf } from './clusters.js';
import type { Cluster } from './contraction.js';
import { isPass, iterationShape, type StepGraph } from './group.js';

/** Passes of one space among which a partner is looked for, the latest ones: in a long graph others are far away. */
const mostCandidates = 64;

/** Passes over the same space become one when they read much of the same memory, or are not worth a pass each. */
export function mergeSiblings(graph: StepGraph, clusters: Clusters): void {
  const spaces = new Map<string, Cluster[]>();
  for (const cluster of new Set(graph.order.filter(isPass).map((node) => clusters.of(node)))) {
    const space = spaceOf(cluster);
    const seen = spaces.get(space) ?? [];
    spaces.set(space, seen);
    const { isMergeable } = clusters.around(cluster);
    const partner = seen.findIndex((other) => areSiblings(cluster, other, graph, clusters) && isMergeable(other));
    if (partner >= 0) seen[partner] = clusters.merge(seen[partner] as Cluster, cluster);
    else if (seen.push(cluster) > mostCandidates) seen.shift();
  }
}

/**
 * Whether two passes share a good part of what they read, or are tiny. When that is little memory they also have to be
 * alike in what waits for them: nothing for results, and for others a branch that reads what both read and did not come
 * as an input. One pass of two branches, or of a branch and the update of a parameter, would make the branches wait for
 * each other, and the values of both live together.
 */
function areSiblings(a: Cluster, b: Cluster, { isInvariant, target }: StepGraph, clusters: Clusters): boolean {
  if (elementCount(iterationShape(first(a))) === 1) return true;
  const [readsA, readsB] = [clusters.reads(a), clusters.reads(b)];
  const [few, many] =
    readsA.operands.size < readsB.operands.size
      ? [readsA.operands, readsB.operands]
      : [readsB.operands, readsA.operands];
  const shared = [...few.keys()].filter((operand) => many.has(operand) && !isOp(operand, 'constant'));
  if (shared.length === 0) return false;
  const isCommon = bytesOf(shared) >= Math.min(readsA.bytes, readsB.bytes) / 4;
  const areRelated = shared.some((operand) => !isOp(operand, 'input') && !isInvariant(operand));
  const [isLastA, isLastB] = [a, b].map(({ users }) => users.size === 0);
  const waitAlike = isLastA ? isLastB : areRelated && !isLastB;
  if (waitAlike) return isCommon || readsA.bytes + readsB.bytes <= target.tinyBytes;
  return isCommon && bytesOf(shared) > target.tinyBytes;
}
