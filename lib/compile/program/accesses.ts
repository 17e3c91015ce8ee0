import { bufferUses, type Use } from './buffers.js';
import { type Instruction, type PlainInstruction, type Storage, sameMemory, storageBytes } from './ir.js';

export interface Access {
  readonly storage: Storage;
  readonly use: Use;
}

/** The buffers of an instruction, as often and in the order as it names them. */
export function accessesOf(instruction: Instruction): Access[] {
  if (instruction.opcode !== 'fused') return named(instruction);
  const { operands, outputs } = instruction;
  return [
    ...operands.map(({ storage }): Access => ({ storage, use: 'read' })),
    ...outputs.map(({ view: { storage } }): Access => ({ storage, use: 'write' })),
  ];
}

function named({ opcode, buffers }: PlainInstruction): (Access & { readonly name: string })[] {
  const storages: Readonly<Record<string, Storage | undefined>> = buffers;
  return Object.entries<Use>(bufferUses[opcode]).flatMap(([name, use]) => {
    const storage = storages[name];
    return storage === undefined ? [] : [{ name, storage, use }];
  });
}

/** The words of an instruction behind its opcode and their number. */
export function wordsOf(instruction: PlainInstruction): (number | Storage)[] {
  const starts: Readonly<Record<string, number | undefined>> | undefined = instruction.starts;
  const buffers = named(instruction).flatMap(({ name, storage }) => [storage, ...(starts ? [starts[name] ?? 0] : [])]);
  return [...instruction.numbers, ...buffers];
}

/** Bytes that an instruction reads and writes. */
export function touchedBytes(instruction: PlainInstruction): number {
  const accesses = named(instruction);
  const bytesOf = (...uses: Use[]): number =>
    accesses.reduce((sum, { storage, use }) => sum + (uses.includes(use) ? storageBytes(storage) : 0), 0);
  const results = accesses.filter(({ use }) => use === 'write');
  const isInPlace = accesses.some(
    ({ storage, use }) => use === 'carry' && results.some((result) => sameMemory(result.storage, storage)),
  );
  const lookedUp = accesses.some(({ use }) => use === 'lookUp') ? bytesOf('write') : 0;
  return bytesOf('read', 'readIfThere', 'put') + lookedUp + (isInPlace ? bytesOf('put') : bytesOf('carry', 'write'));
}
