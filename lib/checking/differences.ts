import { Random } from '../data/random.js';
import { evaluate, type Node, topologicalOrder } from '../graph/index.js';
import { evaluateRounded, float64Unit } from './rounding.js';
import { joined, norm } from './vectors.js';

type Feeds = ReadonlyMap<Node, Float64Array>;

/** Told how far a check is: `done` of the `total` parts of a stage. A part of a large network takes minutes. */
export type CheckProgress = (stage: string, done: number, total: number) => void;

/** What central differences said of one derivative. */
export interface DifferenceResult {
  /**
   * The largest error along a direction, relative to the derivative's length; undefined when no direction told
   * anything.
   */
  readonly error: number | undefined;
  /** Directions along which the derivative was compared. */
  readonly compared: number;
  /** Directions left out: a kink of the network, such as that of ReLU, lay at the point itself. */
  readonly kinks: number;
  /** Directions left out: float64 cannot tell the difference from its own rounding. */
  readonly rounding: number;
}

/**
 * Steps of the differences, relative to the norm of the point. A kink that a step crosses is not crossed by shorter
 * ones.
 */
const steps = [1e-6, 1e-7, 1e-8, 1e-9, 1e-10];

/**
 * How near the slopes on both sides, or at two steps, must come for a difference to have settled, relative to the
 * derivative's length.
 */
const settled = 1e-5;

/** Directions to compare along, and most that are tried for that. */
const [wantedDirections, mostDirections] = [2, 5];

/** A derivative and what it is the derivative of. */
interface Target<N extends string> {
  readonly name: N;
  readonly scalar: Node;
  readonly derivative: Float64Array;
  readonly length: number;
  /** How far rounding in float64 can move the scalar. */
  readonly noise: number;
  readonly value: number;
}

/** A derivative, the scalar that it is of, and what it is taken by. */
export interface Derived<N extends string> {
  readonly name: N;
  readonly scalar: Node;
  readonly derivative: readonly Node[];
  /** One list for all that are taken by the same nodes. */
  readonly by: readonly Node[];
}

/** Compares derivatives of a graph in float64 with central differences of what they derive from. */
export function compareWithDifferences<N extends string>(
  derived: readonly Derived<N>[],
  feeds: Feeds,
  onProgress: CheckProgress,
): ReadonlyMap<N, DifferenceResult> {
  const scalars = derived.map(({ scalar }) => scalar);
  const exact = evaluate([...scalars, ...derived.flatMap(({ derivative }) => derivative)], feeds);
  const noisy = [0, 1].map((seed) => evaluateRounded(scalars, feeds, float64Unit, seed));
  let next = scalars.length;
  const targets = derived.map(({ name, scalar, derivative: nodes }, index): Target<N> => {
    const start = next;
    next += nodes.length;
    const derivative = joined(exact.slice(start, next));
    const value = Number(exact[index]?.[0]);
    const changes = noisy.map((each) => Math.abs(Number(each[index]?.[0]) - value));
    const noise = Math.max(...changes, Math.abs(value) * float64Unit);
    return { name, scalar, derivative, length: norm(derivative), noise, value };
  });
  const results = new Map<N, DifferenceResult>();
  const [stage, parts] = ['central differences', 1 + wantedDirections * targets.length];
  onProgress(stage, 1, parts);
  for (const variables of new Set(derived.map(({ by }) => by))) {
    const group = targets.filter((_, index) => derived[index]?.by === variables);
    const before = 1 + wantedDirections * results.size;
    const found = compareGroup(group, variables, feeds, (compared) => onProgress(stage, before + compared, parts));
    for (const [name, result] of found) results.set(name, result);
  }
  onProgress(stage, parts, parts);
  return results;
}

/**
 * A point a small random step away: parameters that are exactly 0 or 1, as before training, lie on kinks, and those of
 * this point do not.
 */
export function moveAside(feeds: Feeds, variables: readonly Node[]): Feeds {
  const random = Random.fromSeed(0, 'aside');
  const moved = new Map(feeds);
  for (const node of variables) {
    const start = feeds.get(node) as Float64Array;
    const size = norm(start) / Math.sqrt(Math.max(1, start.length));
    const scale = 0.01 * (size > 0 ? size : 1);
    moved.set(
      node,
      start.map((value) => value + scale * random.normal()),
    );
  }
  return moved;
}

function compareGroup<N extends string>(
  targets: readonly Target<N>[],
  variables: readonly Node[],
  feeds: Feeds,
  onDirection: (compared: number) => void,
): ReadonlyMap<N, DifferenceResult> {
  const random = Random.fromSeed(0, 'directions');
  const ready = feedConstantParts(
    targets.map(({ scalar }) => scalar),
    variables,
    feeds,
  );
  const scale = Math.max(1, Math.hypot(...variables.map((node) => norm(feeds.get(node) as Float64Array))));
  const results = new Map(targets.map(({ name }) => [name, { errors: [] as number[], kinks: 0, rounding: 0 }]));
  for (let tried = 0; tried < mostDirections; tried++) {
    const open = targets.filter(({ name }) => (results.get(name)?.errors.length ?? 0) < wantedDirections);
    if (open.length === 0) break;
    const direction = mixedDirection(targets, random);
    const probes = probe(open, (distance) => moveAlong(ready, variables, direction, distance), scale);
    for (const [index, target] of open.entries()) {
      const result = results.get(target.name);
      const found = probes[index];
      if (result === undefined || found === undefined) continue;
      const error = typeof found === 'string' ? found : errorAlong(target, direction, found);
      if (typeof error === 'string') result[error]++;
      else result.errors.push(error);
    }
    onDirection([...results.values()].reduce((sum, { errors }) => sum + errors.length, 0));
  }
  return new Map(
    [...results].map(([name, { errors, kinks, rounding }]) => {
      const error = errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors);
      return [name, { error: errors.length === 0 ? undefined : error, compared: errors.length, kinks, rounding }];
    }),
  );
}

/** The feeds with the values of all that the variables do not change, so that it is computed once. */
function feedConstantParts(roots: readonly Node[], variables: readonly Node[], feeds: Feeds): Feeds {
  const order = topologicalOrder(roots, (node) => feeds.has(node)).filter((node) => !feeds.has(node));
  const changing = new Set(variables);
  for (const node of order) if (node.inputs.some((each) => changing.has(each))) changing.add(node);
  const constants = new Set(
    order.filter((node) => changing.has(node)).flatMap(({ inputs }) => inputs.filter((each) => !changing.has(each))),
  );
  const values = evaluate([...constants], feeds);
  return new Map([...feeds, ...[...constants].map((node, index) => [node, values[index] as Float64Array] as const)]);
}

/**
 * A unit vector of random parts of every derivative, so that the length of each is compared, and of signs for all
 * elements alike.
 */
function mixedDirection(targets: readonly Target<string>[], random: Random): Float64Array {
  const count = targets[0]?.derivative.length ?? 0;
  const part = 0.5 / Math.sqrt(count);
  const direction = new Float64Array(count).map(() => (random.uniform() < 0.5 ? part : -part));
  for (const { derivative, length } of targets) {
    const share = (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform());
    if (!(length > 0)) continue;
    for (let index = 0; index < count; index++)
      direction[index] = Number(direction[index]) + (share * Number(derivative[index])) / length;
  }
  const length = norm(direction);
  return direction.map((value) => value / length);
}

function moveAlong(feeds: Feeds, variables: readonly Node[], direction: Float64Array, distance: number): Feeds {
  const moved = new Map(feeds);
  let offset = 0;
  for (const node of variables) {
    const start = feeds.get(node) as Float64Array;
    const base = offset;
    moved.set(
      node,
      start.map((value, index) => value + distance * Number(direction[base + index])),
    );
    offset += start.length;
  }
  return moved;
}

/** A difference that has settled, and how far rounding may have moved it. */
interface Settled {
  readonly slope: number;
  readonly noise: number;
}

interface OneStep extends Settled {
  /** Difference of the slopes on both sides. */
  readonly gap: number;
}

/** For each target the difference at the first step at which it has settled, or why there is none. */
function probe(
  targets: readonly Target<string>[],
  at: (distance: number) => Feeds,
  scale: number,
): readonly (Settled | 'kinks' | 'rounding')[] {
  const scalars = targets.map(({ scalar }) => scalar);
  const found: (Settled | undefined)[] = targets.map(() => undefined);
  const taken: OneStep[][] = targets.map(() => []);
  for (const step of steps) {
    const distance = step * scale;
    const [above, below] = [evaluate(scalars, at(distance)), evaluate(scalars, at(-distance))];
    for (const [index, { value, noise, length }] of targets.entries()) {
      const [plus, minus] = [Number(above[index]?.[0]), Number(below[index]?.[0])];
      const before = taken[index]?.at(-1);
      const now: OneStep = {
        slope: (plus - minus) / (2 * distance),
        gap: Math.abs(plus - 2 * value + minus) / distance,
        noise: (2 * noise) / distance,
      };
      taken[index]?.push(now);
      found[index] ??= isSettled(before, now, length) ? now : undefined;
    }
    if (found.every((each) => each !== undefined)) break;
  }
  return found.map((each, index) => each ?? reason(taken[index]?.at(-2), taken[index]?.at(-1)));
}

/**
 * Both sides agree; or what parts them shrinks with the step, as a curvature does, and the step before says the same.
 */
function isSettled(before: OneStep | undefined, now: OneStep, length: number): boolean {
  if (now.gap <= settled * length) return true;
  if (before === undefined || now.gap > Math.max(2 * now.noise, before.gap / 2)) return false;
  return Math.abs(now.slope - before.slope) <= settled * length + now.noise;
}

/** On a kink the slopes of both sides stay apart however short the step; elsewhere rounding is what is left. */
function reason(before: OneStep | undefined, last: OneStep | undefined): 'kinks' | 'rounding' {
  if (before === undefined || last === undefined) return 'rounding';
  return last.gap > 4 * last.noise && last.gap > before.gap / 2 ? 'kinks' : 'rounding';
}

/**
 * The distance between derivative and difference, relative to the derivative's length, when rounding does not explain
 * it or is too small to matter.
 */
function errorAlong(
  { derivative, length }: Target<string>,
  direction: Float64Array,
  { slope, noise }: Settled,
): number | 'rounding' {
  const expected = derivative.reduce((sum, value, index) => sum + value * Number(direction[index]), 0);
  const apart = Math.abs(expected - slope);
  if (apart <= noise) return noise <= settled * length ? apart / length : 'rounding';
  return apart / length;
}
