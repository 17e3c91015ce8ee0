import { types } from 'node:util';
import type { IdxArray } from './idx.js';

/** How numbers become inputs: (x - shift) / unit. */
export interface Scaling {
  /** One for each column of samples [n, inputs]; one for all numbers of samples with more axes. */
  readonly shift: readonly number[];
  readonly unit: readonly number[];
}

/** Mean and deviation of `count` numbers. The unit of numbers that are all the same is 1, so that they become 0. */
export function standardOf(
  count: number,
  numberAt: (index: number) => number,
): { readonly shift: number; readonly unit: number } {
  const first = count === 0 ? 0 : numberAt(0);
  let shift = 0;
  let isConstant = true;
  for (let index = 0; index < count; index++) {
    const value = numberAt(index);
    shift += value / count;
    if (value !== first) isConstant = false;
  }
  // Their mean may be off by a rounding, and the deviation then one of roundings.
  if (isConstant) return { shift: first, unit: 1 };
  let variance = 0;
  for (let index = 0; index < count; index++) variance += (numberAt(index) - shift) ** 2 / count;
  return { shift, unit: variance > 0 && Number.isFinite(variance) ? Math.sqrt(variance) : 1 };
}

/** Whether the numbers are measured ones, which have no scale of their own: bytes are pixels, integers tokens. */
export const isReal = ({ data }: { readonly data: unknown }): boolean =>
  types.isFloat32Array(data) || types.isFloat64Array(data);

/**
 * The scaling that gives samples mean 0 and deviation 1: every column of [n, inputs] by itself; of images and other
 * samples with more axes all numbers alike, which keeps what they say of each other.
 * @param rows those that mean and deviation are taken of
 */
export function fitScaling({ shape: [, ...sizes], data }: IdxArray, rows: Int32Array): Scaling {
  const width = sizes.reduce((product, size) => product * size, 1);
  const at = (position: number): number => Number(data[position]);
  const rowAt = (index: number): number => rows[index] ?? 0;
  const standards =
    sizes.length === 1
      ? Array.from({ length: width }, (_, column) => standardOf(rows.length, (i) => at(rowAt(i) * width + column)))
      : [standardOf(rows.length * width, (i) => at(rowAt(Math.floor(i / width)) * width + (i % width)))];
  return { shift: standards.map(({ shift }) => shift), unit: standards.map(({ unit }) => unit) };
}
