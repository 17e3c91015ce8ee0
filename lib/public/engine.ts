/**
 * Devices, and graphs compiled to programs that they run.
 *
 * @module bilevel/engine
 */

// Devices and programs are Disposable; the reference brings that type to projects whose own libraries lack it.
/// <reference lib="esnext.disposable" preserve="true" />

import { warnWithoutAddon } from '../engine/index.js';

warnWithoutAddon();

export {
  type CompiledProgram,
  type CompileOptions,
  compile,
  compileCached,
  formatCost,
  type ProgramCost,
  type ProgramSpec,
  type RankOf,
  type Target,
  targetOf,
} from '../compile/index.js';
export type { InstructionCost } from '../compile/program/explain.js';
export type { BindingAccess, EncodedProgram, ProgramBinding } from '../encoded.js';
export {
  type AutoOptions,
  type CpuOptions,
  type CudaOptions,
  Device,
  type DeviceInfo,
  type FoundDevice,
  type FoundLibrary,
  findDevices,
  type JoinOptions,
  joinRanks,
  type Precision,
  type Program,
  type Ranks,
  type RunOptions,
} from '../engine/index.js';
export type { DeviceMemory } from '../engine/memory.js';
