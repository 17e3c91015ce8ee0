import { BilevelError } from '../../errors.js';
import { mean } from '../../numbers.js';
import type { Budget } from './settings.js';

/** Where a run stands. */
interface Position {
  readonly iteration: number;
  /** Of training alone: compiling and measuring take none of them. */
  readonly seconds: number;
  /** Gradients of f and g, Hessian- and Jacobian-vector products since the start, each on one mini-batch. */
  readonly evaluations: number;
}

/**
 * Where a run stands and how good its point is, by the task's quantities; `linearResidual` is the relative residual of
 * the linear system in the last iteration, of a method that solves one. The last measurement of a run that came to its
 * end has what `Judgement` says, too.
 */
export type Measurement = Position & Readonly<Record<string, number>>;

/** What the u that a run ends with is worth. */
export interface Judgement {
  /** f(u, v*), with the v* that minimises g alone. */
  readonly response: number;
  /** |grad_v g| there, relative to where v starts. */
  readonly responseResidual: number;
}

/** Training, measured: what a method did with one seed. */
export type Curve = readonly Measurement[];

/**
 * Lines of a run's metrics as measurements; what was not finite when it was written is NaN.
 * @param quantities names of the task's
 * @throws INVALID_FILE
 */
export function readCurve(
  rows: readonly Readonly<Record<string, unknown>>[],
  quantities: readonly string[],
  source: string,
): Curve {
  return rows.map((row, index): Measurement => {
    const read = (name: string): number => {
      const value = row[name];
      if (typeof value === 'number' || value === null) return value ?? Number.NaN;
      throw new BilevelError('INVALID_FILE', `Line ${index + 1} of the metrics in ${source} has no number ${name}.`);
    };
    const optional = row.linearResidual === undefined ? [] : ['linearResidual'];
    const position = { iteration: read('iteration'), seconds: read('seconds'), evaluations: read('evaluations') };
    return { ...position, ...Object.fromEntries([...quantities, ...optional].map((name) => [name, read(name)])) };
  });
}

/**
 * A quantity when so many seconds or evaluations have been used, on the straight line between the measurements before
 * and after; undefined beyond the last one.
 */
export function valueAt(curve: Curve, quantity: string, unit: Budget['unit'], position: number): number | undefined {
  const after = curve.findIndex((measurement) => measurement[unit] >= position);
  const [end, start] = [curve[after], curve[Math.max(0, after - 1)]];
  if (end === undefined || start === undefined) return undefined;
  const width = end[unit] - start[unit];
  const share = width > 0 ? (position - start[unit]) / width : 1;
  const [from, to] = [start[quantity] ?? Number.NaN, end[quantity] ?? Number.NaN];
  return from + share * (to - from);
}

/** The mean of a quantity over curves that all reach the position; undefined when one does not. */
export function meanAt(
  curves: readonly Curve[],
  quantity: string,
  unit: Budget['unit'],
  position: number,
): number | undefined {
  const values = curves.map((curve) => valueAt(curve, quantity, unit, position)).filter((value) => value !== undefined);
  if (values.length === 0 || values.length < curves.length) return undefined;
  return mean(values);
}

/**
 * Seconds or evaluations until a quantity was first so low, on the line between measurements, mean over the curves;
 * undefined when in one of them it never came so low.
 */
export function meanUntil(
  curves: readonly Curve[],
  quantity: string,
  target: number,
  unit: Budget['unit'],
): number | undefined {
  const reached = curves.map((curve) => {
    const after = curve.findIndex((measurement) => (measurement[quantity] ?? Number.NaN) <= target);
    const [end, start] = [curve[after], curve[Math.max(0, after - 1)]];
    if (end === undefined || start === undefined) return Number.NaN;
    const [from, to] = [start[quantity] ?? Number.NaN, end[quantity] ?? Number.NaN];
    const fall = from - to;
    return start[unit] + (fall > 0 ? (from - target) / fall : 0) * (end[unit] - start[unit]);
  });
  const position = mean(reached);
  return Number.isNaN(position) ? undefined : position;
}
