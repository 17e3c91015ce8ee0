// bilevel/engine: devices, and graphs compiled to programs that they run.

// Devices and programs are Disposable; the reference brings that type to projects whose own libraries lack it.
/// <reference lib="esnext.disposable" preserve="true" />

export {
  type CompiledProgram,
  type CompileOptions,
  compile,
  compileCached,
  formatCost,
  type ProgramCost,
  type ProgramSpec,
  type Target,
  targetOf,
} from '../compile/index.js';
export {
  type AutoOptions,
  type CpuOptions,
  type CudaOptions,
  Device,
  type DeviceInfo,
  type FoundDevice,
  type FoundLibrary,
  findDevices,
  type Precision,
  type Program,
  type RunOptions,
} from '../engine/index.js';
