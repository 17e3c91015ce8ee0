import type { Opcode } from '../../encoded.js';

/**
 * What an instruction does with a buffer: `read` and `write` touch every element. Of one that it looks up in, as many
 * are read as it writes. What it carries over comes into the result at the same place, which the two may share: then
 * only what it puts there is touched.
 */
export type Use = 'read' | 'readIfThere' | 'write' | 'lookUp' | 'carry' | 'put';

export type PlainOpcode = Exclude<Opcode, 'fused'>;

/** The buffers of each instruction in the order of its words (docs/program-format.md), and what it does with them. */
export const bufferUses = {
  matmul: { a: 'read', b: 'read', c: 'write' },
  conv: { x: 'read', w: 'read', y: 'write' },
  convInputGradient: { x: 'write', w: 'read', y: 'read' },
  convFilterGradient: { x: 'read', w: 'write', y: 'read' },
  maxPool: { x: 'read', scale: 'readIfThere', indices: 'write', y: 'write' },
  averagePool: { x: 'read', y: 'write' },
  averagePoolGradient: { x: 'write', y: 'read' },
  gather: { x: 'lookUp', indices: 'read', y: 'write' },
  scatterAdd: { x: 'read', indices: 'read', y: 'write' },
  gatherElements: { x: 'lookUp', indices: 'read', y: 'write' },
  scatterAddElements: { x: 'read', indices: 'read', y: 'write' },
  setRows: { target: 'carry', indices: 'read', rows: 'put', y: 'write' },
  argMax: { x: 'read', y: 'write' },
  warpAffine: { x: 'read', table: 'read', y: 'write' },
  warpAffineGradient: { x: 'write', table: 'read', y: 'read' },
  sparseMatmul: { values: 'lookUp', indices: 'lookUp', extents: 'read', x: 'lookUp', y: 'write' },
  sampledMatmul: { indices: 'lookUp', extents: 'read', a: 'read', b: 'lookUp', values: 'write' },
  randomUniform: { key: 'read', y: 'write' },
  allReduce: { x: 'read', y: 'write' },
} as const satisfies Record<PlainOpcode, Readonly<Record<string, Use>>>;

/** Which buffers an instruction has. */
export type BuffersOf<K extends PlainOpcode, Buffer> = {
  readonly [N in keyof (typeof bufferUses)[K]]: (typeof bufferUses)[K][N] extends 'readIfThere'
    ? Buffer | undefined
    : Buffer;
};
