export * from './functions/index.js';
export * from './node.js';
