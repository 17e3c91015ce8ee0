import type { Node } from '../../graph/node.js';
import type { Shape } from '../../tensor.js';
import { classOf } from '../classes.js';
import type { Target } from '../target.js';
import type { ViewPlan } from '../views.js';

/** The graph of a step, as the passes over memory are made of it. */
export interface StepGraph {
  /** All nodes in topological order. */
  readonly order: readonly Node[];
  readonly views: ViewPlan;
  /** Values that do not change from step to step; they are never in one pass with values that do. */
  readonly isInvariant: (node: Node) => boolean;
  readonly target: Target;
}

/**
 * Elementwise operations and reductions that run as one pass over memory. A map group stores some of its members; a
 * reduction group reduces over `axes` of `shape` and stores nothing else.
 */
export interface Group {
  readonly shape: Shape;
  readonly axes: readonly number[] | undefined;
  /** The operations of the pass. Several passes may compute the same value. */
  readonly members: ReadonlySet<Node>;
  /** Members whose value is written to memory: each by one group. */
  readonly outputs: ReadonlySet<Node>;
}

export type MutableGroup = Group & { readonly members: Set<Node>; readonly outputs: Set<Node> };

export interface Grouping {
  readonly groups: Set<MutableGroup>;
  /** Values that must be in memory whoever could compute them again. */
  readonly needed: ReadonlySet<Node>;
}

/** The group that writes each value which a pass writes. */
export type Partition = ReadonlyMap<Node, Group>;

export function writersOf({ groups }: Grouping): Partition {
  return new Map([...groups].flatMap((group) => [...group.outputs].map((output) => [output, group])));
}

/** Whether an operation runs within a pass. */
export function isPass(node: Node): boolean {
  const kind = classOf(node.op);
  return kind === 'elementwise' || kind === 'reduction';
}

/** The space that an operation iterates over. */
export function iterationShape(node: Node): Shape {
  return classOf(node.op) === 'reduction' ? (node.inputs[0] as Node).shape : node.shape;
}

/** The memory that operations read of others than themselves. */
export function operandsOf(members: ReadonlySet<Node>, views: ViewPlan): Set<Node> {
  const operands = new Set<Node>();
  for (const member of members) {
    for (const input of member.inputs) if (!members.has(input)) operands.add(views.viewOf(input).base);
  }
  return operands;
}
