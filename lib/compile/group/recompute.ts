import type { Node } from '../../graph/node.js';
import { elementCount, sameShape } from '../../tensor.js';
import { bytesOf } from '../bytes.js';
import { isElementwise } from '../classes.js';
import type { Grouping, MutableGroup, StepGraph } from './group.js';

/** Operations that a vector unit finishes in about a cycle; others are never done twice. */
const quickOps: ReadonlySet<string> = new Set([
  'abs',
  'add',
  'and',
  'cast',
  'equal',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'maximum',
  'minimum',
  'mul',
  'neg',
  'not',
  'notEqual',
  'or',
  'relu',
  'sign',
  'sub',
  'where',
]);

/** Longer chains are not followed: they do not pay, and looking at them takes time. */
const maxDepth = 8;

/** What a pass has to do to have a value: operations to add, and operands to read in addition. */
interface Way {
  readonly cost: number;
  readonly operations: ReadonlySet<Node>;
  readonly operands: ReadonlySet<Node>;
}

const nothing: Way = { cost: 0, operations: new Set(), operands: new Set() };

/**
 * Lets passes compute values again, from memory that they read anyway or that is no larger, instead of reading what
 * another pass has stored for them; a value that nobody reads any more is not stored, and a pass that stores nothing is gone.
 * The values keep their bits: the same operations are applied to the same operands.
 */
export function recompute(
  { groups, needed }: Grouping,
  { order, views, isInvariant, target: { operationBytes, maxOperations, maxOperands } }: StepGraph,
): void {
  const homeOf = new Map<Node, MutableGroup>();
  const operandsOf = new Map<MutableGroup, Set<Node>>();
  const readersOf = new Map<Node, Set<MutableGroup>>();
  for (const group of groups) {
    for (const output of group.outputs) homeOf.set(output, group);
    setOperands(group);
  }
  for (const node of order) {
    const home = homeOf.get(node);
    if (home === undefined || !isElementwise(node.op)) continue;
    const ways = new Map<MutableGroup, Way>();
    for (const reader of readersOf.get(node) ?? []) {
      const way = wayTo(node, reader);
      if (way) ways.set(reader, way);
    }
    if (
      !needed.has(node) &&
      ways.size === (readersOf.get(node)?.size ?? 0) &&
      costOf(ways) <= costOfStoring(node, home)
    ) {
      for (const [reader, way] of ways) add(reader, way);
      drop(node, home);
    } else {
      for (const [reader, way] of ways) if (way.cost < bytesOf([node])) add(reader, way);
    }
  }

  function setOperands(group: MutableGroup): void {
    const operands = operandsFor(group.members);
    for (const old of operandsOf.get(group) ?? []) if (!operands.has(old)) readersOf.get(old)?.delete(group);
    for (const operand of operands) readersOf.set(operand, (readersOf.get(operand) ?? new Set()).add(group));
    operandsOf.set(group, operands);
  }

  /** How a pass can compute a value instead of reading it; undefined when it must not. */
  function wayTo(node: Node, reader: MutableGroup): Way | undefined {
    const known = operandsOf.get(reader) as Set<Node>;
    const found = new Map<Node, Way | undefined>();
    const computed = (value: Node, depth: number): Way | undefined => {
      if (depth > maxDepth || !quickOps.has(value.op) || !sameShape(value.shape, reader.shape)) return undefined;
      let way: Way = {
        cost: operationBytes * elementCount(value.shape),
        operations: new Set([value]),
        operands: nothing.operands,
      };
      for (const input of value.inputs) {
        const inputWay = available(input, depth + 1);
        if (inputWay === undefined) return undefined;
        way = union(way, inputWay);
      }
      return way;
    };
    const available = (value: Node, depth: number): Way | undefined => {
      const base = views.viewOf(value).base;
      if (reader.members.has(value) || (known.has(base) && base !== node)) return nothing;
      if (found.has(value)) return found.get(value);
      const read = isElementwise(value.op) && !homeOf.has(value) ? undefined : readWay(base);
      const compute = isElementwise(value.op) ? computed(value, depth) : undefined;
      const way = compute && (read === undefined || compute.cost <= read.cost) ? compute : read;
      found.set(value, way);
      return way;
    };
    if (isInvariant(node) !== isInvariantGroup(reader)) return undefined;
    const way = computed(node, 1);
    const fits =
      way !== undefined &&
      reader.members.size + way.operations.size <= maxOperations &&
      known.size + way.operands.size <= maxOperands;
    return fits ? way : undefined;
  }

  function readWay(base: Node): Way {
    return { cost: bytesOf([base]), operations: nothing.operations, operands: new Set([base]) };
  }

  function union(a: Way, b: Way): Way {
    const operations = new Set([...a.operations, ...b.operations]);
    const operands = new Set([...a.operands, ...b.operands]);
    let cost = 0;
    for (const operation of operations) cost += operationBytes * elementCount(operation.shape);
    for (const operand of operands) cost += bytesOf([operand]);
    return { cost, operations, operands };
  }

  function isInvariantGroup(group: MutableGroup): boolean {
    const [member] = group.members;
    return isInvariant(member as Node);
  }

  function costOf(ways: ReadonlyMap<MutableGroup, Way>): number {
    return [...ways.values()].reduce((sum, { cost }) => sum + cost, 0);
  }

  /** Writing the value, reading it in every pass, and what its own pass reads for it alone. */
  function costOfStoring(node: Node, home: MutableGroup): number {
    const without = new Set(home.outputs);
    without.delete(node);
    const kept = operandsFor(neededFor(without, home.members));
    let cost = bytesOf([node]) * (1 + (readersOf.get(node)?.size ?? 0));
    for (const operand of operandsOf.get(home) as Set<Node>) if (!kept.has(operand)) cost += bytesOf([operand]);
    return cost;
  }

  function operandsFor(members: ReadonlySet<Node>): Set<Node> {
    const operands = new Set<Node>();
    for (const member of members) {
      for (const input of member.inputs) if (!members.has(input)) operands.add(views.viewOf(input).base);
    }
    return operands;
  }

  function add(reader: MutableGroup, way: Way): void {
    for (const operation of way.operations) reader.members.add(operation);
    setOperands(reader);
  }

  function drop(node: Node, home: MutableGroup): void {
    home.outputs.delete(node);
    homeOf.delete(node);
    const needed = neededFor(home.outputs, home.members);
    for (const member of home.members) if (!needed.has(member)) home.members.delete(member);
    setOperands(home);
    if (home.outputs.size === 0) groups.delete(home);
  }
}

/** The members of a pass that it computes for some of its outputs. */
function neededFor(outputs: ReadonlySet<Node>, members: ReadonlySet<Node>): Set<Node> {
  const needed = new Set(outputs);
  // A set visits the members that are added while it is iterated.
  for (const node of needed) for (const input of node.inputs) if (members.has(input)) needed.add(input);
  return needed;
}
