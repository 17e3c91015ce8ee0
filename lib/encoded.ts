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
/** How a run uses a bound tensor. */
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
  'warpAffine',
  'warpAffineGradient',
  'sparseMatmul',
  'sampledMatmul',
  'allReduce',
] as const;
export type Opcode = (typeof opcodes)[number];

/**
 * What a register of the tape holds: a float32, or an int64. A truth is a float32 that is 0 or 1; of `any`, all
 * registers that an operation names are of one class.
 */
export type RegisterClass = 'float' | 'integer' | 'truth' | 'any';

interface TapeSignature {
  readonly takes: readonly RegisterClass[];
  readonly gives: RegisterClass;
}

/** Operations on the tape of a fused instruction. Codes are positions in this table. */
export const tapeSignatures = {
  constant: { takes: [], gives: 'float' },
  neg: { takes: ['any'], gives: 'any' },
  exp: { takes: ['float'], gives: 'float' },
  log: { takes: ['float'], gives: 'float' },
  sqrt: { takes: ['float'], gives: 'float' },
  abs: { takes: ['any'], gives: 'any' },
  sign: { takes: ['any'], gives: 'any' },
  tanh: { takes: ['float'], gives: 'float' },
  sigmoid: { takes: ['float'], gives: 'float' },
  erf: { takes: ['float'], gives: 'float' },
  relu: { takes: ['float'], gives: 'float' },
  softplus: { takes: ['float'], gives: 'float' },
  sin: { takes: ['float'], gives: 'float' },
  cos: { takes: ['float'], gives: 'float' },
  floor: { takes: ['float'], gives: 'float' },
  ceil: { takes: ['float'], gives: 'float' },
  round: { takes: ['float'], gives: 'float' },
  not: { takes: ['truth'], gives: 'truth' },
  add: { takes: ['any', 'any'], gives: 'any' },
  sub: { takes: ['any', 'any'], gives: 'any' },
  mul: { takes: ['any', 'any'], gives: 'any' },
  div: { takes: ['any', 'any'], gives: 'any' },
  pow: { takes: ['float', 'float'], gives: 'float' },
  maximum: { takes: ['any', 'any'], gives: 'any' },
  minimum: { takes: ['any', 'any'], gives: 'any' },
  equal: { takes: ['any', 'any'], gives: 'truth' },
  notEqual: { takes: ['any', 'any'], gives: 'truth' },
  less: { takes: ['any', 'any'], gives: 'truth' },
  lessEqual: { takes: ['any', 'any'], gives: 'truth' },
  greater: { takes: ['any', 'any'], gives: 'truth' },
  greaterEqual: { takes: ['any', 'any'], gives: 'truth' },
  and: { takes: ['truth', 'truth'], gives: 'truth' },
  or: { takes: ['truth', 'truth'], gives: 'truth' },
  where: { takes: ['truth', 'any', 'any'], gives: 'any' },
  toFloat: { takes: ['any'], gives: 'float' },
  toInteger: { takes: ['any'], gives: 'integer' },
  toBool: { takes: ['any'], gives: 'truth' },
} as const satisfies Record<string, TapeSignature>;
export type TapeOp = keyof typeof tapeSignatures;

export const tapeOps = Object.keys(tapeSignatures) as TapeOp[];

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

/** A program as the native engine takes it. */
export interface EncodedProgram {
  /** Every number of the program, as documented in docs/program-format.md. */
  readonly words: Float64Array;
  /** Bytes of all constant buffers. */
  readonly constants: Uint8Array;
  readonly bindings: readonly ProgramBinding[];
}
