import { types } from 'node:util';
import type { Tensor } from '../tensor.js';
import type { NativeTensor } from './binding.js';

/**
 * Where a device has the elements of the tensors that its runs are bound to, by the role that a tensor plays.
 *
 * - Fixed ones hold what nobody changes any more, such as a data set.
 * - Kept ones are changed by one run after the other before the host looks at them, such as the state of a solver.
 * - All others are given to a run that reads them, or read by the host after one that has written them.
 *
 * Of fixed and kept tensors a device may hold a copy in memory of its own, which is then the one that counts.
 */
export interface DeviceMemory {
  /** Takes tensors that nobody writes until the result is disposed of. The host may read them meanwhile. */
  fix(tensors: Iterable<Tensor>): Disposable;
  /**
   * Takes tensors over as they are. Until the result is disposed of, only runs of this device, `copy` and `clear` write
   * them, and the host reads them only after `pull`, before the next run. What has not been pulled by then is lost.
   */
  keep(tensors: Iterable<Tensor>): Disposable;
  /** Brings the elements of those that are kept to the host, as the runs before have left them. */
  pull(tensors: Iterable<Tensor>): Promise<void>;
  /**
   * Overwrites all elements of a tensor by those of another of its type, each where the device has them. Of a tensor
   * that the device does not have, the elements are those that it holds at the end of the next run or pull.
   */
  copy(from: Tensor, to: Tensor): void;
  /** Overwrites all elements of a tensor by 0, where the device has them. */
  clear(tensor: Tensor): void;
  /** Where a run finds the elements of a tensor. */
  locate(tensor: Tensor): Tensor['data'] | NativeTensor;
}

const nothing: Disposable = { [Symbol.dispose]: () => undefined };
const done = Promise.resolve();

/** The tensors' own memory, in which a processor computes: there is nothing to copy. */
export const hostMemory: DeviceMemory = {
  fix: () => nothing,
  keep: () => nothing,
  pull: () => done,
  copy: (from, to) => to.copyFrom(from),
  clear: ({ data }) => {
    if (types.isBigInt64Array(data)) data.fill(0n);
    else data.fill(0);
  },
  locate: ({ data }) => data,
};
