import type { NodeOf } from '../../../graph/node.js';
import type { KernelOp } from '../../classes.js';
import type { Instruction } from '../../program/ir.js';
import * as copies from './copies.js';
import * as indexing from './indexing.js';
import type { Lowering, Operands } from './lowering.js';
import { averagePool, averagePoolGradient, maxPoolIndices } from './pools.js';
import * as products from './products.js';
import * as random from './random.js';
import * as ranks from './ranks.js';
import * as sparse from './sparse.js';
import * as warps from './warps.js';

const kernels: { readonly [K in KernelOp]: Lowering<K> } = {
  ...products,
  averagePool,
  averagePoolGradient,
  maxPoolIndices,
  ...indexing,
  ...copies,
  ...warps,
  ...sparse,
  ...random,
  ...ranks,
};

/** The instructions of an operation that is not fused. */
export function lowerKernel<K extends KernelOp>(node: NodeOf<K>, operands: Operands): Instruction[] {
  return kernels[node.op](node, operands);
}
