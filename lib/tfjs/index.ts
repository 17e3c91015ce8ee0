export { type TfDataset, tfBatches } from './batches.js';
export { fromTfLayout, type LayoutName, toTfLayout } from './layouts.js';
export { type ApplyModelOptions, applyModel } from './model.js';
export { fromTf, toTf } from './tensors.js';
export type { TfGraphModel, TfLayer, TfLayersModel, TfModule, TfTensor, TfValues, TfVariable } from './types.js';
export { setWeights, weightsOf } from './weights.js';
