import { Random } from '../../dist/lib/data/random.js';

/** Mutant number `index` of a target: the same bytes every time. */
export function mutant(name, { damage }, seeds, seed, index) {
  const random = Random.fromSeed(seed, `${name} ${index}`);
  const source = seeds[random.integer(seeds.length)];
  const other = seeds[random.integer(seeds.length)];
  return damage(random, Uint8Array.from(source), Uint8Array.from(other));
}
