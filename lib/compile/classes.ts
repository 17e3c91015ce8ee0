import type { TapeOp } from '../encoded.js';
import type { Node, NodeOf } from '../graph/node.js';
import type { OpName } from '../graph/ops/index.js';

/** How the compiler treats each primitive. */
export type OpClass = 'leaf' | 'elementwise' | 'reduction' | 'view' | 'kernel';

/**
 * Run element by element inside a fused instruction: every operation of the tape that is one of the graph, and casts.
 */
export type ElementwiseOp = Extract<OpName, Exclude<TapeOp, 'constant'> | 'cast'>;

const others = {
  input: 'leaf',
  constant: 'leaf',
  reduceSum: 'reduction',
  reduceMax: 'reduction',
  reshape: 'view',
  transpose: 'view',
  broadcastTo: 'view',
  slice: 'view',
  stopGradient: 'view',
  shardable: 'view',
  pad: 'kernel',
  concat: 'kernel',
  matmul: 'kernel',
  conv: 'kernel',
  convInputGradient: 'kernel',
  convFilterGradient: 'kernel',
  maxPoolIndices: 'kernel',
  averagePool: 'kernel',
  averagePoolGradient: 'kernel',
  gather: 'kernel',
  scatterAdd: 'kernel',
  gatherElements: 'kernel',
  scatterAddElements: 'kernel',
  setRows: 'kernel',
  argMax: 'kernel',
  warpAffine: 'kernel',
  warpAffineGradient: 'kernel',
  sparseMatmul: 'kernel',
  sampledMatmul: 'kernel',
  randomUniform: 'kernel',
  allReduce: 'kernel',
} as const satisfies Record<Exclude<OpName, ElementwiseOp>, Exclude<OpClass, 'elementwise'>>;

type OtherOp = keyof typeof others;

/** Has instructions of its own. */
export type KernelOp = { [K in OtherOp]: (typeof others)[K] extends 'kernel' ? K : never }[OtherOp];

export function isElementwise(op: OpName): op is ElementwiseOp {
  return !(op in others);
}

export function classOf(op: OpName): OpClass {
  return isElementwise(op) ? 'elementwise' : others[op];
}

export function isKernel(node: Node): node is NodeOf<KernelOp> {
  return classOf(node.op) === 'kernel';
}
