import '@tensorflow/tfjs-backend-cpu';
import * as core from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';

// The parts of @tensorflow/tfjs that the tests need.
export { loadGraphModel } from '@tensorflow/tfjs-converter';
export * as core from '@tensorflow/tfjs-core';
export * as data from '@tensorflow/tfjs-data';
export * as layers from '@tensorflow/tfjs-layers';

/** A number for each weight of a model that tells it from all others, also those that begin as 0 or 1. */
export function spreadWeights(model: layers.LayersModel): layers.LayersModel {
  model.setWeights(
    model.getWeights().map((weight, index) => {
      const values = core.randomNormal(weight.shape, 0, 0.4, 'float32', 7 + index);
      // Variances are above 0.
      return model.weights[index]?.name.endsWith('variance') ? core.add(core.abs(values), 0.5) : values;
    }),
  );
  return model;
}
