export * from './activations.js';
export * from './normalization.js';
export * from './probability.js';
export * from './products.js';
export * from './random.js';
export * from './trigonometry.js';
export * from './volumes.js';
