export { type CpuOptions, Device, type DeviceInfo } from './device.js';
export { type Program, RunAborted, type RunOptions } from './program.js';
