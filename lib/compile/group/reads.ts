import type { Node } from '../../graph/node.js';
import { bytesOf } from '../bytes.js';
import type { ViewPlan } from '../views.js';

/** What operations that run as one pass read, kept up to date while passes become one. */
export class Reads {
  readonly #views: ViewPlan;
  readonly #members = new Set<Node>();
  /** Values that members use and none computes. */
  readonly #inputs = new Set<Node>();
  /** The memory in which those values are, each with the number of them. */
  readonly #operands = new Map<Node, number>();
  #bytes = 0;

  constructor(members: Iterable<Node>, views: ViewPlan) {
    this.#views = views;
    for (const member of members) this.#members.add(member);
    for (const member of this.#members) for (const input of member.inputs) this.#use(input);
  }

  /** The memory that is read. */
  get operands(): ReadonlyMap<Node, unknown> {
    return this.#operands;
  }

  /** The size of that memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lets the pass compute what another one does. */
  add(other: Reads): void {
    for (const member of other.#members) {
      this.#members.add(member);
      if (this.#inputs.delete(member)) this.#count(this.#baseOf(member), -1);
    }
    for (const input of other.#inputs) this.#use(input);
  }

  /** How many operands both would have as one. */
  operandsWith(other: Reads): number {
    const [few, many] = this.#members.size < other.#members.size ? [this, other] : [other, this];
    const computed = new Map<Node, number>();
    const note = (input: Node): void => {
      const base = this.#baseOf(input);
      computed.set(base, (computed.get(base) ?? 0) + 1);
    };
    for (const member of few.#members) if (many.#inputs.has(member)) note(member);
    for (const input of few.#inputs) if (many.#members.has(input)) note(input);
    let count = many.#operands.size;
    for (const base of few.#operands.keys()) if (!many.#operands.has(base)) count++;
    for (const [base, times] of computed) {
      if (times === (few.#operands.get(base) ?? 0) + (many.#operands.get(base) ?? 0)) count--;
    }
    return count;
  }

  #baseOf(node: Node): Node {
    return this.#views.viewOf(node).base;
  }

  #use(input: Node): void {
    if (this.#members.has(input) || this.#inputs.has(input)) return;
    this.#inputs.add(input);
    this.#count(this.#baseOf(input), 1);
  }

  #count(base: Node, more: 1 | -1): void {
    const before = this.#operands.get(base) ?? 0;
    if (before === 0) this.#bytes += bytesOf([base]);
    if (before + more === 0) {
      this.#bytes -= bytesOf([base]);
      this.#operands.delete(base);
    } else {
      this.#operands.set(base, before + more);
    }
  }
}
