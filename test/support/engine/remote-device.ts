import { loadAddon } from '../../../lib/engine/addon.js';
import { Device } from '../../../lib/engine/index.js';
import { type DeviceMemory, hostMemory } from '../../../lib/engine/memory.js';
import { Tensor } from '../../../lib/tensor.js';

interface Copy {
  readonly tensor: Tensor;
  readonly role: 'fixed' | 'kept';
  holders: number;
}

const sameBits = (a: Tensor, b: Tensor): boolean =>
  Buffer.from(a.data.buffer, a.data.byteOffset, a.data.byteLength).equals(
    Buffer.from(b.data.buffer, b.data.byteOffset, b.data.byteLength),
  );

/** What no computation takes for a value: NaN, or an index that points outside. */
function spoil({ data }: Tensor): void {
  if (data instanceof BigInt64Array) data.fill(-1n);
  else data.fill(data instanceof Float32Array ? Number.NaN : -1);
}

/**
 * Memory apart from the host's. The host's elements of kept tensors are spoiled from the moment that the device takes
 * them until they are pulled, and again when the next run begins: who reads them without asking sees it, and what the
 * host writes is lost. Of fixed tensors the first copy counts, and it must be the host's at the end.
 */
export class RemoteMemory implements DeviceMemory {
  readonly #copies = new Map<Tensor, Copy>();
  /** Those of tensors that have been taken before, to be used again. */
  readonly #allocated = new WeakMap<Tensor, Tensor>();

  fix(tensors: Iterable<Tensor>): Disposable {
    return this.#take(tensors, 'fixed');
  }

  keep(tensors: Iterable<Tensor>): Disposable {
    return this.#take(tensors, 'kept');
  }

  async pull(tensors: Iterable<Tensor>): Promise<void> {
    await new Promise(setImmediate);
    for (const tensor of tensors) {
      const copy = this.#copies.get(tensor);
      if (copy?.role === 'kept') tensor.copyFrom(copy.tensor);
    }
  }

  copy(from: Tensor, to: Tensor): void {
    this.#present(to).copyFrom(this.#present(from));
  }

  clear(tensor: Tensor): void {
    hostMemory.clear(this.#present(tensor));
  }

  locate(tensor: Tensor): Tensor['data'] {
    if (this.#copies.get(tensor)?.role === 'kept') spoil(tensor);
    return this.#present(tensor).data;
  }

  /** Tensors that are fixed or kept now. */
  get held(): number {
    return this.#copies.size;
  }

  #present(tensor: Tensor): Tensor {
    return this.#copies.get(tensor)?.tensor ?? tensor;
  }

  #take(tensors: Iterable<Tensor>, role: Copy['role']): Disposable {
    const taken = [...tensors];
    for (const tensor of taken) {
      const known = this.#copies.get(tensor);
      if (known === undefined) this.#copies.set(tensor, { tensor: this.#copyOf(tensor), role, holders: 1 });
      else if (role === 'fixed' && known.role === 'fixed') known.holders++;
      else throw new Error(`A ${known.role} tensor cannot be ${role} as well.`);
      if (role === 'kept') spoil(tensor);
    }
    return { [Symbol.dispose]: () => this.#release(taken) };
  }

  #copyOf(tensor: Tensor): Tensor {
    const copy = this.#allocated.get(tensor) ?? Tensor.zeros(tensor.shape, tensor.dtype);
    this.#allocated.set(tensor, copy);
    copy.copyFrom(tensor);
    return copy;
  }

  #release(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const copy = this.#copies.get(tensor);
      if (copy === undefined || --copy.holders > 0) continue;
      this.#copies.delete(tensor);
      if (copy.role === 'fixed' && !sameBits(copy.tensor, tensor)) throw new Error('A fixed tensor was written.');
    }
  }
}

/** A device that computes as the processor does with one thread, in memory of its own. */
export function remoteDevice(memory: DeviceMemory = new RemoteMemory()): Device {
  const { Device: Native } = loadAddon();
  return new Device(new Native({ kind: 'cpu', threads: 1, precision: 'float32' }), memory);
}
