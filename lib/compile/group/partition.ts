import type { Node } from '../../graph/node.js';
import { classOf } from '../classes.js';
import { axesOf, Clusters, isAligned, spaceOf } from './clusters.js';
import type { Cluster } from './contraction.js';
import { type Grouping, isPass, iterationShape, type MutableGroup, type StepGraph } from './group.js';
import { mergeSiblings } from './siblings.js';

export interface PartitionOptions {
  /** Without fusion every operation is a pass of its own. */
  readonly fuse: boolean;
}

/**
 * Groups operations for fusion. Operations are visited from the results backwards, so that the consumers of each are
 * already grouped: it joins them when one pass can hold them all and no path leaves the pass and comes back.
 *
 * @param roots values that must be in memory at the end
 */
export function partition(graph: StepGraph, roots: ReadonlySet<Node>, options: PartitionOptions): Grouping {
  const { order, views } = graph;
  const clusters = new Clusters(graph);
  if (!options.fuse) return { groups: groupsOf(order, new Set(order.filter(isPass)), clusters), needed: new Set() };
  const copied = new Set([...views.copies.values()].map((view) => view.base));
  const stored = new Set<Node>();
  const needed = new Set<Node>();
  for (const node of order.toReversed()) {
    if (!isPass(node)) continue;
    const isElsewhere =
      roots.has(node) || copied.has(node) || !clusters.consumers(node).every((user) => isAligned(node, user));
    if (classOf(node.op) === 'elementwise' && isElsewhere) needed.add(node);
    if (classOf(node.op) === 'reduction' || !joinConsumers(node, clusters, isElsewhere)) stored.add(node);
  }
  mergeSiblings(graph, clusters);
  return { groups: groupsOf(order, stored, clusters), needed };
}

/** Puts an operation in the pass of its consumers. @returns whether nothing but that pass needs its value */
function joinConsumers(node: Node, clusters: Clusters, isElsewhere: boolean): boolean {
  const users = clusters.consumers(node).filter((user) => isAligned(node, user));
  const homes = mergeAll(new Set(users.map((user) => clusters.of(user))), clusters);
  const mustStore = isElsewhere || homes.length !== 1;
  const own = clusters.of(node);
  const { isMergeable } = clusters.around(own);
  const home = homes.find((cluster) => (axesOf(cluster) === undefined || !mustStore) && isMergeable(cluster));
  if (home) clusters.merge(home, own);
  return home !== undefined && !mustStore;
}

/** A cluster that uses a value, with others of them that are known to lead to it. */
interface Home {
  cluster: Cluster;
  readonly space: string;
  readonly before: Set<Home>;
}

/** Merges what can be merged of the clusters that use one value; what is left. */
function mergeAll(users: ReadonlySet<Cluster>, clusters: Clusters): Cluster[] {
  const homes: Home[] = [];
  for (const cluster of users) {
    const home: Home = { cluster, space: spaceOf(cluster), before: new Set() };
    const partner = partnerOf(home, homes, clusters);
    if (partner === undefined) homes.push(home);
    else partner.cluster = clusters.merge(partner.cluster, cluster);
  }
  return homes.map(({ cluster }) => cluster);
}

/**
 * The first home of the same space that can be one with another home. From the latest one on, for what leads to one
 * that leads there does so through a third: of many steps that use one value only the last has to be searched.
 */
function partnerOf(home: Home, homes: readonly Home[], clusters: Clusters): Home | undefined {
  const { isMergeable, isBehind } = clusters.around(home.cluster);
  let partner: Home | undefined;
  for (const other of homes.toReversed()) {
    if (other.space !== home.space || home.before.has(other)) continue;
    if (isMergeable(other.cluster)) partner = other;
    else if (isBehind(other.cluster)) for (const earlier of [other, ...other.before]) home.before.add(earlier);
  }
  return partner;
}

/** One group for each cluster that stores values. */
function groupsOf(order: readonly Node[], stored: ReadonlySet<Node>, clusters: Clusters): Set<MutableGroup> {
  const groups = new Map<Cluster, MutableGroup>();
  for (const node of order) {
    if (!stored.has(node)) continue;
    const cluster = clusters.of(node);
    const group = groups.get(cluster) ?? {
      shape: iterationShape(node),
      axes: axesOf(cluster),
      members: new Set(cluster.members),
      outputs: new Set(),
    };
    group.outputs.add(node);
    groups.set(cluster, group);
  }
  return new Set(groups.values());
}
