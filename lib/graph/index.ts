import './chain.js';

export * from './composites/index.js';
export { evaluate, evaluateChanged } from './evaluate.js';
export { foldExpression } from './fold.js';
export { normalizeAxis } from './functions/axis.js';
export * from './functions/index.js';
export { allReduce, shardable } from './functions/ranks.js';
export { gradient, hessianVectorProduct, influences, mixedJacobianVectorProduct } from './gradient/index.js';
export { type Labelled, labelsOf } from './labels.js';
export { createNode, isNode, isOp, type Node, type NodeOf, requireNode } from './node.js';
export type { Op, Value } from './op.js';
export { type AttributesOf, type OpName, ops } from './ops/index.js';
export { currentOrigin, type Origin, placeOf, type Site, withOrigin, writtenIn } from './origin.js';
export { poolFirst } from './pool-first.js';
export { substitute } from './substitute.js';
export { topologicalOrder } from './traverse.js';
export { vectorize } from './vectorize/index.js';
