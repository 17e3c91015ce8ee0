import { types } from 'node:util';
import type { ProgramBinding } from '../encoded.js';
import { adviseName, BilevelError, checkKeys, checkSignal, describe, invalidArgument, isError } from '../errors.js';
import { formatType, type Shape, sharedMemory, Tensor } from '../tensor.js';
import type { NativeProgram, NativeTensor } from './binding.js';
import type { DeviceMemory } from './memory.js';
import { callNative, fromNative } from './native-error.js';

/** Options of {@link Program.run}. */
export interface RunOptions {
  /** How often the program's step is repeated; 1 by default, at most 2^31 - 1. */
  readonly steps?: number;
  /** Stops the run at the end of a step. */
  readonly signal?: AbortSignal | undefined;
}

/** The error of a run that its signal stopped: code ABORTED, the signal's reason as `cause`. */
export class RunAborted extends BilevelError {
  /** The bound tensors hold the result of this many steps. */
  readonly stepsCompleted: number;

  constructor(stepsCompleted: number, steps: number, reason: unknown) {
    const why = isError(reason) ? reason.message : describe(reason);
    super('ABORTED', `The run was stopped after ${stepsCompleted} of ${steps} steps: ${why}`, { cause: reason });
    this.stepsCompleted = stepsCompleted;
  }
}

/** What a run and its abort listener share with the device: the stop flag and the count of completed steps. */
type Control = Int32Array<SharedArrayBuffer>;

/** A program loaded on a device. */
export class Program implements Disposable {
  readonly bindings: readonly ProgramBinding[];
  readonly #native: NativeProgram;
  readonly #memory: DeviceMemory;
  /** Controls of ended runs, to be used again. */
  readonly #controls: Control[] = [];

  /** Programs come from {@link Device.load}. */
  constructor(native: NativeProgram, bindings: readonly ProgramBinding[], memory: DeviceMemory) {
    this.#native = native;
    this.bindings = bindings;
    this.#memory = memory;
  }

  /**
   * Runs the program on these tensors, by the names of its bindings. Until the promise settles they belong to the run:
   * others may read what it only reads, and must leave alone what it writes.
   * @returns the number of steps, when all have been completed
   * @throws INVALID_ARGUMENT when a tensor is missing or not of the program; SHAPE_MISMATCH; TENSOR_IN_USE when a
   * tensor that is written belongs to another binding or run; ABORTED (see {@link RunAborted}), where tensors that are
   * only written hold anything unless a step has been completed; INDEX_OUT_OF_RANGE, after which written tensors may
   * hold part of a step, and on a CUDA device anything; DISPOSED; DEVICE_LOST; DEVICE_UNAVAILABLE when the compiler of
   * a CUDA device has no code for it; LIMIT_EXCEEDED when that has no room for the tensors
   */
  run(bindings: Readonly<Record<string, Tensor>>, options: RunOptions = {}): Promise<number> {
    return this.#run(bindings, options);
  }

  /**
   * Runs the program as {@link run} does and measures it. The clock is read twice for every instruction, which slows
   * programs of very short ones.
   * @returns the seconds spent in each instruction by all steps together, in the order of `cost.instructions` of what
   * `compile` returned; `formatCost(cost, seconds)` prints them
   * @throws as {@link run} does
   */
  async profile(bindings: Readonly<Record<string, Tensor>>, options: RunOptions = {}): Promise<Float64Array> {
    const count = callNative(() => this.#native.instructionCount());
    const seconds = new Float64Array(sharedMemory(count * Float64Array.BYTES_PER_ELEMENT));
    await this.#run(bindings, options, seconds);
    return Float64Array.from(seconds);
  }

  async #run(
    bindings: Readonly<Record<string, Tensor>>,
    options: RunOptions,
    seconds?: Float64Array<SharedArrayBuffer>,
  ): Promise<number> {
    checkKeys(options, ['steps', 'signal'], 'run');
    const { steps = 1, signal } = options;
    if (!Number.isInteger(steps) || steps < 1 || steps > 0x7fffffff) {
      throw invalidArgument('steps', 'an integer from 1 to 2147483647', steps);
    }
    checkSignal(signal);
    const views = this.#collect(bindings, steps);
    if (signal?.aborted) throw new RunAborted(0, steps, signal.reason);

    const control: Control = this.#controls.pop() ?? new Int32Array(sharedMemory(8));
    control[0] = 0;
    control[1] = 0;
    const listening = signal && stopOnAbort(signal, control);
    let completed: number;
    try {
      completed = await this.#native.run(views, steps, control, seconds);
    } catch (error) {
      throw fromNative(error);
    } finally {
      if (listening) signal.removeEventListener('abort', listening);
      this.#controls.push(control);
    }
    if (completed < steps) throw new RunAborted(completed, steps, signal?.reason);
    return completed;
  }

  /** Gives the program's memory back once its runs in progress have ended. */
  dispose(): void {
    this.#native.dispose();
  }

  /** As `dispose`, at the end of the block of `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #collect(bindings: Readonly<Record<string, Tensor>>, steps: number): (Tensor['data'] | NativeTensor)[] {
    if (typeof bindings !== 'object' || bindings === null) throw invalidArgument('bindings', 'an object', bindings);
    const views = this.bindings.map((binding) => {
      const tensor = Object.hasOwn(bindings, binding.name) ? bindings[binding.name] : undefined;
      if (!(tensor instanceof Tensor)) throw invalidArgument(`the binding ${binding.name}`, 'a Tensor', tensor);
      checkTensor(binding, tensor, steps);
      return this.#memory.locate(tensor);
    });
    // All bindings are there, so a longer record holds something else as well.
    const names = Object.keys(bindings);
    if (names.length > views.length) {
      const known = this.bindings.map(({ name }) => name);
      const unknown = names.find((name) => !known.includes(name)) ?? '';
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `The program has no binding ${describe(unknown)}. ${adviseName(unknown, known)}`,
      );
    }
    return views;
  }
}

/** @returns the listener, to be removed when the run has ended */
function stopOnAbort(signal: AbortSignal, control: Control): () => void {
  const stop = (): void => void Atomics.store(control, 0, 1);
  signal.addEventListener('abort', stop);
  return stop;
}

function checkTensor({ name, dtype, shape, perStep }: ProgramBinding, tensor: Tensor, steps: number): void {
  const lead = perStep ? 1 : 0;
  const matches = tensor.dtype === dtype && endsWith(tensor.shape, shape, lead);
  if (!matches || (perStep && tensor.shape[0] !== steps)) {
    const expected = formatType({ dtype, shape: perStep ? [steps, ...shape] : shape });
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected ${expected} for the binding ${name} but received ${formatType(tensor)}.`,
    );
  }
  const { buffer } = tensor.data;
  if (!types.isSharedArrayBuffer(buffer) || buffer.growable) {
    throw invalidArgument(`the memory of the binding ${name}`, 'a SharedArrayBuffer of fixed length', buffer);
  }
}

/** Whether `all` is `lead` axes followed by those of `shape`. */
function endsWith(all: Shape, shape: Shape, lead: number): boolean {
  if (all.length !== shape.length + lead) return false;
  for (let axis = 0; axis < shape.length; axis++) if (all[axis + lead] !== shape[axis]) return false;
  return true;
}
