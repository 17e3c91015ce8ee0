// bilevel/graph: what costs are written with, and derivatives of graphs.

export * from '../graph/composites/index.js';
export * from '../graph/functions/index.js';
export { evaluate, gradient, hessianVectorProduct, mixedJacobianVectorProduct, type Node } from '../graph/index.js';
