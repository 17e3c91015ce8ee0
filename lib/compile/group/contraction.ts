import type { Node } from '../../graph/node.js';

/** Nodes that run as one; alone until merged. */
export interface Cluster {
  readonly members: Set<Node>;
  /** Place in an order in which every cluster comes behind those that it depends on. */
  position: number;
}

/** Places between two clusters beyond which they stay apart: a search of every pair of a long graph would take its square. */
const longestStretch = 4096;

export interface Surroundings {
  /** Whether the cluster can become one with another without a cycle, and is near enough to find out. */
  isMergeable(other: Cluster): boolean;
  /** Whether another is known to lead to the cluster. */
  isBehind(other: Cluster): boolean;
}

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

  /** The cluster at a place of the order. */
  at(position: number): Cluster {
    return this.#order[position] as Cluster;
  }

  /** What can be told of a cluster's place among the others until the next merge: all from one search. */
  around(cluster: Cluster): Surroundings {
    const before = new Search(this, cluster, -1);
    const behind = new Search(this, cluster, 1);
    const isNear = (other: Cluster): boolean => Math.abs(other.position - cluster.position) <= longestStretch;
    return {
      isMergeable: (other) => {
        if (other === cluster || !isNear(other)) return other === cluster;
        return (other.position < cluster.position ? before : behind).isApart(other, this.#isInternal);
      },
      isBehind: (other) => other.position < cluster.position && isNear(other) && before.reaches(other),
    };
  }

  /** What a value is made of (direction -1) or used by (1). */
  ends(node: Node, direction: -1 | 1): readonly Node[] {
    return direction < 0 ? node.inputs : (this.#consumers.get(node) as readonly Node[]);
  }

  /** Makes two clusters one. They must be mergeable. @returns the cluster that is left */
  merge(a: Cluster, b: Cluster): Cluster {
    if (a === b) return a;
    const [first, last] = a.position < b.position ? [a, b] : [b, a];
    const behind = new Search(this, first, 1).before(last.position);
    // What depends on the first cluster moves behind the merged one; the others of the stretch stay before it.
    const stretch = this.#order.slice(first.position + 1, last.position);
    const reordered = [
      ...stretch.filter((cluster) => !behind.has(cluster)),
      last,
      ...stretch.filter((cluster) => behind.has(cluster)),
    ];
    for (const member of first.members) {
      last.members.add(member);
      this.#clusterOf.set(member, last);
    }
    // One place of the stretch is left over; it keeps a cluster without members.
    const start = first.position;
    first.members.clear();
    for (const [offset, cluster] of [first, ...reordered].entries()) {
      cluster.position = start + offset;
      this.#order[cluster.position] = cluster;
    }
    return last;
  }
}

/** The clusters that one leads to (direction 1), or that lead to it (-1), found place by place as far as is asked. */
class Search {
  readonly #contraction: Contraction;
  readonly #from: Cluster;
  readonly #direction: -1 | 1;
  readonly #found = new Set<Cluster>();
  /** All up to this place have been searched. */
  #position: number;

  constructor(contraction: Contraction, from: Cluster, direction: -1 | 1) {
    this.#contraction = contraction;
    this.#from = from;
    this.#direction = direction;
    this.#position = from.position - direction;
  }

  reaches(other: Cluster): boolean {
    return this.before(other.position).has(other);
  }

  /** What is found when all places before one, and perhaps more, have been searched. */
  before(position: number): ReadonlySet<Cluster> {
    while ((position - this.#position) * this.#direction > 1) {
      this.#position += this.#direction;
      const cluster = this.#contraction.at(this.#position);
      if (cluster === this.#from || this.#found.has(cluster)) this.#expand(cluster);
    }
    return this.#found;
  }

  /** Whether no path but internal edges leads to another cluster. */
  isApart(other: Cluster, isInternal: (producer: Node, consumer: Node) => boolean): boolean {
    if (!this.reaches(other)) return true;
    const back = this.#direction < 0 ? 1 : -1;
    for (const member of other.members) {
      for (const end of this.#contraction.ends(member, back)) {
        const cluster = this.#contraction.clusterOf(end);
        if (cluster !== this.#from) {
          if (cluster !== other && this.#found.has(cluster)) return false;
        } else if (!(back < 0 ? isInternal(end, member) : isInternal(member, end))) {
          return false;
        }
      }
    }
    return true;
  }

  #expand(cluster: Cluster): void {
    for (const member of cluster.members) {
      for (const end of this.#contraction.ends(member, this.#direction)) {
        const next = this.#contraction.clusterOf(end);
        if (next !== cluster) this.#found.add(next);
      }
    }
  }
}
