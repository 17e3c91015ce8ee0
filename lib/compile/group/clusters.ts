import { isOp, type Node } from '../../graph/node.js';
import { consumersOf } from '../../graph/traverse.js';
import { sameShape } from '../../tensor.js';
import { classOf } from '../classes.js';
import { type Cluster, Contraction, type Surroundings } from './contraction.js';
import { isPass, iterationShape, operandsOf, type StepGraph } from './group.js';

/** Operations of a graph in clusters that one pass can compute. */
export class Clusters {
  readonly #graph: StepGraph;
  readonly #consumers: ReadonlyMap<Node, readonly Node[]>;
  readonly #contraction: Contraction;
  readonly #operands = new Map<Cluster, ReadonlySet<Node>>();

  constructor(graph: StepGraph) {
    this.#graph = graph;
    this.#consumers = consumersOf(graph.order);
    this.#contraction = new Contraction(graph.order, this.#consumers, isAligned);
  }

  of(node: Node): Cluster {
    return this.#contraction.clusterOf(node);
  }

  consumers(node: Node): readonly Node[] {
    return this.#consumers.get(node) as readonly Node[];
  }

  /** The memory that a cluster reads. */
  operands(cluster: Cluster): ReadonlySet<Node> {
    const known = this.#operands.get(cluster);
    if (known !== undefined) return known;
    const operands = operandsOf(cluster.members, this.#graph.views);
    this.#operands.set(cluster, operands);
    return operands;
  }

  /** Whether a cluster computes results alone. */
  isLast({ members }: Cluster): boolean {
    return [...members].every((member) => this.consumers(member).every((user) => members.has(user)));
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
    for (const cluster of [a, b]) this.#operands.delete(cluster);
    return this.#contraction.merge(a, b);
  }

  /** Whether two clusters together are small enough for one pass. */
  #fit(a: Cluster, b: Cluster): boolean {
    const { maxOperations, maxOperands } = this.#graph.target;
    if (a.members.size + b.members.size > maxOperations) return false;
    if (this.operands(a).size + this.operands(b).size <= maxOperands) return true;
    return operandsOf(new Set([...a.members, ...b.members]), this.#graph.views).size <= maxOperands;
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
