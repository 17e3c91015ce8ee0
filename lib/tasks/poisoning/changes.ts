import { inputNames, type TableEncoding } from '../../data/tables/encoding.js';
import { formatNumber } from '../../report/format.js';
import type { Tensor } from '../../tensor.js';
import type { InputBox } from './input-box.js';

/** Inputs of a point that are told. */
const told = 3;

/** The inputs of a point that went furthest through their range, in the units of the data. */
export function changesOf(
  { box, encoding }: { readonly box: InputBox; readonly encoding?: TableEncoding | undefined },
  before: Tensor<'float32'>,
  after: Tensor<'float32'>,
  row: number,
): string[] {
  const width = after.size / (after.shape[0] ?? 1);
  const names = encoding && inputNames(encoding);
  const scalings = encoding?.columns.flatMap((each) =>
    each.kind === 'number' ? [each] : each.categories.map(() => undefined),
  );
  const textOf = (input: number, value: number): string => {
    const { shift = 0, unit = 1 } = scalings?.[input] ?? {};
    // What is below a thousandth of the range is a rounding.
    const step = (unit * box.rangeOf(input)) / 1000;
    const given = shift + unit * value;
    return formatNumber(Math.abs(given) < step ? 0 : given);
  };
  return Array.from({ length: width }, (_, input) => {
    const [from, to] = [before, after].map(({ data }) => data[row * width + input] ?? 0) as [number, number];
    const moved = Math.abs(to - from) / (box.rangeOf(input) || 1);
    return { input, from, to, moved };
  })
    .filter(({ moved }) => moved > 0.01)
    .sort((a, b) => b.moved - a.moved)
    .slice(0, told)
    .map(
      ({ input, from, to }) => `${names?.[input] ?? `input ${input}`} ${textOf(input, from)} to ${textOf(input, to)}`,
    );
}
