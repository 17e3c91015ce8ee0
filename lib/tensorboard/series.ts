import { isRecord } from '../errors.js';

/** What a record tells that can be drawn over the steps, by tag. */
export interface Series {
  readonly scalars: readonly (readonly [tag: string, value: number])[];
  /** Lists of numbers, of which histograms are made. */
  readonly lists: readonly (readonly [tag: string, values: readonly number[]])[];
}

/**
 * The numbers of a record, those of records within it by path, as in `response/f`; true is 1 and false 0. Texts name
 * what the record is about and so begin the tags: `{method: 'given', accuracy: 80}` is `given/accuracy`.
 */
export function seriesOf(record: object): Series {
  const texts = Object.values(record).flatMap((value) => (typeof value === 'string' && value !== '' ? [value] : []));
  const [scalars, lists]: [(readonly [string, number])[], (readonly [string, number[]])[]] = [[], []];
  const add = (path: readonly string[], value: unknown): void => {
    const tag = path.join('/');
    if (typeof value === 'number') scalars.push([tag, value]);
    else if (typeof value === 'boolean') scalars.push([tag, Number(value)]);
    else if (isNumbers(value)) lists.push([tag, value]);
    else if (isRecord(value)) for (const [key, inner] of Object.entries(value)) add([...path, key], inner);
  };
  for (const [key, value] of Object.entries(record)) add([...texts, key], value);
  return { scalars, lists };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'number');
