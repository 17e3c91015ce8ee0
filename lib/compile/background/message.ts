import { createNode, type Node } from '../../graph/node.js';
import type { OpName } from '../../graph/ops/index.js';
import { topologicalOrder } from '../../graph/traverse.js';
import type { ProgramSpec } from '../spec.js';

/** A statement as plain data, which another thread can read: nodes by their positions, inputs before their users. */
export interface SpecMessage {
  readonly ops: readonly OpName[];
  /** Positions of all operands, node after node. */
  readonly operands: Int32Array;
  /** Where the operands of each node end. */
  readonly ends: Int32Array;
  readonly attributes: readonly unknown[];
  readonly outputs: readonly (readonly [name: string, position: number])[];
  readonly perStepOutputs: readonly (readonly [name: string, position: number])[];
  readonly updates: readonly (readonly [target: number, value: number])[];
  readonly perStep: readonly number[];
}

/** Where nodes were made is left out: it is no part of what they mean. */
export function toMessage(spec: ProgramSpec): SpecMessage {
  const { outputs = {}, perStepOutputs = {}, updates = [], perStep = [] } = spec;
  const results = [outputs, perStepOutputs].flatMap((named) => Object.values(named));
  const order = topologicalOrder([...results, ...updates.flat(), ...perStep]);
  const positions = new Map(order.map((node, position) => [node, position]));
  const positionOf = (node: Node): number => positions.get(node) as number;
  const named = (nodes: Readonly<Record<string, Node>>): [string, number][] =>
    Object.entries(nodes).map(([name, node]) => [name, positionOf(node)]);
  let end = 0;
  return {
    ops: order.map(({ op }) => op),
    operands: Int32Array.from(order.flatMap(({ inputs }) => inputs.map(positionOf))),
    ends: Int32Array.from(order, ({ inputs }) => (end += inputs.length)),
    attributes: order.map(({ attributes }) => attributes),
    outputs: named(outputs),
    perStepOutputs: named(perStepOutputs),
    updates: updates.map(([target, value]) => [positionOf(target), positionOf(value)] as const),
    perStep: perStep.map(positionOf),
  };
}

/** The statement, of new nodes that were made in the same order: passes go by it. */
export function fromMessage(message: SpecMessage): ProgramSpec {
  const { ops, operands, ends, attributes, outputs, perStepOutputs, updates, perStep } = message;
  const nodes: Node[] = [];
  const nodeAt = (position: number): Node => nodes[position] as Node;
  let start = 0;
  for (const [position, op] of ops.entries()) {
    const end = ends[position] as number;
    nodes.push(createNode(op, Array.from(operands.subarray(start, end), nodeAt), attributes[position] as never));
    start = end;
  }
  const named = (entries: SpecMessage['outputs']): Record<string, Node> =>
    Object.fromEntries(entries.map(([name, position]) => [name, nodeAt(position)]));
  return {
    outputs: named(outputs),
    perStepOutputs: named(perStepOutputs),
    updates: updates.map(([target, value]) => [nodeAt(target), nodeAt(value)] as const),
    perStep: perStep.map(nodeAt),
  };
}
