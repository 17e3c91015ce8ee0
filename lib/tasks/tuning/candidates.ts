import { Random } from '../../data/random.js';
import { Tensor } from '../../tensor.js';
import { type Facts, type HyperparameterName, hyperparameters } from './hyperparameters.js';

type Tensors = Readonly<Record<string, Tensor<'float32'>>>;
type Tuned = readonly HyperparameterName[];

/**
 * The candidates of a grid search: one number for each kind, from the ends of its range and its middle on over grids
 * of half the width each, without points that were there before.
 */
export function gridCandidate(index: number, tuned: Tuned, facts: Facts): Tensors {
  const shares = gridPoint(index, tuned.length);
  return Object.fromEntries(
    tuned.map((name, at) => [name, Tensor.from(hyperparameters[name].shared(shares[at] ?? 0, facts))]),
  );
}

/** The point of a number in [0, 1]^axes, over grids of 3, 5, 9, ... points along each axis. */
export function gridPoint(index: number, axes: number): readonly number[] {
  let left = index;
  for (let intervals = 2; ; intervals *= 2) {
    const side = intervals + 1;
    for (let point = 0; point < side ** axes; point++) {
      const places = Array.from({ length: axes }, (_, axis) => Math.floor(point / side ** axis) % side);
      if (intervals > 2 && places.every((place) => place % 2 === 0)) continue;
      if (left-- === 0) return places.map((place) => place / intervals);
    }
  }
}

/** Most deviation of a number from the one of its kind, as a share of its range. */
const mostSpread = 0.3;

/**
 * The candidates of a random search: for each kind a number that is uniform in its range of u, and about it every
 * number on its own, by a deviation that is drawn as well.
 */
export function randomCandidate(index: number, tuned: Tuned, facts: Facts, seed: number): Tensors {
  const random = Random.fromSeed(seed, `random search ${index}`);
  return Object.fromEntries(
    tuned.map((name) => {
      const { range, shared } = hyperparameters[name];
      const [low, high] = range;
      const all = shared(random.uniform(), facts);
      const spread = mostSpread * random.uniform() * (high - low);
      const numbers = all.map((each) => Math.min(high, Math.max(low, each + spread * random.normal())));
      return [name, Tensor.from(numbers)];
    }),
  );
}
