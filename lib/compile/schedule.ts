import { BilevelError } from '../errors.js';
import type { FusedInstruction, Storage, Unit } from './ir.js';

/** Which units must run before which others. */
export class Dependencies {
  private readonly before = new Map<Unit, Set<Unit>>();
  private readonly readersOf = new Map<Storage, Unit[]>();
  private readonly units: Unit[] = [];

  /** Adds a unit behind the producers, already added, of what it reads. */
  add(unit: Unit, producers: Iterable<Unit>): void {
    this.units.push(unit);
    this.before.set(unit, new Set(producers));
    for (const storage of unit.reads) {
      const readers = this.readersOf.get(storage);
      if (readers) readers.push(unit);
      else this.readersOf.set(storage, [unit]);
    }
  }

  readers(storage: Storage): readonly Unit[] {
    return this.readersOf.get(storage) ?? [];
  }

  require(earlier: Unit, later: Unit): void {
    if (earlier !== later) (this.before.get(later) as Set<Unit>).add(earlier);
  }

  /** Whether `later` has to wait for `earlier`, directly or through others. */
  mustPrecede(earlier: Unit, later: Unit): boolean {
    const seen = new Set<Unit>();
    const stack = [later];
    for (let unit = stack.pop(); unit !== undefined; unit = stack.pop()) {
      for (const previous of this.before.get(unit) as Set<Unit>) {
        if (previous === earlier) return true;
        if (!seen.has(previous)) {
          seen.add(previous);
          stack.push(previous);
        }
      }
    }
    return false;
  }

  /** The units in an order that respects the dependencies and otherwise the order in which they were added. */
  order(): Unit[] {
    const after = new Map<Unit, Unit[]>(this.units.map((unit) => [unit, []]));
    const waiting = new Map<Unit, number>();
    for (const [unit, earlier] of this.before) {
      waiting.set(unit, earlier.size);
      for (const previous of earlier) (after.get(previous) as Unit[]).push(unit);
    }
    const position = new Map(this.units.map((unit, index) => [unit, index]));
    const ready = new MinHeap<Unit>((unit) => position.get(unit) as number);
    for (const unit of this.units) if (waiting.get(unit) === 0) ready.push(unit);
    const ordered: Unit[] = [];
    for (let unit = ready.pop(); unit !== undefined; unit = ready.pop()) {
      ordered.push(unit);
      for (const next of after.get(unit) as Unit[]) {
        const left = (waiting.get(next) as number) - 1;
        waiting.set(next, left);
        if (left === 0) ready.push(next);
      }
    }
    // A cycle would leave units waiting for ever, and the program without them.
    if (ordered.length < this.units.length)
      throw new BilevelError('INVALID_PROGRAM', 'Instructions wait for each other.');
    return ordered;
  }
}

/** The smallest key first. */
class MinHeap<T> {
  private readonly items: T[] = [];
  constructor(private readonly key: (item: T) => number) {}

  push(item: T): void {
    this.items.push(item);
    for (let index = this.items.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (this.keyAt(parent) <= this.keyAt(index)) break;
      this.swap(index, parent);
      index = parent;
    }
  }

  pop(): T | undefined {
    const top = this.items[0];
    const last = this.items.pop();
    if (top === undefined || last === undefined || this.items.length === 0) return top;
    this.items[0] = last;
    for (let index = 0; ; ) {
      const children = [2 * index + 1, 2 * index + 2].filter((child) => child < this.items.length);
      const smallest = children.reduce((best, child) => (this.keyAt(child) < this.keyAt(best) ? child : best), index);
      if (smallest === index) return top;
      this.swap(index, smallest);
      index = smallest;
    }
  }

  private keyAt(index: number): number {
    return this.key(this.items[index] as T);
  }

  private swap(a: number, b: number): void {
    [this.items[a], this.items[b]] = [this.items[b] as T, this.items[a] as T];
  }
}

/**
 * Whether a unit that reads `old` may write its result over it: every element is read before it is written, which holds
 * when a pass without reductions reads exactly the elements that it writes, and for rows that are set in place.
 */
export function canOverwrite(unit: Unit, old: Storage, result: Storage): boolean {
  const [instruction, ...more] = unit.instructions;
  if (instruction === undefined || more.length > 0 || old.dtype !== result.dtype) return false;
  if (instruction.opcode === 'setRows') {
    const [target, ...others] = instruction.words.filter((word) => typeof word !== 'number');
    return target === old && !others.includes(old) && others.at(-1) === result;
  }
  return instruction.opcode === 'fused' && instruction.reduced === 0 && readsWhatItWrites(instruction, old, result);
}

function readsWhatItWrites(instruction: FusedInstruction, old: Storage, result: Storage): boolean {
  const written = instruction.outputs.filter((output) => output.view.storage === result);
  return instruction.operands
    .filter((operand) => operand.storage === old)
    .every((operand) =>
      written.every(
        ({ view }) =>
          view.offset === operand.offset && view.strides.every((stride, axis) => stride === operand.strides[axis]),
      ),
    );
}
