import { isOp, type Node } from '../../graph/node.js';
import { consumersOf } from '../../graph/traverse.js';
import { elementCount, sameShape } from '../../tensor.js';
import { classOf } from '../classes.js';
import type { ViewPlan } from '../views.js';
import { type Cluster, Contraction } from './contraction.js';
import { bytesOf, type Grouping, isPass, iterationShape, type MutableGroup, maxMembers, maxOperands } from './group.js';

export interface PartitionOptions {
  /** Without fusion every operation is a pass of its own. */
  readonly fuse: boolean;
}

/** Passes that touch fewer bytes cost more to start than to run. */
const tinyBytes = 2 ** 15;

/** Passes of one space among which a partner is looked for, the latest ones: in a long graph others are far away. */
const mostCandidates = 64;

/** Whether `consumer` reads each element of `producer` where it computes the element of the same index. */
function isAligned(producer: Node, consumer: Node): boolean {
  const kind = classOf(consumer.op);
  return (
    classOf(producer.op) === 'elementwise' &&
    (kind === 'elementwise' || kind === 'reduction') &&
    sameShape(producer.shape, iterationShape(consumer))
  );
}

/**
 * Groups operations for fusion. Operations are visited from the results backwards, so that the consumers of each are
 * already grouped: it joins them when one pass can hold them all and no path leaves the pass and comes back.
 *
 * @param order the graph in topological order
 * @param roots values that must be in memory at the end
 * @param isInvariant values that do not change from step to step; they are never grouped with values that do
 */
export function partition(
  order: readonly Node[],
  roots: ReadonlySet<Node>,
  views: ViewPlan,
  isInvariant: (node: Node) => boolean,
  options: PartitionOptions,
): Grouping {
  const consumers = consumersOf(order);
  const copySources = new Set([...views.copies.values()].map((view) => view.base));
  const contraction = new Contraction(order, consumers, isAligned);
  const stored = new Set<Node>();
  const needed = new Set<Node>();

  for (const node of order.toReversed()) {
    if (!isPass(node)) continue;
    if (classOf(node.op) === 'reduction' || !options.fuse) {
      stored.add(node);
      continue;
    }
    const users = consumers.get(node) as Node[];
    const aligned = users.filter((user) => isAligned(node, user));
    if (roots.has(node) || copySources.has(node) || aligned.length < users.length) needed.add(node);
    const homes = mergeAll(new Set(aligned.map((user) => contraction.clusterOf(user))));
    const mustStore = needed.has(node) || homes.length !== 1;
    const own = contraction.clusterOf(node);
    const home = homes.find((cluster) => (axesOf(cluster) === undefined || !mustStore) && canMerge(cluster, own));
    if (home) contraction.merge(home, own);
    if (mustStore || !home) stored.add(node);
  }
  if (options.fuse) mergeSiblings();
  const groups = new Map<Cluster, MutableGroup>();
  for (const node of order) {
    if (!stored.has(node)) continue;
    const cluster = contraction.clusterOf(node);
    const group = groups.get(cluster) ?? {
      shape: iterationShape(node),
      axes: axesOf(cluster),
      members: new Set(cluster.members),
      outputs: new Set(),
    };
    group.outputs.add(node);
    groups.set(cluster, group);
  }
  return { groups: new Set(groups.values()), needed };

  /** Merges what can be merged of the clusters that use one value; what is left. */
  function mergeAll(clusters: ReadonlySet<Cluster>): Cluster[] {
    const left: Cluster[] = [];
    for (const cluster of clusters) {
      const partner = left.findIndex((other) => sameSpace(cluster, other) && canMerge(other, cluster));
      if (partner < 0) left.push(cluster);
      else left[partner] = contraction.merge(left[partner] as Cluster, cluster);
    }
    return left;
  }

  /** Passes over the same space become one when they read much of the same memory, or are not worth a pass each. */
  function mergeSiblings(): void {
    const spaces = new Map<string, Cluster[]>();
    for (const cluster of new Set(order.filter(isPass).map((node) => contraction.clusterOf(node)))) {
      const key = `${iterationShape(first(cluster.members))} by ${axesOf(cluster)}`;
      const seen = spaces.get(key) ?? [];
      spaces.set(key, seen);
      const partner = seen.findIndex((other) => areSiblings(cluster, other) && canMerge(other, cluster));
      if (partner >= 0) seen[partner] = contraction.merge(seen[partner] as Cluster, cluster);
      else if (seen.push(cluster) > mostCandidates) seen.shift();
    }
  }

  function sameSpace(a: Cluster, b: Cluster): boolean {
    const [axesA, axesB] = [axesOf(a), axesOf(b)];
    const sameAxes = axesA === undefined || axesB === undefined ? axesA === axesB : sameShape(axesA, axesB);
    return sameAxes && sameShape(iterationShape(first(a.members)), iterationShape(first(b.members)));
  }

  function operandsOf(...clusters: readonly Cluster[]): Set<Node> {
    const operands = new Set<Node>();
    const isMember = (node: Node): boolean => clusters.some(({ members }) => members.has(node));
    for (const { members } of clusters) {
      for (const member of members) {
        for (const input of member.inputs) if (!isMember(input)) operands.add(views.viewOf(input).base);
      }
    }
    return operands;
  }

  /**
   * Whether two passes share a good part of what they read, or are tiny. When that is little memory they also have to be alike
   * in what waits for them: nothing for results, and for others a branch that reads what both read and did not come as an
   * input. One pass of two branches, or of a branch and the update of a parameter, would make the branches wait for each
   * other, and the values of both live together.
   */
  function areSiblings(a: Cluster, b: Cluster): boolean {
    const [inA, inB] = [operandsOf(a), operandsOf(b)];
    const shared = new Set([...inA].filter((operand) => inB.has(operand) && !isOp(operand, 'constant')));
    const [bytesA, bytesB] = [bytesOf(inA), bytesOf(inB)];
    if (elementCount(iterationShape(first(a.members))) === 1) return true;
    if (shared.size === 0) return false;
    const isCommon = bytesOf(shared) >= Math.min(bytesA, bytesB) / 4;
    const areRelated = [...shared].some((operand) => !isOp(operand, 'input') && !isInvariant(operand));
    const waitAlike = isLast(a) ? isLast(b) : areRelated && !isLast(b);
    if (waitAlike) return isCommon || bytesA + bytesB <= tinyBytes;
    return isCommon && bytesOf(shared) > tinyBytes;
  }

  /** Whether a pass computes results alone. */
  function isLast({ members }: Cluster): boolean {
    return [...members].every((member) => (consumers.get(member) as Node[]).every((user) => members.has(user)));
  }

  function canMerge(a: Cluster, b: Cluster): boolean {
    if (isInvariant(first(a.members)) !== isInvariant(first(b.members))) return false;
    if (a.members.size + b.members.size > maxMembers || operandsOf(a, b).size > maxOperands) return false;
    return contraction.canMerge(a, b);
  }
}

/** The axes over which a pass reduces; undefined when it does not. */
function axesOf({ members }: Cluster): readonly number[] | undefined {
  for (const node of members) if (isOp(node, 'reduceSum') || isOp(node, 'reduceMax')) return node.attributes.axes;
  return undefined;
}

function first<T>(set: ReadonlySet<T>): T {
  const [value] = set;
  return value as T;
}
