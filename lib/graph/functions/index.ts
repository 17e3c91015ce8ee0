export * from './conv.js';
export * from './elementwise.js';
export * from './indexing.js';
export { type ConstantValues, constant, input, iota, type Operand } from './leaf.js';
export * from './matmul.js';
export * from './pool.js';
export * from './random.js';
export * from './reduce.js';
export * from './shape.js';
