import { isOp, type Node } from '../../graph/node.js';
import { consumersOf } from '../../graph/traverse.js';
import { sameShape } from '../../tensor.js';
import { classOf } from '../classes.js';
import { type Cluster, Contraction, type Surroundings } from './contraction.js';
import { isPass, iterationShape, type StepGraph } from './group.js';
import { Reads } from './reads.js';

/** Operations of a graph in clusters that one pass can compute. */
export class Clusters {
  readonly #graph: StepGraph;
  readonly #consumers: ReadonlyMap<Node, readonly Node[]>;
  readonly #contraction: Contraction;
  readonly #reads = new Map<Cluster, Reads>();

  constructor(graph: StepGraph) {
    this.#graph = graph;
    this.#consumers = consumersOf(graph.order);
    this.#contraction = new Contraction(graph.order, isAligned);
  }

  of(node: Node): Cluster {
    return this.#contraction.clusterOf(node);
  }

  consumers(node: Node): readonly Node[] {
    return this.#consumers.get(node) as readonly Node[];
  }

  /** The memory that a cluster reads. */
  reads(cluster: Cluster): Reads {
    const known = this.#reads.get(cluster);
    if (known !== undefined) return known;
    const reads = new Reads(cluster.members, this.#graph.views);
    this.#reads.set(cluster, reads);
    return reads;
  }

  /** As for {@link Contraction.around}, of clusters that one pass can compute. */
  around(cluster: Cluster): Surroundings {
    const { isMergeable, isBehind } = this.#contraction.around(cluster);
    const isInvariant = this.#graph.isInvariant(first(cluster));
    const isAlike = (other: Cluster): boolean =>
      this.#graph.isInvariant(first(other)) === isInvariant && this.#fit(cluster, other);
    return { isMergeable: (other) => isAlike(other) && isMergeable(other), isBehind };
  }

  /** Makes two clusters one. @returns the cluster that is left */
  merge(a: Cluster, b: Cluster): Cluster {
    const [few, many] = a.members.size < b.members.size ? [a, b] : [b, a];
    const reads = this.reads(many);
    reads.add(this.reads(few));
    for (const cluster of [few, many]) this.#reads.delete(cluster);
    const merged = this.#contraction.merge(few, many);
    this.#reads.set(merged, reads);
    return merged;
  }

  /** Whether two clusters together are small enough for one pass. */
  #fit(a: Cluster, b: Cluster): boolean {
    const { maxOperations, maxOperands } = this.#graph.target;
    if (a.members.size + b.members.size > maxOperations) return false;
    const [readsA, readsB] = [this.reads(a), this.reads(b)];
    return readsA.operands.size + readsB.operands.size <= maxOperands || readsA.operandsWith(readsB) <= maxOperands;
  }
}

/** Whether `consumer` reads each element of `producer` where it computes the element of the same index. */
export function isAligned(producer: Node, consumer: Node): boolean {
  return (
    classOf(producer.op) === 'elementwise' && isPass(consumer) && sameShape(producer.shape, iterationShape(consumer))
  );
}

/** The space that a cluster iterates over, and the axes over which it reduces; undefined when it does not. */
export function spaceOf(cluster: Cluster): string {
  return `${iterationShape(first(cluster))} by ${axesOf(cluster)}`;
}

export function axesOf({ members }: Cluster): readonly number[] | undefined {
  for (const node of members) if (isOp(node, 'reduceSum') || isOp(node, 'reduceMax')) return node.attributes.axes;
  return undefined;
}

export function first({ members }: Cluster): Node {
  const [node] = members;
  return node as Node;
}
