import type { Tensor } from '../tensor.js';
import type { NativeDevice, NativeTensor } from './binding.js';
import { type DeviceMemory, hostMemory } from './memory.js';
import { callNative, fromNative } from './native-error.js';

interface Held {
  readonly copy: NativeTensor;
  readonly role: 'fixed' | 'kept';
  holders: number;
}

/** The memory of a device that cannot compute in the host's: fixed and kept tensors have a copy there. */
export class OwnMemory implements DeviceMemory {
  readonly #native: NativeDevice;
  readonly #held = new Map<Tensor, Held>();
  /** Those of tensors that were held before, to be used again: a program knows them by their addresses. */
  readonly #allocated = new WeakMap<Tensor, NativeTensor>();

  constructor(native: NativeDevice) {
    this.#native = native;
  }

  fix(tensors: Iterable<Tensor>): Disposable {
    return this.#take(tensors, 'fixed');
  }

  keep(tensors: Iterable<Tensor>): Disposable {
    return this.#take(tensors, 'kept');
  }

  async pull(tensors: Iterable<Tensor>): Promise<void> {
    const held = [...tensors].filter((tensor) => this.#held.get(tensor)?.role === 'kept');
    if (held.length === 0) return;
    callNative(() => {
      for (const tensor of held) this.#native.copy(this.locate(tensor), tensor.data);
    });
    await this.#native.flush().catch((error: unknown) => {
      throw fromNative(error);
    });
  }

  copy(from: Tensor, to: Tensor): void {
    if (!this.#held.has(from) && !this.#held.has(to)) hostMemory.copy(from, to);
    else callNative(() => this.#native.copy(this.locate(from), this.locate(to)));
  }

  clear(tensor: Tensor): void {
    if (!this.#held.has(tensor)) hostMemory.clear(tensor);
    else callNative(() => this.#native.copy(undefined, this.locate(tensor)));
  }

  locate(tensor: Tensor): Tensor['data'] | NativeTensor {
    return this.#held.get(tensor)?.copy ?? tensor.data;
  }

  #take(tensors: Iterable<Tensor>, role: Held['role']): Disposable {
    const taken: Tensor[] = [];
    const release = (): void => {
      for (const tensor of taken.splice(0)) this.#release(tensor);
    };
    try {
      for (const tensor of tensors) {
        this.#hold(tensor, role);
        taken.push(tensor);
      }
    } catch (error) {
      release();
      throw error;
    }
    return { [Symbol.dispose]: release };
  }

  #hold(tensor: Tensor, role: Held['role']): void {
    const known = this.#held.get(tensor);
    if (known !== undefined) {
      if (role === 'kept' || known.role === 'kept')
        throw new Error(`A ${known.role} tensor cannot be ${role} as well.`);
      known.holders++;
      return;
    }
    const copy = callNative(() => {
      const own = this.#allocated.get(tensor) ?? this.#native.allocate(tensor.data);
      this.#native.copy(tensor.data, own);
      return own;
    });
    this.#allocated.set(tensor, copy);
    this.#held.set(tensor, { copy, role, holders: 1 });
  }

  #release(tensor: Tensor): void {
    const held = this.#held.get(tensor);
    if (held !== undefined && --held.holders === 0) this.#held.delete(tensor);
  }
}
