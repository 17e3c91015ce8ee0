import type { Node } from '../../graph/node.js';
import { bytesPerElement, elementCount, type Shape } from '../../tensor.js';
import { classOf } from '../classes.js';

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

/** Beyond these a pass would run out of registers. */
export const maxMembers = 96;
export const maxOperands = 48;

/** Whether an operation runs within a pass. */
export function isPass(node: Node): boolean {
  const kind = classOf(node.op);
  return kind === 'elementwise' || kind === 'reduction';
}

/** The space that an operation iterates over. */
export function iterationShape(node: Node): Shape {
  return classOf(node.op) === 'reduction' ? (node.inputs[0] as Node).shape : node.shape;
}

/** The size of values together. */
export function bytesOf(nodes: Iterable<Node>): number {
  let bytes = 0;
  for (const { shape, dtype } of nodes) bytes += elementCount(shape) * bytesPerElement[dtype];
  return bytes;
}
