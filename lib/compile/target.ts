import { checkRecord, invalidArgument } from '../errors.js';
import type { RankOf } from './shard/sharding.js';

/** What the compiler has to know of a device: measured constants, which decide what pays and never what is right. */
export interface Target {
  /** Floating-point operations of products in the time in which a pass over memory moves a byte. */
  readonly flopsPerByte: number;
  /** What an operation on one element costs within a pass, in bytes of memory traffic. */
  readonly operationBytes: number;
  /** Passes that touch fewer bytes cost more to start than to run. */
  readonly tinyBytes: number;
  /** Rows and columns of a product below which it is not made longer. */
  readonly thinnestProduct: number;
  /** Operations of a pass, and tensors that it reads: beyond them it would run out of registers. */
  readonly maxOperations: number;
  readonly maxOperands: number;
}

const cpu: Target = {
  // Both cores multiply matrices at 435 GFLOP/s at their best while a pass moves about 50 GB/s.
  flopsPerByte: 8,
  // In passes over one to three tensors: an eighth of what reading a float takes beyond the caches, a quarter within
  // the last.
  operationBytes: 0.5,
  tinyBytes: 2 ** 15,
  // A result so thin is split along the sum, and on two threads [10, 784] took 10 % longer over 400 rows at once; [300,
  // 784] took 2 % less over 400 rows and 6 % over 50.
  thinnestProduct: 32,
  maxOperations: 96,
  maxOperands: 48,
};

// Nothing has been measured on a GPU yet. Data sheets give the same order of magnitude for products: an H200 does 14
// operations in the time of a byte (67 TFLOP/s in float32 without tensor cores, 4.8 TB/s). A launch of some
// microseconds should make `tinyBytes` a few megabytes there. Until that is measured a GPU has the processor's
// constants: so it runs the very program that the processor runs, which its results are compared with.
const targets: Readonly<Record<string, Target>> = { cpu, cuda: cpu };

/** What programs are compiled for where no device is named. */
export const defaultTarget = cpu;

/** What programs have to be compiled with for a device. */
export function optionsFor(device: DeviceFacts): { readonly target: Target; readonly ranks?: RankOf } {
  const { ranks } = device;
  return { target: targetOf(device.info()), ...(ranks && { ranks: { rank: ranks.rank, size: ranks.size } }) };
}

interface DeviceFacts {
  readonly ranks?: RankOf | undefined;
  info(): { readonly kind: string };
}

/**
 * The constants of a kind of device: `targetOf(device.info())`.
 * @throws INVALID_ARGUMENT for a kind that the compiler does not know
 */
export function targetOf(device: { readonly kind: string }): Target {
  checkRecord(device, 'the device');
  const { kind } = device;
  const target = Object.hasOwn(targets, kind) ? targets[kind] : undefined;
  if (target === undefined) throw invalidArgument('kind', `one of ${Object.keys(targets).join(', ')}`, kind);
  return target;
}
