export * from './composites/index.js';
export { evaluate } from './evaluate.js';
export { formatGraph } from './format.js';
export * from './functions/index.js';
export { gradient, hessianVectorProduct, mixedJacobianVectorProduct } from './gradient.js';
export { createNode, isOp, type Node, type NodeOf, requireNode } from './node.js';
export type { Op, Value } from './op.js';
export { type AttributesOf, type OpName, ops } from './ops/index.js';
export { topologicalOrder } from './traverse.js';
