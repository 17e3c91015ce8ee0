/**
 * What costs are written with, and derivatives of graphs.
 *
 * @module bilevel/graph
 */

export * from '../graph/composites/index.js';
export * from '../graph/functions/index.js';
export {
  evaluate,
  gradient,
  hessianVectorProduct,
  mixedJacobianVectorProduct,
  type Node,
  type Operand,
} from '../graph/index.js';
export type { Origin, Site, Traced } from '../graph/origin.js';
