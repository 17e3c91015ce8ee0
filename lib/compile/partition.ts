import { isOp, type Node } from '../graph/node.js';
import { elementCount, type Shape, sameShape } from '../tensor.js';
import { classOf } from './classes.js';
import { consumersOf } from './rewrite.js';
import type { ViewPlan } from './views.js';

/**
 * Elementwise operations and reductions that run as one pass over memory. A map group stores some of its members; a
 * reduction group reduces over `axes` of `shape` and stores nothing else.
 */
export interface Group {
  readonly shape: Shape;
  readonly axes: readonly number[] | undefined;
  readonly members: Set<Node>;
}

export interface Partition {
  readonly groupOf: ReadonlyMap<Node, Group>;
  /** Members whose value is written to memory. */
  readonly stored: ReadonlySet<Node>;
}

export interface PartitionOptions {
  /** Without fusion every operation is a pass of its own. */
  readonly fuse: boolean;
}

/** Beyond these a pass would run out of registers. */
const maxMembers = 96;
const maxOperands = 48;

/** The space that an operation iterates over. */
export function iterationShape(node: Node): Shape {
  return classOf(node.op) === 'reduction' ? (node.inputs[0] as Node).shape : node.shape;
}

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
): Partition {
  const consumers = consumersOf(order);
  const copySources = new Set([...views.copies.values()].map((view) => view.base));
  const groupOf = new Map<Node, Group>();
  const stored = new Set<Node>();

  const merge = (into: Group, from: Group): void => {
    for (const member of from.members) {
      into.members.add(member);
      groupOf.set(member, into);
    }
  };

  for (const node of order.toReversed()) {
    const kind = classOf(node.op);
    if (kind !== 'elementwise' && kind !== 'reduction') continue;
    const own: Group = {
      shape: iterationShape(node),
      axes: isOp(node, 'reduceSum') || isOp(node, 'reduceMax') ? node.attributes.axes : undefined,
      members: new Set([node]),
    };
    groupOf.set(node, own);
    if (kind === 'reduction' || !options.fuse) {
      stored.add(node);
      continue;
    }
    const users = consumers.get(node) as Node[];
    const aligned = users.filter((user) => isAligned(node, user));
    const needed = roots.has(node) || copySources.has(node) || aligned.length < users.length;
    if (!needed && isCheap(node)) {
      // Computed again by every consumer: that costs less than a round trip through memory.
      groupOf.delete(node);
      continue;
    }
    const homes = mergeAll(new Set(aligned.map((user) => groupOf.get(user) as Group)));
    const mustStore = needed || homes.length !== 1;
    const home = homes.find((group) => (group.axes === undefined || !mustStore) && canMerge(group, own));
    if (home) merge(home, own);
    if (mustStore || !home) stored.add(node);
  }
  if (options.fuse) mergeSiblings();
  return { groupOf, stored };

  /** Merges what can be merged of the groups that use one value; what is left. */
  function mergeAll(groups: ReadonlySet<Group>): Group[] {
    const left: Group[] = [];
    for (const group of groups) {
      const partner = left.find((other) => sameSpace(group, other) && canMerge(other, group));
      if (partner) merge(partner, group);
      else left.push(group);
    }
    return left;
  }

  /** Groups over the same space that read the same memory, or are too small to be worth a pass each, become one. */
  function mergeSiblings(): void {
    const groups = [...new Set(order.map((node) => groupOf.get(node)).filter((group) => group !== undefined))];
    const merged = new Set<Group>();
    for (const [index, group] of groups.entries()) {
      if (merged.has(group)) continue;
      for (const other of groups.slice(index + 1)) {
        if (merged.has(other)) continue;
        const small = elementCount(group.shape) === 1;
        if (sameSpace(group, other) && (small || shareOperand(group, other)) && canMerge(group, other)) {
          merge(group, other);
          merged.add(other);
        }
      }
    }
  }

  function sameSpace(a: Group, b: Group): boolean {
    const sameAxes = a.axes === undefined || b.axes === undefined ? a.axes === b.axes : sameShape(a.axes, b.axes);
    return sameAxes && sameShape(a.shape, b.shape);
  }

  function operandsOf(members: ReadonlySet<Node>): Set<Node> {
    const operands = new Set<Node>();
    for (const member of members) {
      for (const input of member.inputs) if (!members.has(input)) operands.add(views.viewOf(input).base);
    }
    return operands;
  }

  function shareOperand(a: Group, b: Group): boolean {
    const operands = operandsOf(a.members);
    return [...operandsOf(b.members)].some((operand) => operands.has(operand) && !isOp(operand, 'constant'));
  }

  function canMerge(into: Group, from: Group): boolean {
    if (isInvariant(first(into.members)) !== isInvariant(first(from.members))) return false;
    const joined = new Set([...into.members, ...from.members]);
    return joined.size <= maxMembers && operandsOf(joined).size <= maxOperands && !leavesAndReturns(joined);
  }

  /** Whether a value of the set is needed, through values outside of it, by another member: then one pass cannot do. */
  function leavesAndReturns(members: ReadonlySet<Node>): boolean {
    const seen = new Set<Node>();
    const stack: Node[] = [];
    const visit = (from: Node, to: Node): boolean => {
      if (members.has(to)) return !members.has(from) || !isAligned(from, to);
      if (!seen.has(to)) {
        seen.add(to);
        stack.push(to);
      }
      return false;
    };
    for (const member of members)
      for (const user of consumers.get(member) as Node[]) if (visit(member, user)) return true;
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      // A group runs as a whole: reaching one member reaches whatever any member feeds.
      const together = groupOf.get(node)?.members ?? [node];
      for (const from of together) for (const user of consumers.get(from) as Node[]) if (visit(from, user)) return true;
    }
    return false;
  }
}

/** Operations that cost no more than reading their result back. */
const cheapOps: ReadonlySet<string> = new Set([
  'neg',
  'abs',
  'sign',
  'not',
  'cast',
  'relu',
  'and',
  'or',
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
]);

/** Cheap, and made from values that are in memory anyway. */
function isCheap(node: Node): boolean {
  return cheapOps.has(node.op) && node.inputs.every((input) => classOf(input.op) !== 'elementwise');
}

function first<T>(set: ReadonlySet<T>): T {
  const [value] = set;
  return value as T;
}
