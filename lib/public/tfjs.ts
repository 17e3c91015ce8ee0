// bilevel/tfjs: tensors, models and data sets of TensorFlow.js.

export * from '../tfjs/index.js';
