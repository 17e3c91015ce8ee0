import type { Node } from '../../graph/node.js';

/** Nodes that run as one; alone until merged. */
export interface Cluster {
  readonly members: Set<Node>;
  /** The other clusters whose values it uses. */
  readonly sources: Set<Cluster>;
  /** The other clusters that use its values. */
  readonly users: Set<Cluster>;
  /** Place in an order in which every cluster comes behind those that it depends on. */
  position: number;
}

/**
 * Places between two clusters beyond which they stay apart: a search of every pair of a long graph would take its
 * square.
 */
const longestStretch = 4096;

export interface Surroundings {
  /** Whether the cluster can become one with another without a cycle, and is near enough to find out. */
  isMergeable(other: Cluster): boolean;
  /** Whether another is known to lead to the cluster. */
  isBehind(other: Cluster): boolean;
}

/**
 * The graph with nodes merged into clusters, kept free of cycles: two clusters merge only when no path leads from one
 * to the other through a third. A topological order of the clusters is kept up to date, so that only what lies between
 * two clusters is looked at (after Pearce and Kelly, "A dynamic topological sort algorithm", 2006).
 */
export class Contraction {
  readonly #clusterOf = new Map<Node, Cluster>();
  readonly #order: Cluster[];
  readonly #isInternal: (producer: Node, consumer: Node) => boolean;

  /**
   * @param order the graph in topological order
   * @param isInternal whether a user within the same cluster can take the value as the cluster computes it
   */
  constructor(order: readonly Node[], isInternal: (producer: Node, consumer: Node) => boolean) {
    this.#order = order.map((node, position) => {
      const cluster: Cluster = { members: new Set([node]), sources: new Set(), users: new Set(), position };
      this.#clusterOf.set(node, cluster);
      for (const input of node.inputs) link(this.clusterOf(input), cluster);
      return cluster;
    });
    this.#isInternal = isInternal;
  }

  clusterOf(node: Node): Cluster {
    return this.#clusterOf.get(node) as Cluster;
  }

  /** What can be told of a cluster's place among the others until the next merge: all from one search. */
  around(cluster: Cluster): Surroundings {
    const before = new Search(cluster, -1);
    const behind = new Search(cluster, 1);
    const isNear = (other: Cluster): boolean => Math.abs(other.position - cluster.position) <= longestStretch;
    return {
      isMergeable: (other) => {
        if (other === cluster || !isNear(other)) return other === cluster;
        return (other.position < cluster.position ? before : behind).isApart(other, this.#isInternal);
      },
      isBehind: (other) => other.position < cluster.position && isNear(other) && before.reaches(other),
    };
  }

  /** Makes two clusters one. They must be mergeable. @returns the cluster that is left */
  merge(a: Cluster, b: Cluster): Cluster {
    if (a === b) return a;
    const [first, last] = a.position < b.position ? [a, b] : [b, a];
    this.#reorder(first, last);
    for (const member of first.members) {
      last.members.add(member);
      this.#clusterOf.set(member, last);
    }
    first.members.clear();
    for (const source of first.sources) {
      source.users.delete(first);
      if (source !== last) link(source, last);
    }
    for (const user of first.users) {
      user.sources.delete(first);
      if (user !== last) link(last, user);
    }
    return last;
  }

  /** Moves what depends on the first cluster behind the last one; the others between them stay before it. */
  #reorder(first: Cluster, last: Cluster): void {
    const end = last.position;
    const found = new Set([first]);
    // A set visits the members that are added while it is iterated.
    for (const cluster of found) for (const user of cluster.users) if (user.position < end) found.add(user);
    found.delete(first);
    const behind = [...found].sort((a, b) => a.position - b.position);
    const [earliest] = behind;
    if (earliest === undefined) return;
    let place = earliest.position;
    for (let position = place; position < end; position++) {
      const cluster = this.#order[position] as Cluster;
      if (!found.has(cluster)) this.#put(cluster, place++);
    }
    for (const cluster of [last, ...behind]) this.#put(cluster, place++);
  }

  #put(cluster: Cluster, position: number): void {
    cluster.position = position;
    this.#order[position] = cluster;
  }
}

/** The clusters that one leads to (direction 1), or that lead to it (-1), found as far away as is asked. */
class Search {
  readonly #from: Cluster;
  readonly #direction: -1 | 1;
  readonly #found = new Set<Cluster>();
  /** Clusters from which the search can go on. */
  readonly #ends: Cluster[];

  constructor(from: Cluster, direction: -1 | 1) {
    this.#from = from;
    this.#direction = direction;
    this.#ends = [from];
  }

  /** Whether it is found; all that are found on the way to its place are known then, too. */
  reaches(other: Cluster): boolean {
    let left = 0;
    // A list visits the elements that are added while it is iterated.
    for (const cluster of this.#ends) {
      if ((other.position - cluster.position) * this.#direction <= 0) {
        this.#ends[left++] = cluster;
        continue;
      }
      for (const next of this.#direction < 0 ? cluster.sources : cluster.users) {
        if (this.#found.has(next)) continue;
        this.#found.add(next);
        this.#ends.push(next);
      }
    }
    this.#ends.length = left;
    return this.#found.has(other);
  }

  /** Whether no path but internal edges leads to another cluster. */
  isApart(other: Cluster, isInternal: (producer: Node, consumer: Node) => boolean): boolean {
    if (!this.reaches(other)) return true;
    for (const cluster of this.#direction < 0 ? other.users : other.sources) {
      if (cluster !== this.#from && this.#found.has(cluster)) return false;
    }
    const [producer, consumer] = this.#direction < 0 ? [other, this.#from] : [this.#from, other];
    for (const member of consumer.members) {
      for (const input of member.inputs) {
        if (producer.members.has(input) && !isInternal(input, member)) return false;
      }
    }
    return true;
  }
}

function link(source: Cluster, user: Cluster): void {
  source.users.add(user);
  user.sources.add(source);
}
