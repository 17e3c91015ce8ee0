import { availableParallelism } from 'node:os';
import type { EncodedProgram } from '../encoded.js';
import { checkKeys, checkRecord, invalidArgument } from '../errors.js';
import { loadAddon } from './addon.js';
import type { NativeDevice } from './binding.js';
import { type DeviceMemory, hostMemory } from './memory.js';
import { callNative } from './native-error.js';
import { Program } from './program.js';

export interface CpuOptions {
  /** Threads that compute a run together, 1 to 256; all available cores by default. */
  readonly threads?: number;
  /**
   * What the operands of convolutions and matrix products are rounded to before they are multiplied: `float32` (the
   * default) rounds nothing; `bf16` keeps 8 bits of the mantissa in convolutions where a group has 16 channels or more
   * on both sides and nothing that multiplies less in float32 is faster, and in products so large that it pays (256 x
   * 256 x 256 or more). It needs a processor that multiplies such numbers itself (AVX-512 BF16, AMX). Tensors, sums and
   * all else are float32 in both. docs/performance.md shows what it gains and what it costs.
   */
  readonly precision?: Precision;
}

export const precisions = ['float32', 'bf16'] as const;
export type Precision = (typeof precisions)[number];

/** In a team, as in native/cpu/kernel/settings.h. */
const mostThreads = 256;

/** All available cores, as far as a team may have. */
export function defaultThreads(): number {
  return Math.min(availableParallelism(), mostThreads);
}

export interface DeviceInfo {
  readonly kind: string;
  readonly threads: number;
  readonly precision: Precision;
  /** The library that serves matrix products and convolutions, with its version. */
  readonly library: string;
  /** The best instruction set that the library uses on this machine. */
  readonly instructionSet: string;
}

/**
 * Something that runs programs, on a thread of its own: runs are executed one after the other in the order in which
 * they were started, and the event loop goes on meanwhile. A run that is known to take less than 50 microseconds, when
 * no other is pending, is executed before the call returns, because to send it away takes longer; a loop that awaits
 * such runs still reaches the event loop every 2 milliseconds. A pending run keeps the process alive, an idle device
 * does not.
 */
export class Device implements Disposable {
  /** Where the tensors of its runs are. */
  readonly memory: DeviceMemory;
  readonly #native: NativeDevice;

  /** Devices come from {@link Device.cpu}. */
  constructor(native: NativeDevice, memory: DeviceMemory = hostMemory) {
    this.#native = native;
    this.memory = memory;
  }

  /**
   * A device on the processor. The same program gives the same bits on devices with the same number of threads and the
   * same precision.
   * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for an option's value; DEVICE_UNAVAILABLE when the native addon cannot be
   * loaded or the processor does not have the precision
   */
  static cpu(options: CpuOptions = {}): Device {
    checkKeys(options, ['threads', 'precision'], 'Device.cpu');
    const { threads = defaultThreads(), precision = 'float32' } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
      throw invalidArgument('threads', `an integer from 1 to ${mostThreads}`, threads);
    }
    if (!precisions.includes(precision)) throw invalidArgument('precision', precisions.join(' or '), precision);
    const addon = loadAddon();
    return callNative(() => new Device(new addon.Device({ threads, precision })));
  }

  /** @throws DISPOSED */
  info(): DeviceInfo {
    return callNative(() => this.#native.info());
  }

  /**
   * Verifies a program and gives it memory on this device.
   * @throws INVALID_PROGRAM, LIMIT_EXCEEDED, DISPOSED
   */
  load(program: EncodedProgram): Program {
    checkRecord(program, 'program');
    if (!Array.isArray(program.bindings)) throw invalidArgument('program', 'what compile(spec) returns', program);
    const names = program.bindings.map(({ name }) => name);
    return new Program(
      callNative(() => this.#native.createProgram(program.words, program.constants, names)),
      program.bindings,
      this.memory,
    );
  }

  /** Ends the device and its thread. Runs in progress stop as soon as they may and reject with DISPOSED. */
  dispose(): void {
    this.#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
