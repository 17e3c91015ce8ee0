import { median } from '../../numbers.js';
import { imageDataUri } from '../../report/gallery.js';
import { elementCount, type Shape, Tensor } from '../../tensor.js';
import { type Facts, type HyperparameterName, hyperparameters } from './hyperparameters.js';

type Tensors = Readonly<Record<string, Tensor>>;

const listOf = (u: Tensors, name: HyperparameterName): number[] => Array.from(u[name]?.data ?? [], Number);

/** The numbers that u stands for, by kind and by what each belongs to. */
export function numbersOf(
  u: Tensors,
  tuned: readonly HyperparameterName[],
  facts: Facts,
): Record<string, Record<string, number>> {
  return Object.fromEntries(
    tuned.map((name) => {
      const kind = hyperparameters[name];
      const names = kind.names(facts);
      const numbers = kind.values(listOf(u, name), facts);
      return [name, Object.fromEntries(numbers.map((number, at) => [names[at] ?? String(at), number]))];
    }),
  );
}

/** Numbers of one kind in short. */
export interface FoundValues {
  readonly least: number;
  readonly median: number;
  readonly largest: number;
  /** All of them by what each belongs to, where they are few. */
  readonly byName?: Readonly<Record<string, number>>;
  /** What the smallest and the largest of many belong to, the outermost first. */
  readonly ends?: { readonly least: readonly string[]; readonly largest: readonly string[] };
}

/** Most numbers that are told one by one. */
const few = 6;
/** How many of many are named at either end. */
const named = 10;

export function summaryOf(numbers: Readonly<Record<string, number>>): FoundValues {
  const values = Object.values(numbers);
  const inOrder = Object.entries(numbers).toSorted(([, a], [, b]) => a - b);
  const names = inOrder.map(([name]) => name);
  const [least = Number.NaN, largest = Number.NaN] = [inOrder.at(0)?.[1], inOrder.at(-1)?.[1]];
  const isMany = values.length >= 2 * named && least < largest;
  return {
    least,
    median: median(values),
    largest,
    ...(values.length > 1 && values.length <= few && { byName: numbers }),
    ...(isMany && { ends: { least: names.slice(0, named), largest: names.toReversed().slice(0, named) } }),
  };
}

/**
 * The decay of every pixel as an image in a data URI, bright where it is strong: undefined where samples are no images,
 * or the first layer takes something else.
 */
export function decayImage(u: Tensors, sampleShape: Shape): string | undefined {
  const decays = listOf(u, 'feature-l2');
  if (sampleShape.length !== 3 || decays.length !== elementCount(sampleShape)) return undefined;
  const [low, high] = hyperparameters['feature-l2'].range;
  const pixels = decays.map((each) => (each - low) / (high - low));
  return imageDataUri(Tensor.from(pixels, [1, ...sampleShape]), 0);
}
