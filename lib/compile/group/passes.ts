import type { Node } from '../../graph/node.js';
import { bytesOf } from '../bytes.js';
import type { ViewPlan } from '../views.js';
import { type MutableGroup, operandsOf } from './group.js';

/** Passes over memory, which may take over operations of each other, and which of them write and read each value. */
export class Passes {
  readonly #groups: Set<MutableGroup>;
  readonly #views: ViewPlan;
  readonly #writers = new Map<Node, MutableGroup>();
  readonly #readers = new Map<Node, Set<MutableGroup>>();
  readonly #operands = new Map<MutableGroup, ReadonlySet<Node>>();

  /** @param groups which change with the passes */
  constructor(groups: Set<MutableGroup>, views: ViewPlan) {
    this.#groups = groups;
    this.#views = views;
    for (const group of groups) {
      for (const output of group.outputs) this.#writers.set(output, group);
      this.#noteOperands(group);
    }
  }

  /** The pass that stores a value; undefined of what none stores. */
  writer(value: Node): MutableGroup | undefined {
    return this.#writers.get(value);
  }

  readers(value: Node): ReadonlySet<MutableGroup> {
    return this.#readers.get(value) ?? new Set();
  }

  /** The memory that a pass reads. */
  operands(group: MutableGroup): ReadonlySet<Node> {
    return this.#operands.get(group) as ReadonlySet<Node>;
  }

  /**
   * What it takes to have a value in memory: to write it, to read it in every pass, and what its own pass reads for it
   * alone.
   */
  bytesOfStoring(value: Node, writer: MutableGroup): number {
    const others = new Set(writer.outputs);
    others.delete(value);
    const kept = operandsOf(neededFor(others, writer.members), this.#views);
    let bytes = bytesOf([value]) * (1 + this.readers(value).size);
    for (const operand of this.operands(writer)) if (!kept.has(operand)) bytes += bytesOf([operand]);
    return bytes;
  }

  /** Lets a pass compute more. */
  add(group: MutableGroup, operations: Iterable<Node>): void {
    for (const operation of operations) group.members.add(operation);
    this.#noteOperands(group);
  }

  /** Stores a value no more; a pass that stores nothing is gone. */
  drop(value: Node, writer: MutableGroup): void {
    writer.outputs.delete(value);
    this.#writers.delete(value);
    const needed = neededFor(writer.outputs, writer.members);
    for (const member of writer.members) if (!needed.has(member)) writer.members.delete(member);
    this.#noteOperands(writer);
    if (writer.outputs.size === 0) this.#groups.delete(writer);
  }

  #noteOperands(group: MutableGroup): void {
    const operands = operandsOf(group.members, this.#views);
    for (const old of this.#operands.get(group) ?? []) if (!operands.has(old)) this.#readers.get(old)?.delete(group);
    for (const operand of operands) this.#readers.set(operand, (this.#readers.get(operand) ?? new Set()).add(group));
    this.#operands.set(group, operands);
  }
}

/** The members of a pass that it computes for some of its outputs. */
function neededFor(outputs: ReadonlySet<Node>, members: ReadonlySet<Node>): Set<Node> {
  const needed = new Set(outputs);
  // A set visits the members that are added while it is iterated.
  for (const node of needed) for (const input of node.inputs) if (members.has(input)) needed.add(input);
  return needed;
}
