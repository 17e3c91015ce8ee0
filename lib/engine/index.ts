export { warnWithoutAddon } from './addon.js';
export { bindTensors } from './bindings.js';
export {
  type AutoOptions,
  type CpuOptions,
  type CudaOptions,
  Device,
  type DeviceInfo,
  type Precision,
  precisions,
} from './device.js';
export { type FoundDevice, type FoundLibrary, findDevices } from './found-devices.js';
export type { DeviceMemory } from './memory.js';
export { type Program, RunAborted, type RunOptions } from './program.js';
export { abortRanks, type JoinOptions, joinRanks, type Ranks } from './ranks.js';
