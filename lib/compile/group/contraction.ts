import type { Node } from '../../graph/node.js';

/** Nodes that run as one; alone until merged. */
export interface Cluster {
  readonly members: Set<Node>;
  /** Place in an order in which every cluster comes behind those that it depends on. */
  position: number;
}

/** Places between two clusters beyond which they stay apart: a search of every pair of a long graph would take its square. */
const longestStretch = 4096;

/**
 * The graph with nodes merged into clusters, kept free of cycles: two clusters merge only when no path leads from one to the
 * other through a third. A topological order of the clusters is kept up to date, so that only what lies between two
 * clusters is looked at (after Pearce and Kelly, "A dynamic topological sort algorithm", 2006).
 */
export class Contraction {
  readonly #clusterOf = new Map<Node, Cluster>();
  readonly #order: Cluster[];
  readonly #consumers: ReadonlyMap<Node, readonly Node[]>;
  readonly #isInternal: (producer: Node, consumer: Node) => boolean;

  /**
   * @param order the graph in topological order
   * @param consumers the users of every node
   * @param isInternal whether a user within the same cluster can take the value as the cluster computes it
   */
  constructor(
    order: readonly Node[],
    consumers: ReadonlyMap<Node, readonly Node[]>,
    isInternal: (producer: Node, consumer: Node) => boolean,
  ) {
    this.#order = order.map((node, position) => ({ members: new Set([node]), position }));
    for (const cluster of this.#order) for (const node of cluster.members) this.#clusterOf.set(node, cluster);
    this.#consumers = consumers;
    this.#isInternal = isInternal;
  }

  clusterOf(node: Node): Cluster {
    return this.#clusterOf.get(node) as Cluster;
  }

  /** Whether the clusters can become one without a cycle, and are near enough to find out. */
  canMerge(a: Cluster, b: Cluster): boolean {
    if (a === b) return true;
    return Math.abs(a.position - b.position) <= longestStretch && this.#between(a, b) !== undefined;
  }

  /** Makes two clusters one. They must be mergeable. @returns the cluster that is left */
  merge(a: Cluster, b: Cluster): Cluster {
    if (a === b) return a;
    const [first, last] = a.position < b.position ? [a, b] : [b, a];
    const behind = this.#between(first, last) as Set<Cluster>;
    for (const member of first.members) {
      last.members.add(member);
      this.#clusterOf.set(member, last);
    }
    // What depends on the first cluster moves behind the merged one; the others of the stretch stay before it.
    const stretch = this.#order
      .slice(first.position, last.position + 1)
      .filter((cluster) => cluster !== first && cluster !== last);
    const reordered = [
      ...stretch.filter((cluster) => !behind.has(cluster)),
      last,
      ...stretch.filter((cluster) => behind.has(cluster)),
    ];
    // One place of the stretch is left over; it keeps a cluster without members.
    const start = first.position;
    first.members.clear();
    for (const [offset, cluster] of [first, ...reordered].entries()) {
      cluster.position = start + offset;
      this.#order[cluster.position] = cluster;
    }
    return last;
  }

  /** The clusters between two that depend on the earlier one; undefined when the later one depends on one of them. */
  #between(a: Cluster, b: Cluster): Set<Cluster> | undefined {
    const [first, last] = a.position < b.position ? [a, b] : [b, a];
    const seen = new Set<Cluster>();
    const stack = [first];
    for (let cluster = stack.pop(); cluster !== undefined; cluster = stack.pop()) {
      for (const producer of cluster.members) {
        for (const consumer of this.#consumers.get(producer) as readonly Node[]) {
          const next = this.clusterOf(consumer);
          if (next === last) {
            if (cluster !== first || !this.#isInternal(producer, consumer)) return undefined;
          } else if (next !== first && next.position < last.position && !seen.has(next)) {
            seen.add(next);
            stack.push(next);
          }
        }
      }
    }
    return seen;
  }
}
