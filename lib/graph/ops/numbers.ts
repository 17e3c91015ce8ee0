import type { DType } from '../../tensor.js';

const int64Limit = 2n ** 63n;

/** What the elements of a constant of each dtype are. */
export const constantElements: Readonly<Record<DType, string>> = {
  float32: 'numbers',
  int32: '32-bit integers',
  int64: 'integers up to 2^53',
  bool: '0 and 1',
};

/** Whether a constant of this dtype can hold the elements: 64-bit integers beyond 2^53 cannot be told apart. */
export function canHold(data: Float64Array, dtype: DType): boolean {
  switch (dtype) {
    case 'float32':
      return true;
    case 'int32':
      return data.every((value) => value === (value | 0));
    case 'int64':
      return data.every(Number.isSafeInteger);
    case 'bool':
      return data.every((value) => value === 0 || value === 1);
  }
}

/**
 * What storing `value` as `dtype` keeps: integers wrap, a real is truncated towards zero and saturates at 64 bits, NaN
 * becomes 0; bool is 1 for anything but zero. float32 is left in float64.
 */
export function convert(value: number, dtype: DType): number {
  if (dtype === 'float32') return value;
  if (dtype === 'bool') return value === 0 ? 0 : 1;
  const bits = dtype === 'int32' ? 32 : 64;
  if (Number.isSafeInteger(value)) return bits === 32 ? value | 0 : value + 0;
  if (Number.isNaN(value)) return 0;
  if (value >= 2 ** 63) return Number(BigInt.asIntN(bits, int64Limit - 1n));
  if (value < -(2 ** 63)) return Number(BigInt.asIntN(bits, -int64Limit));
  return Number(BigInt.asIntN(bits, BigInt(Math.trunc(value))));
}

/** a * b in the integers modulo the word size; plain doubles would round large products. */
export function multiplyIntegers(a: number, b: number, dtype: DType): number {
  const product = a * b;
  if (Number.isSafeInteger(product)) return convert(product, dtype);
  return Number(BigInt.asIntN(dtype === 'int32' ? 32 : 64, BigInt(a) * BigInt(b)));
}

/** Nearest integer, ties to even. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return fraction < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * The error function to about 1e-15, by erf(x) = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!
 * (Abramowitz and Stegun, 7.1.6). All terms have one sign, so nothing cancels; beyond 6 the result is 1 in float64.
 */
export function erf(x: number): number {
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
