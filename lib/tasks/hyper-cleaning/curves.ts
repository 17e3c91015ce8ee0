import { BilevelError } from '../../errors.js';
import type { Budget, Measurement } from './run.js';

/** Training, measured: what a method did with one seed. */
export type Curve = readonly Measurement[];

/** A number that was measured along a run. */
export type Quantity = Exclude<keyof Measurement, 'iteration' | 'linearResidual' | Budget['unit']>;

/** Lines of a run's metrics as measurements; what was not finite when it was written is NaN. @throws INVALID_FILE */
export function readCurve(rows: readonly Readonly<Record<string, unknown>>[], source: string): Curve {
  return rows.map((row, index): Measurement => {
    const read = (name: keyof Measurement): number => {
      const value = row[name];
      if (typeof value === 'number' || value === null) return value ?? Number.NaN;
      throw new BilevelError('INVALID_FILE', `Line ${index + 1} of the metrics in ${source} has no number ${name}.`);
    };
    return {
      iteration: read('iteration'),
      seconds: read('seconds'),
      evaluations: read('evaluations'),
      trainingLoss: read('trainingLoss'),
      givenLoss: read('givenLoss'),
      testLoss: read('testLoss'),
      testAccuracy: read('testAccuracy'),
      auc: read('auc'),
      ...(row.linearResidual !== undefined && { linearResidual: read('linearResidual') }),
    };
  });
}

/**
 * A quantity when so many seconds or evaluations have been used, on the straight line between the measurements before and
 * after; undefined beyond the last one.
 */
export function valueAt(curve: Curve, quantity: Quantity, unit: Budget['unit'], position: number): number | undefined {
  const after = curve.findIndex((measurement) => measurement[unit] >= position);
  const [end, start] = [curve[after], curve[Math.max(0, after - 1)]];
  if (end === undefined || start === undefined) return undefined;
  const width = end[unit] - start[unit];
  const share = width > 0 ? (position - start[unit]) / width : 1;
  return start[quantity] + share * (end[quantity] - start[quantity]);
}

/** The mean of a quantity over curves that all reach the position; undefined when one does not. */
export function meanAt(
  curves: readonly Curve[],
  quantity: Quantity,
  unit: Budget['unit'],
  position: number,
): number | undefined {
  const values = curves.map((curve) => valueAt(curve, quantity, unit, position)).filter((value) => value !== undefined);
  if (values.length === 0 || values.length < curves.length) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Seconds or evaluations until the training loss was first so low, on the line between measurements, mean over the curves;
 * undefined when one of them never came so low.
 */
export function meanUntil(curves: readonly Curve[], loss: number, unit: Budget['unit']): number | undefined {
  const reached = curves.map((curve) => {
    const after = curve.findIndex(({ trainingLoss }) => trainingLoss <= loss);
    const [end, start] = [curve[after], curve[Math.max(0, after - 1)]];
    if (end === undefined || start === undefined) return Number.NaN;
    const fall = start.trainingLoss - end.trainingLoss;
    return start[unit] + (fall > 0 ? (start.trainingLoss - loss) / fall : 0) * (end[unit] - start[unit]);
  });
  const mean = reached.reduce((sum, position) => sum + position, 0) / reached.length;
  return Number.isNaN(mean) ? undefined : mean;
}
