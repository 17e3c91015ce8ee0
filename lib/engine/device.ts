import { availableParallelism, cpus } from 'node:os';
import type { EncodedProgram } from '../encoded.js';
import { BilevelError, checkKeys, checkRecord, invalidArgument } from '../errors.js';
import { loadAddon } from './addon.js';
import type { NativeDevice } from './binding.js';
import { type DeviceMemory, hostMemory } from './memory.js';
import { callNative } from './native-error.js';
import { OwnMemory } from './own-memory.js';
import { Program } from './program.js';
import type { Ranks } from './ranks.js';

/** Options of {@link Device.cpu}. */
export interface CpuOptions {
  /**
   * Threads that compute a run together, 1 to 256. By default one for every available core, or as many as the system
   * lets this process start, four of which are left to Node.
   */
  readonly threads?: number;
  /**
   * What the operands of convolutions and matrix products are rounded to before they are multiplied: `float32` (the
   * default) rounds nothing; `bf16` keeps 8 bits of the mantissa in convolutions where a group has 16 channels or more
   * on both sides and nothing that multiplies less in float32 is faster, and in products so large that it pays (256 x
   * 256 x 256 or more). It needs a processor that multiplies such numbers itself (AVX-512 BF16, AMX). Tensors, sums and
   * all else are float32 in both. docs/performance.md shows what it gains and what it costs.
   */
  readonly precision?: 'float32' | 'bf16';
  /**
   * Processes that compute together, as {@link joinRanks} gives them: programs compiled for the device work on this
   * one's part of each mini-batch, and all have the same results. By default it computes alone.
   */
  readonly ranks?: Ranks | undefined;
}

/** Options of {@link Device.cuda}. */
export interface CudaOptions {
  /**
   * Which of the devices that the driver finds, from 0 on in its order; 0 by default. {@link findDevices} lists them.
   */
  readonly index?: number;
  /**
   * What the operands of large products and convolutions are rounded to before they are multiplied, to the nearest, of
   * two equally near numbers to the even one: `float32` (the default) rounds nothing, `tf32` keeps 11 bits of the
   * mantissa with the leading one, `bf16` keeps 8. Both need compute capability 8.0. Tensors, sums and all else are
   * float32. So far it shows what rounding does to results, and gains no speed: docs/cuda.md.
   */
  readonly precision?: Precision;
  /**
   * As in {@link CpuOptions}, none by default; the sums are made in the host's memory, and the device computes between
   * them. Where a host has several devices, each of its ranks had better take one: `{ ranks, index: ranks.localRank }`.
   */
  readonly ranks?: Ranks | undefined;
}

/** Options of {@link Device.auto}. */
export interface AutoOptions {
  /** As in {@link CpuOptions}, where there is no CUDA device. */
  readonly threads?: number;
  /** As in {@link CudaOptions}, and in {@link CpuOptions} where there is no CUDA device that has it. */
  readonly precision?: Precision;
}

export const precisions = ['float32', 'tf32', 'bf16'] as const;
/** What the operands of large products and convolutions are rounded to. */
export type Precision = (typeof precisions)[number];
const cpuPrecisions = ['float32', 'bf16'] as const;

/** In a team, as in native/cpu/kernel/settings.h. */
const mostThreads = 256;

/**
 * All available cores, as far as a team may have. Ranks on one host share them, unless their launcher has given each
 * its own.
 */
export function defaultThreads(ranks?: Ranks): number {
  const available = availableParallelism();
  const sharing = available < cpus().length ? 1 : (ranks?.neighbours ?? 1);
  return Math.max(1, Math.min(Math.floor(available / sharing), mostThreads));
}

/** What a device is. */
export interface DeviceInfo {
  readonly kind: 'cpu' | 'cuda';
  /** Of a CUDA device: its index and model, as in `cuda:0 (NVIDIA H200)`. */
  readonly name?: string;
  /** Of a CPU device: the threads that compute a run together. */
  readonly threads?: number;
  readonly precision: Precision;
  /** The library that serves matrix products and convolutions, or the driver and the compiler, with their versions. */
  readonly library: string;
  /** The best instruction set that the library uses on this machine; of a CUDA device its compute capability. */
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
  /** What it computes together with. */
  readonly ranks: Ranks | undefined;
  readonly #native: NativeDevice;

  /** Devices come from {@link Device.cpu}, {@link Device.cuda} and {@link Device.auto}. */
  constructor(native: NativeDevice, memory: DeviceMemory = hostMemory, ranks?: Ranks) {
    this.#native = native;
    this.memory = memory;
    this.ranks = ranks;
  }

  /**
   * A device on the processor. The same program gives the same bits on devices with the same number of threads and the
   * same precision.
   * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for an option's value; DEVICE_UNAVAILABLE when the native addon cannot be
   * loaded or the processor does not have the precision; LIMIT_EXCEEDED when the system does not let this process start
   * so many threads as `threads` asks for, or none at all
   */
  static cpu(options: CpuOptions = {}): Device {
    checkKeys(options, ['threads', 'precision', 'ranks'], 'Device.cpu');
    const { threads = defaultThreads(options.ranks), precision = 'float32', ranks } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
      throw invalidArgument('threads', `an integer from 1 to ${mostThreads}`, threads);
    }
    checkPrecision(precision, cpuPrecisions);
    const addon = loadAddon();
    const native = callNative(() => new addon.Device({ kind: 'cpu', threads, precision, ranks: ranks !== undefined }));
    const device = new Device(native, hostMemory, ranks);
    ranks?.attach((program) => device.load(program));
    const { threads: started = threads } = device.info();
    if (options.threads !== undefined && started < threads) {
      device.dispose();
      throw tooFewThreads(threads, started);
    }
    return device;
  }

  /**
   * A device on a GPU of NVIDIA's; docs/cuda.md says what it needs, and what differs from the processor. Programs are
   * compiled for it in their first run. Each device has a context of its own with the driver: after DEVICE_LOST, with
   * which runs reject when the GPU gave up, make another one.
   * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for an option's value; DEVICE_UNAVAILABLE with what is missing, where it
   * was looked for, and what to do
   */
  static cuda(options: CudaOptions = {}): Device {
    checkKeys(options, ['index', 'precision', 'ranks'], 'Device.cuda');
    const { index = 0, precision = 'float32', ranks } = options;
    if (!Number.isInteger(index) || index < 0 || index > 0x7fffffff) {
      throw invalidArgument('index', 'the index of a device that findDevices() lists', index);
    }
    checkPrecision(precision, precisions);
    const addon = loadAddon();
    const native = callNative(() => new addon.Device({ kind: 'cuda', index, precision, ranks: ranks !== undefined }));
    const device = new Device(native, new OwnMemory(native), ranks);
    ranks?.attach((program) => device.load(program));
    return device;
  }

  /**
   * The first CUDA device where one can be used in this precision, and the processor otherwise; `info().kind` tells.
   * Results depend on which it is, in the last bits of sums.
   * @throws as {@link Device.cpu} does; DEVICE_UNAVAILABLE, as {@link Device.cuda} does, for `tf32`, which no processor
   * has
   */
  static auto(options: AutoOptions = {}): Device {
    checkKeys(options, ['threads', 'precision'], 'Device.auto');
    const { threads, precision = 'float32' } = options;
    try {
      return Device.cuda({ precision });
    } catch (error) {
      const isMissing = error instanceof BilevelError && error.code === 'DEVICE_UNAVAILABLE';
      if (!isMissing || precision === 'tf32') throw error;
      return Device.cpu({ ...(threads === undefined ? {} : { threads }), precision });
    }
  }

  /** @throws DISPOSED */
  info(): DeviceInfo {
    return callNative(() => this.#native.info());
  }

  /**
   * Verifies a program and gives it memory on this device.
   * @throws INVALID_PROGRAM; LIMIT_EXCEEDED, also when the device has too little memory left; DISPOSED; DEVICE_LOST
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

  /** As `dispose`, at the end of the block of `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function tooFewThreads(asked: number, started: number): BilevelError {
  return new BilevelError(
    'LIMIT_EXCEEDED',
    `Expected to start ${asked} threads but the limits of this process leave room for ${started}, beside those of Node. ` +
      'Ask for fewer, or raise the limit of processes (`ulimit -u`, or pids of the container) or of address space ' +
      '(`ulimit -v`).',
  );
}

function checkPrecision(precision: Precision, known: readonly Precision[]): void {
  if (!known.includes(precision)) throw invalidArgument('precision', known.join(' or '), precision);
}
