import type { OutputMode, ProgramBinding, TapeOp } from '../../encoded.js';
import type { Node } from '../../graph/node.js';
import { bytesPerElement, type DType, elementCount, type Shape, type TensorType } from '../../tensor.js';
import type { BuffersOf, PlainOpcode } from './buffers.js';

/** One numbered buffer of the program. */
export interface Storage {
  readonly dtype: DType;
  readonly elementCount: number;
  place:
    | { readonly kind: 'arena'; offset: number }
    | { readonly kind: 'binding'; readonly binding: MutableBinding }
    | { readonly kind: 'constant'; readonly data: Float64Array };
}

/** Where the elements of each materialised value are. */
export type StorageOf = (base: Node) => Storage;

/** A buffer for a value: in the arena, where the plan of the memory will say, unless it has a place. */
export function storageFor({ dtype, shape }: TensorType, place?: Storage['place']): Storage {
  return { dtype, elementCount: elementCount(shape), place: place ?? { kind: 'arena', offset: 0 } };
}

/** The size of a buffer. */
export function storageBytes(storage: Storage): number {
  return storage.elementCount * bytesPerElement[storage.dtype];
}

/** Arena ranges and constants start on a cache line. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

/** Whether two buffers start at one place of the memory. */
export function sameMemory({ place: a }: Storage, { place: b }: Storage): boolean {
  if (a.kind === 'arena') return b.kind === 'arena' && a.offset === b.offset;
  return a.kind === 'binding' && b.kind === 'binding' && a.binding === b.binding;
}

export type MutableBinding = { -readonly [K in keyof ProgramBinding]: ProgramBinding[K] };

/** Elements of a storage by strides, over the dimensions of the instruction that uses it. */
export interface StorageView {
  readonly storage: Storage;
  readonly offset: number;
  readonly strides: readonly number[];
}

export interface TapeStep {
  readonly op: TapeOp;
  readonly destination: number;
  readonly operands: readonly number[];
  readonly immediate: number;
}

export interface FusedInstruction {
  readonly opcode: 'fused';
  /** Sizes of the dimensions in iteration order: `outer` kept ones, `reduced` reduced ones, the rest kept. */
  readonly sizes: Shape;
  readonly outer: number;
  readonly reduced: number;
  readonly operands: readonly StorageView[];
  readonly tape: readonly TapeStep[];
  readonly outputs: readonly { readonly mode: OutputMode; readonly register: number; readonly view: StorageView }[];
}

/** An instruction whose words, after its opcode, are integers and then its buffers. */
export interface PlainInstructionOf<K extends PlainOpcode> {
  readonly opcode: K;
  readonly numbers: readonly number[];
  readonly buffers: BuffersOf<K, Storage>;
  /** The element at which each buffer starts, where the instruction has a word for it. */
  readonly starts?: BuffersOf<K, number>;
  readonly flops: number;
}

export type PlainInstruction = { [K in PlainOpcode]: PlainInstructionOf<K> }[PlainOpcode];

export type Instruction = FusedInstruction | PlainInstruction;

/** Instructions that are scheduled together, with the memory that they touch. */
export interface Unit {
  readonly label: string;
  readonly instructions: readonly Instruction[];
  readonly reads: readonly Storage[];
  readonly writes: readonly Storage[];
  /** Runs once per run, before the first step. */
  readonly invariant: boolean;
}
