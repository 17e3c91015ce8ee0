/**
 * Tensors, models and data sets of TensorFlow.js.
 *
 * @module bilevel/tfjs
 */

export * from '../tfjs/index.js';
