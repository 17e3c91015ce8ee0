import { accessesOf } from '../program/accesses.js';
import type { FusedInstruction, Storage, Unit } from '../program/ir.js';

/**
 * Whether a unit that reads `old` may write its result over it: every element is read before it is written, which holds
 * when a pass without reductions reads exactly the elements that it writes, and for what is carried over to its own
 * place.
 */
export function canOverwrite(unit: Unit, old: Storage, result: Storage): boolean {
  const [instruction, ...more] = unit.instructions;
  if (instruction === undefined || more.length > 0 || old.dtype !== result.dtype) return false;
  if (instruction.opcode === 'fused') return instruction.reduced === 0 && readsWhatItWrites(instruction, old, result);
  const accesses = accessesOf(instruction);
  const carried = accesses.find(({ use }) => use === 'carry');
  const written = accesses.find(({ use }) => use === 'write');
  const readers = accesses.filter(({ storage }) => storage === old);
  return carried?.storage === old && written?.storage === result && readers.length === 1;
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
