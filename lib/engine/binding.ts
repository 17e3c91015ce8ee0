import type { Tensor } from '../tensor.js';

/**
 * The one typed description of the native addon; nothing else in the package knows its functions. Native functions
 * throw an Error with a `code` of lib/errors.ts; lib/engine turns it into a BilevelError.
 */
export interface NativeAddon {
  /** The code lists that the addon was compiled with, compared with lib/encoded.ts by a test. */
  readonly format: {
    readonly version: number;
    readonly dtypes: readonly string[];
    readonly bufferKinds: readonly string[];
    readonly access: readonly string[];
    readonly opcodes: readonly string[];
    readonly tapeOps: readonly string[];
    readonly outputModes: readonly string[];
  };
  /**
   * `threads` is the size of the team that computes a run, 1 to 256; `precision` as in CpuOptions and CudaOptions;
   * `index` is that of the driver; with `ranks` its sums over ranks are those of the joined ones.
   */
  readonly Device: new (
    options:
      | { kind: 'cpu'; threads: number; precision: 'float32' | 'bf16'; ranks?: boolean }
      | { kind: 'cuda'; index: number; precision: 'float32' | 'tf32' | 'bf16'; ranks?: boolean },
  ) => NativeDevice;
  /** The devices of all engines. What is not known of one is left out. */
  findDevices(): {
    kind: 'cpu' | 'cuda';
    index: number;
    name?: string;
    memory?: number;
    computeCapability?: string;
    precisions: ('float32' | 'tf32' | 'bf16')[];
    libraries: { name: string; version: string; path?: string }[];
    reason?: string;
  }[];
  /**
   * Joins the processes that a launcher of MPI started together, through the library of that path; `hosts` has the name
   * of each rank's host. Sums fail after so many seconds without the others. Throws DEVICE_UNAVAILABLE.
   */
  joinRanks(path: string, seconds: number): { rank: number; hosts: string[] };
  /** The sums over the ranks that this process has taken part in so far, and the bytes of its operands. */
  sumsOfRanks(): { calls: number; bytes: number };
  /** With 0 leaves the other ranks, when they leave too; with another status ends all of them. */
  leaveRanks(status: number): void;
  /**
   * Stops all devices of this thread of JavaScript and waits for the steps in progress; nothing settles or starts any
   * more. Called when the process exits, where Node runs no cleanup hooks.
   */
  shutDown(): void;
}

/** A device with its executor thread. */
export interface NativeDevice {
  /** For reports. */
  info(): {
    kind: 'cpu' | 'cuda';
    name?: string;
    threads?: number;
    precision: 'float32' | 'tf32' | 'bf16';
    library: string;
    instructionSet: string;
  };
  /**
   * Decodes and verifies; throws INVALID_PROGRAM or LIMIT_EXCEEDED. The arena is allocated here (64-byte aligned), on
   * the device. The names of the bindings serve messages.
   */
  createProgram(words: Float64Array, constants: Uint8Array, bindingNames: readonly string[]): NativeProgram;
  /**
   * Memory on the device for the elements of a tensor, by its view over shared memory; it is given back when it is
   * collected. Throws LIMIT_EXCEEDED, and INVALID_ARGUMENT where the device computes in the host's memory.
   */
  allocate(view: Tensor['data']): NativeTensor;
  /**
   * Queues a copy between tensors of the same size, of which at most one is the host's; from nothing, zeros. What is
   * queued is carried out, in order, before the run or flush that is called next. The host's elements are leased by
   * nobody, and must be left alone until then. After a copy that fails the device is lost.
   */
  copy(from: Tensor['data'] | NativeTensor | undefined, to: Tensor['data'] | NativeTensor): void;
  /** Resolves when what is queued has been carried out, behind the runs before. Rejects with DEVICE_LOST. */
  flush(): Promise<number>;
  /** Runs in progress stop as soon as they may and reject with DISPOSED, unless they complete. */
  dispose(): void;
}

/** A tensor in a device's memory. */
export interface NativeTensor {
  readonly [nativeTensor]: never;
}
declare const nativeTensor: unique symbol;

export interface NativeProgram {
  /**
   * Queues a run of `steps` steps. `tensors[i]` is the view bound to binding i, or the tensor of this device that was
   * made for it: the view's typed-array class must be that of
   * the dtype, its memory shared and fixed in length, its length `elementCount` (times `steps` when per step). The
   * ranges are leased until the promise settles. `control` is an Int32Array(2) over shared memory: [0] non-zero asks
   * the run to stop; [1] counts the steps completed. The flag is looked at between instructions until a step's first
   * write to a readWrite or write binding; from there the step is finished first, so that bound state always belongs to
   * a whole number of steps. Resolves with the number of steps completed, which is less than `steps` when the run was
   * stopped. Throws TENSOR_IN_USE when a range that is written belongs to another binding or run; rejects with
   * INDEX_OUT_OF_RANGE and the like from a kernel, and with DEVICE_LOST. `seconds`, when given, has one element for
   * each instruction over shared memory, to which the time spent in that instruction is added.
   */
  run(
    tensors: readonly (Tensor['data'] | NativeTensor)[],
    steps: number,
    control: Int32Array<SharedArrayBuffer>,
    seconds?: Float64Array<SharedArrayBuffer>,
  ): Promise<number>;
  /** Of the prologue and of the step together. */
  instructionCount(): number;
  /** Runs in progress go on to their end. */
  dispose(): void;
}
