export type { BatchStatistics } from './import-graph.js';
export { defaultLimits, type OnnxLimits } from './limits.js';
export type { NetworkInput } from './model-graph.js';
export { type Application, type ApplyOptions, type LoadOptions, Network, type NetworkTensor } from './network.js';
export type { NetworkInputs } from './network-inputs.js';
export type { Moments } from './operation.js';
export { opsetRange } from './opset.js';
export type { TensorKind } from './parameters.js';
export type { ModelWarning, WarningCode } from './warnings.js';
