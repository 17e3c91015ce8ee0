import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { type DType, elementCount, type Shape } from '../../../lib/tensor.js';

/** The builder functions, for access by name. */
export const builders = { ...g };

/** Values an operand is drawn from: uniform reals or integers (bounds included), on a grid of `step` if given. */
export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly step?: number;
}

export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly domain: Domain;
}

/** One use of an op. Every test of ops runs over the list of these, so an op is tested as soon as it has a case. */
export interface OpCase {
  readonly op: g.OpName;
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  /** Applies the op, and nothing else, to inputs of the given types. */
  readonly build: (...inputs: g.Node[]) => g.Node;
}

/** Input nodes for a case: `x0`, `x1`, ... */
export function inputNodes({ inputs }: Pick<OpCase, 'inputs'>): g.Node[] {
  return inputs.map(({ shape, dtype }, index) => g.input(`x${index}`, shape, dtype));
}

/** Row-major elements for every operand of a case, the same for the same seed; reals are exact in float32. */
export function drawInputs({ inputs }: Pick<OpCase, 'inputs'>, seed: number): Float64Array[] {
  const random = Random.fromSeed(seed, 'op-cases');
  return inputs.map(({ shape, dtype, domain: { low, high, step = dtype === 'float32' ? 0 : 1 } }) =>
    Float64Array.from({ length: elementCount(shape) }, () => {
      if (step > 0) return low + step * Math.floor(random.uniform() * ((high - low) / step + 1));
      return Math.fround(low + (high - low) * random.uniform());
    }),
  );
}

export function real(shape: Shape, low = -2, high = 2): CaseInput {
  return { shape, dtype: 'float32', domain: { low, high } };
}
/** Reals with many equal ones, for ops whose value jumps. */
export function grid(shape: Shape): CaseInput {
  return { shape, dtype: 'float32', domain: { low: -1, high: 1, step: 0.5 } };
}
export function integers(shape: Shape, dtype: 'int32' | 'int64' = 'int32', low = -9, high = 9): CaseInput {
  return { shape, dtype, domain: { low, high } };
}
export function indices(shape: Shape, size: number, dtype: 'int32' | 'int64' = 'int64'): CaseInput {
  return integers(shape, dtype, 0, size - 1);
}
export function bools(shape: Shape): CaseInput {
  return { shape, dtype: 'bool', domain: { low: 0, high: 1 } };
}

export const int32 = (shape: Shape) => integers(shape);
export const int64 = (shape: Shape) => integers(shape, 'int64', -3, 3);
export const positive = (shape: Shape) => real(shape, 0.3, 3);

export type Build = OpCase['build'];
export type Row = readonly [name: string, inputs: readonly CaseInput[], build?: Build];

/** Cases of one op; `build` is what a row without its own uses. */
export function cases(op: g.OpName, build: Build, rows: readonly Row[]): OpCase[] {
  return rows.map(([name, inputs, own = build]) => ({ op, name, inputs, build: own }));
}
