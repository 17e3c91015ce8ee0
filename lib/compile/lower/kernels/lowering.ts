import type { Node, NodeOf } from '../../../graph/node.js';
import type { OpName } from '../../../graph/ops/index.js';
import type { Shape } from '../../../tensor.js';
import type { BuffersOf, PlainOpcode } from '../../program/buffers.js';
import type { Instruction, PlainInstruction, PlainInstructionOf, Storage, StorageOf } from '../../program/ir.js';
import type { NodeView, ViewPlan } from '../../views.js';

/** The operands of an operation by their position, and where its result goes. */
export class Operands {
  readonly target: Storage;
  readonly storageOf: StorageOf;
  readonly #inputs: readonly Node[];
  readonly #views: ViewPlan;

  constructor({ inputs }: Node, target: Storage, views: ViewPlan, storageOf: StorageOf) {
    this.target = target;
    this.storageOf = storageOf;
    this.#inputs = inputs;
    this.#views = views;
  }

  shape(index: number): Shape {
    return (this.#inputs[index] as Node).shape;
  }

  view(index: number): NodeView {
    return this.#views.viewOf(this.#inputs[index] as Node);
  }

  buffer(index: number): Storage {
    return this.storageOf(this.view(index).base);
  }
}

/** The instructions of one operation. */
export type Lowering<K extends OpName> = (node: NodeOf<K>, operands: Operands) => Instruction[];

/** One instruction; docs/program-format.md has its numbers. */
export function plain<K extends PlainOpcode>(
  opcode: K,
  numbers: readonly number[],
  buffers: BuffersOf<K, Storage>,
  flops = 0,
  starts?: BuffersOf<K, number>,
): Instruction[] {
  const instruction: PlainInstructionOf<K> = { opcode, numbers, buffers, flops, ...(starts && { starts }) };
  return [instruction as PlainInstruction];
}
