import type { DType } from './tensor.js';

/**
 * The encoded program: what the compiler writes and the native engine verifies and runs. The layout is documented in
 * docs/program-format.md; the lists below fix the numbers, and the addon exports its own lists so that a test compares
 * the two sides.
 */
export const formatVersion = 1;
export const formatMagic = 0x62694c76;

/** dtype codes are positions in this list. */
export const dtypeCodes: readonly DType[] = ['float32', 'int32', 'int64', 'bool'];

/** Where a buffer's memory is. Codes are positions in this list. */
export const bufferKinds = ['arena', 'binding', 'constant'] as const;

/** How a run uses a bound tensor. Codes are positions in this list. */
export const bindingAccess = ['read', 'write', 'readWrite'] as const;
export type BindingAccess = (typeof bindingAccess)[number];

/** Instruction codes are positions in this list. */
export const opcodes = [
  'fused',
  'matmul',
  'conv',
  'convInputGradient',
  'convFilterGradient',
  'maxPool',
  'averagePool',
  'averagePoolGradient',
  'gather',
  'scatterAdd',
  'gatherElements',
  'scatterAddElements',
  'setRows',
  'argMax',
  'randomUniform',
] as const;
export type Opcode = (typeof opcodes)[number];

/** Operations on the tape of a fused instruction. Codes are positions in this list. */
export const tapeOps = [
  'constant',
  'neg',
  'exp',
  'log',
  'sqrt',
  'abs',
  'sign',
  'tanh',
  'sigmoid',
  'erf',
  'relu',
  'softplus',
  'sin',
  'cos',
  'floor',
  'ceil',
  'round',
  'not',
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'equal',
  'notEqual',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
  'and',
  'or',
  'where',
  'toFloat',
  'toInteger',
  'toBool',
] as const;
export type TapeOp = (typeof tapeOps)[number];

/** How a fused instruction writes a register. Codes are positions in this list. */
export const outputModes = ['store', 'sum', 'max'] as const;
export type OutputMode = (typeof outputModes)[number];

/** A tensor that each run of the program binds by name. */
export interface ProgramBinding {
  readonly name: string;
  readonly dtype: DType;
  /** Shape of one step's value; a per-step binding is bound with a leading axis of length `steps`. */
  readonly shape: readonly number[];
  readonly access: BindingAccess;
  readonly perStep: boolean;
}

export interface EncodedProgram {
  /** Every number of the program, as documented in docs/program-format.md. */
  readonly words: Float64Array;
  /** Bytes of all constant buffers. */
  readonly constants: Uint8Array;
  readonly bindings: readonly ProgramBinding[];
}
