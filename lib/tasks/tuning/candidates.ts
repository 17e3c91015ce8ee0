import { Random } from '../../data/random.js';
import { Tensor } from '../../tensor.js';
import { type Facts, type HyperparameterName, hyperparameters } from './hyperparameters.js';

type Tensors = Readonly<Record<string, Tensor<'float32'>>>;
type Tuned = readonly HyperparameterName[];

/**
 * The candidates of a grid search: one number for each kind, in the middle of its range of u, then on grids of three
 * times as many along each axis, without points that were there before.
 */
export function gridCandidate(index: number, tuned: Tuned, facts: Facts): Tensors {
  const shares = gridPoint(index, tuned.length);
  return Object.fromEntries(
    tuned.map((name, at) => [name, Tensor.from(hyperparameters[name].shared(shares[at] ?? 0, facts))]),
  );
}

/** The point of a number in [0, 1]^axes, over grids of 1, 3, 9, ... along each axis, each from its middle on. */
export function gridPoint(index: number, axes: number): readonly number[] {
  let first = 0;
  for (let side = 1; ; side *= 3) {
    const all = Array.from({ length: side ** axes }, (_, point) =>
      Array.from({ length: axes }, (_, axis) => Math.floor(point / side ** axis) % side),
    );
    const wasThere = (places: readonly number[]): boolean => side > 1 && places.every((place) => place % 3 === 1);
    const added = all
      .filter((places) => !wasThere(places))
      .map((places) => places.map((place) => (place + 0.5) / side));
    const fromMiddle = (shares: readonly number[]): number =>
      shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0);
    const found = added.toSorted((a, b) => fromMiddle(a) - fromMiddle(b))[index - first];
    if (found !== undefined) return found;
    first += added.length;
  }
}

/**
 * The candidates of a random search: for each kind a number that is uniform in its range of u, and about it every
 * number on its own, by a deviation between 0 and the one that is expected, more often small.
 */
export function randomCandidate(
  index: number,
  tuned: Tuned,
  facts: Facts,
  { seed, spread }: { readonly seed: number; readonly spread: number },
): Tensors {
  const random = Random.fromSeed(seed, `random search ${index}`);
  return Object.fromEntries(
    tuned.map((name) => {
      const { range, shared } = hyperparameters[name];
      const [low, high] = range;
      const all = shared(random.uniform(), facts);
      const deviation = spread * random.uniform() ** 2;
      const numbers = all.map((each) => Math.min(high, Math.max(low, each + deviation * random.normal())));
      return [name, Tensor.from(numbers)];
    }),
  );
}
