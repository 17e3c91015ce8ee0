import type { DifferenceResult } from './differences.js';
import type { CostName, Quantities, QuantityName } from './quantities.js';

/** Something that a reader of a check's figures must know. */
export interface CheckNote {
  readonly code: 'VALUES_ONLY' | 'KINKS' | 'ROUNDING' | 'LOST';
  readonly message: string;
}

/**
 * What a check left out, and why.
 * @param limited the quantities that rounding to float32 moves by more than their tolerance, with that share of their
 *   size
 * @param lost those that could not be judged
 */
export function notesOf(
  { costs, parameters, train }: Quantities,
  differences: Readonly<Partial<Record<CostName, DifferenceResult>>>,
  limited: readonly (readonly [QuantityName, number])[],
  lost: readonly QuantityName[],
): CheckNote[] {
  const notes: CheckNote[] = [];
  const add = (code: CheckNote['code'], message: string): number => notes.push({ code, message });
  if (costs === undefined) {
    const reason =
      parameters.length === 0 ? 'The network has no trainable parameters' : `The output is ${train.output.dtype}`;
    add('VALUES_ONLY', `${reason}, so there are no derivatives: only values were checked.`);
  }
  const results = Object.entries(differences) as [CostName, DifferenceResult][];
  const left = (cause: 'kinks' | 'rounding'): string =>
    results
      .filter(([, result]) => result[cause] > 0)
      .map(
        ([name, { compared, kinks, rounding, [cause]: count }]) => `${name} ${count} of ${compared + kinks + rounding}`,
      )
      .join(', ');
  const [kinks, rounding] = [left('kinks'), left('rounding')];
  if (kinks !== '') {
    add(
      'KINKS',
      `Central differences met a kink, such as that of ReLU, and were left out along these directions: ${kinks}.`,
    );
  }
  if (rounding !== '') {
    add(
      'ROUNDING',
      `Central differences in float64 are lost in rounding, as where derivatives are almost 0, and were left out along these ` +
        `directions: ${rounding}.`,
    );
  }
  if (limited.length > 0) {
    const shares = limited.map(([name, share]) => `${name} ${share.toExponential(1)}`).join(', ');
    add(
      'ROUNDING',
      `Rounding to float32 alone moves these by so much of their size that no closer agreement can be expected: ${shares}. ` +
        'Batch statistics of few values do that, and derivatives that almost cancel.',
    );
  }
  if (lost.length > 0) {
    add(
      'LOST',
      `At this point rounding to float32 leaves no digit of these, so they were not judged: ${lost.join(', ')}. Take a larger batch ` +
        'or larger inputs (--batch, --size), so that batch statistics are of more values.',
    );
  }
  return notes;
}
