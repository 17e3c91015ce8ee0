import { cpus, totalmem } from 'node:os';
import { loadAddon } from './addon.js';
import { defaultThreads, type Precision } from './device.js';
import { callNative } from './native-error.js';

/** A library that an engine uses. */
export interface FoundLibrary {
  /** `oneDNN`, `CUDA driver` or `NVRTC`. */
  readonly name: string;
  /** Its own version; of the driver the CUDA version up to which it supports programs, such as `13.0`. */
  readonly version: string;
  /** The file that it was loaded from, where that is known. */
  readonly path?: string;
}

/** A device of this machine, or why there is none of its kind. */
export interface FoundDevice {
  readonly kind: 'cpu' | 'cuda';
  /** Which one of its kind, from 0 on, in the order of the driver. */
  readonly index: number;
  /** Its model, as the operating system or the driver names it; absent where no device could be asked. */
  readonly name?: string;
  /** Its memory in bytes; that of the machine for the CPU. */
  readonly memory?: number;
  /** Threads that a CPU device has by default. */
  readonly threads?: number;
  /** Of a CUDA device: which instructions it has, such as `9.0`. */
  readonly computeCapability?: string;
  /** What the operands of its products and convolutions can be rounded to; none where no device could be asked. */
  readonly precisions: readonly Precision[];
  readonly libraries: readonly FoundLibrary[];
  /** Why no program can run on it, and what to do; absent where programs can. */
  readonly reason?: string;
}

/**
 * What programs may run on: the CPU first, then every GPU that NVIDIA's driver finds, or one record with the reason
 * where it cannot be asked. The driver is looked for and started, which takes up to seconds on a machine with several
 * GPUs.
 * @throws DEVICE_UNAVAILABLE when the native addon cannot be loaded
 */
export function findDevices(): readonly FoundDevice[] {
  const addon = loadAddon();
  return callNative(() => addon.findDevices()).map((found) => (found.kind === 'cpu' ? describeCpu(found) : found));
}

function describeCpu(found: FoundDevice): FoundDevice {
  const name = cpus()[0]?.model.trim();
  const { kind, index, ...rest } = found;
  return { kind, index, ...(name ? { name } : {}), memory: totalmem(), threads: defaultThreads(), ...rest };
}
