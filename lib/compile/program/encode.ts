import {
  bindingAccess,
  bufferKinds,
  dtypeCodes,
  type EncodedProgram,
  formatMagic,
  formatVersion,
  opcodes,
  outputModes,
  tapeOps,
} from '../../encoded.js';
import { bytesPerElement, type DType, elementCount } from '../../tensor.js';
import { wordsOf } from './accesses.js';
import {
  aligned,
  type FusedInstruction,
  type Instruction,
  type MutableBinding,
  type Storage,
  type StorageView,
  type Unit,
} from './ir.js';

function code<T>(list: readonly T[], item: T): number {
  return list.indexOf(item);
}

/** Writes the units, in their final order, as a program (docs/program-format.md). */
export function encode(
  order: readonly Unit[],
  bindings: readonly MutableBinding[],
  arenaBytes: number,
): EncodedProgram {
  const numberOf = new Map<Storage, number>();
  for (const unit of order) {
    for (const storage of [...unit.reads, ...unit.writes])
      if (!numberOf.has(storage)) numberOf.set(storage, numberOf.size);
  }
  const constants = new ConstantPool();
  const prologue = order.filter((unit) => unit.invariant).flatMap((unit) => unit.instructions);
  const body = order.filter((unit) => !unit.invariant).flatMap((unit) => unit.instructions);
  const words: number[] = [formatMagic, formatVersion, arenaBytes, bindings.length, numberOf.size];
  words.push(prologue.length, prologue.length + body.length);
  for (const binding of bindings) {
    const count = elementCount(binding.shape);
    words.push(code(dtypeCodes, binding.dtype), count, code(bindingAccess, binding.access), Number(binding.perStep));
  }
  for (const { dtype, elementCount: count, place } of numberOf.keys()) {
    const where =
      place.kind === 'arena'
        ? place.offset
        : place.kind === 'binding'
          ? bindings.indexOf(place.binding)
          : constants.add(dtype, place.data);
    words.push(code(bufferKinds, place.kind), where, code(dtypeCodes, dtype), count);
  }
  const buffer = (storage: Storage): number => numberOf.get(storage) as number;
  for (const instruction of [...prologue, ...body]) {
    const content = instructionWords(instruction, buffer);
    words.push(code(opcodes, instruction.opcode), content.length);
    for (const word of content) words.push(word);
  }
  return { words: Float64Array.from(words), constants: constants.bytes(), bindings };
}

function instructionWords(instruction: Instruction, buffer: (storage: Storage) => number): number[] {
  if (instruction.opcode === 'fused') return fusedWords(instruction, buffer);
  return wordsOf(instruction).map((word) => (typeof word === 'number' ? word : buffer(word)));
}

function fusedWords(instruction: FusedInstruction, buffer: (storage: Storage) => number): number[] {
  const { sizes, outer, reduced, operands, tape, outputs } = instruction;
  const view = ({ storage, offset, strides }: StorageView): number[] => [buffer(storage), offset, ...strides];
  const step = ({ op, destination, operands: registers, immediate }: FusedInstruction['tape'][number]): number[] => {
    const [a = 0, b = 0, c = 0] = registers;
    return [code(tapeOps, op), destination, a, b, c, immediate];
  };
  return [
    sizes.length,
    outer,
    reduced,
    ...sizes,
    operands.length,
    ...operands.flatMap(view),
    tape.length,
    ...tape.flatMap(step),
    outputs.length,
    ...outputs.flatMap((output) => [code(outputModes, output.mode), output.register, ...view(output.view)]),
  ];
}

/** The bytes of all constants, each on a line of its own; equal arrays are kept once. */
class ConstantPool {
  private readonly parts: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  private readonly known = new Map<Float64Array, Map<DType, number>>();
  private size = 0;

  add(dtype: DType, data: Float64Array): number {
    const offsets = this.known.get(data) ?? new Map<DType, number>();
    this.known.set(data, offsets);
    const known = offsets.get(dtype);
    if (known !== undefined) return known;
    const offset = this.size;
    this.parts.push({ offset, bytes: constantBytes(dtype, data) });
    this.size += aligned(data.length * bytesPerElement[dtype]);
    offsets.set(dtype, offset);
    return offset;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.size);
    for (const { offset, bytes } of this.parts) all.set(bytes, offset);
    return all;
  }
}

function constantBytes(dtype: DType, data: Float64Array): Uint8Array {
  switch (dtype) {
    case 'float32':
      return new Uint8Array(Float32Array.from(data).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.from(data).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(Array.from(data, BigInt)).buffer);
    case 'bool':
      return Uint8Array.from(data);
  }
}
