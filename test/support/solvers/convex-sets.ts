import { type ConvexSet, sets } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import { Tensor } from '../../../lib/tensor.js';
import { solveDense } from './dense.js';

type Point = readonly number[];

/** A set with what is known of it by other means: plain float64 arithmetic on one point, sorting, elimination. */
export interface SetCase {
  readonly set: ConvexSet;
  readonly shape: readonly number[];
  /** The nearest point of the set. */
  exact(x: Point): number[];
  /** How far x is from fulfilling the conditions that define the set; 0 within it. */
  violation(x: Point): number;
  /** A point of the set, from its whole extent, corners and edges included. */
  draw(random: Random): number[];
  /** How large the elements of a point may be for its projection to be exact; any number by default. */
  readonly reach?: number;
}

const sum = (x: Point): number => x.reduce((total, value) => total + value, 0);
const dot = (a: Point, b: Point): number => sum(a.map((value, index) => value * at(b, index)));
const at = (x: Point, index: number): number => x[index] as number;
const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

/**
 * By sorting: the threshold is that of the most large elements which all stay above theirs (Duchi et al. 2008, figure
 * 1).
 */
function sortedSimplex(given: Point, total: number): number[] {
  // Less the largest element, so that numbers near each other keep their differences however large they are.
  const x = given.map((value) => value - Math.max(...given));
  const sorted = [...x].sort((a, b) => b - a);
  let [above, threshold] = [0, 0];
  for (const [index, value] of sorted.entries()) {
    above += value;
    const candidate = (above - total) / (index + 1);
    if (value > candidate) threshold = candidate;
  }
  return x.map((value) => Math.max(value - threshold, 0));
}

/** From the simplex, with zeros now and then and often a corner. */
function drawSimplex(size: number, total: number, random: Random): number[] {
  const kept = random.uniform();
  const weights = Array.from({ length: size }, () => (random.uniform() < kept ? -Math.log(1 - random.uniform()) : 0));
  if (sum(weights) === 0) weights[Math.floor(random.uniform() * size)] = 1;
  const scale = total / sum(weights);
  return weights.map((weight) => weight * scale);
}

function boxCase(low: number, high: number, shape: readonly number[]): SetCase {
  const [from, to] = [Math.max(low, -100), Math.min(high, 100)];
  return {
    set: sets.box(low, high),
    shape,
    exact: (x) => x.map((value) => clamp(value, low, high)),
    violation: (x) => Math.max(0, ...x.map((value) => Math.max(low - value, value - high))),
    draw: (random) =>
      Array.from({ length: size(shape) }, () => clamp(from + (to - from) * (1.4 * random.uniform() - 0.2), from, to)),
  };
}

/** A box whose ends are tensors, or one of them. */
function elementBoxCase(low: Point | number, high: Point | number, shape: readonly number[]): SetCase {
  const count = size(shape);
  const ends = [low, high].map((end) => (typeof end === 'number' ? new Array<number>(count).fill(end) : end));
  const [from = [], to = []] = ends;
  const given = [low, high].map((end) => (typeof end === 'number' ? end : Tensor.from(end, shape)));
  return {
    set: sets.box(given[0] ?? 0, given[1] ?? 0),
    shape,
    exact: (x) => x.map((value, index) => clamp(value, at(from, index), at(to, index))),
    violation: (x) => Math.max(0, ...x.map((value, index) => Math.max(at(from, index) - value, value - at(to, index)))),
    draw: (random) =>
      from.map((least, index) => {
        const [a, b] = [Math.max(least, -100), Math.min(at(to, index), 100)];
        return clamp(a + (b - a) * (1.4 * random.uniform() - 0.2), a, b);
      }),
  };
}

function simplexCase(total: number, shape: readonly number[]): SetCase {
  return {
    set: total === 1 ? sets.simplex() : sets.simplex(total),
    shape,
    exact: (x) => sortedSimplex(x, total),
    violation: (x) => Math.max(Math.abs(sum(x) - total), ...x.map((value) => -value)),
    draw: (random) => drawSimplex(size(shape), total, random),
  };
}

const norms = {
  l1Ball: (x: Point): number => sum(x.map(Math.abs)),
  l2Ball: (x: Point): number => Math.hypot(...x),
  linfBall: (x: Point): number => Math.max(...x.map(Math.abs)),
} as const;

type BallName = keyof typeof norms;

const nearestInBall: { readonly [K in BallName]: (x: Point, radius: number) => number[] } = {
  l1Ball: (x, radius) =>
    sortedSimplex(x.map(Math.abs), radius).map((magnitude, index) => magnitude * Math.sign(at(x, index))),
  l2Ball: (x, radius) => x.map((value) => (value / Math.hypot(...x)) * radius),
  linfBall: (x, radius) => x.map((value) => clamp(value, -radius, radius)),
};

const drawSurface: { readonly [K in BallName]: (length: number, random: Random) => number[] } = {
  l1Ball: (length, random) => drawSimplex(length, 1, random).map((value) => (random.uniform() < 0.5 ? -value : value)),
  l2Ball: (length, random) => {
    const x = Array.from({ length }, () => random.normal());
    return x.map((value) => value / Math.hypot(...x));
  },
  linfBall: (length, random) => Array.from({ length }, () => clamp(3 * (2 * random.uniform() - 1), -1, 1)),
};

/** The part of a ball in a box: s by bisection. */
function boxedBallCase(radius: number, low: number, high: number, shape: readonly number[], given?: Point): SetCase {
  const center = given ?? Array.from({ length: size(shape) }, () => 0);
  const within = [low, high] as const;
  const towards = (x: Point, s: number): number[] =>
    x.map((value, index) => clamp(at(center, index) + s * (value - at(center, index)), low, high));
  const distance = (x: Point): number => Math.hypot(...x.map((value, index) => value - at(center, index)));
  return {
    set: sets.l2Ball(radius, { within, ...(given !== undefined && { center: Tensor.from(given, shape) }) }),
    shape,
    exact: (x) => {
      if (distance(towards(x, 1)) <= radius) return towards(x, 1);
      // Halved as logarithms first: the share may be tiny.
      let [lowest, most] = [1e-40, 1];
      for (let step = 0; step < 400; step++) {
        const middle = most > 2 * lowest ? Math.sqrt(lowest * most) : (lowest + most) / 2;
        if (distance(towards(x, middle)) > radius) most = middle;
        else lowest = middle;
      }
      return towards(x, lowest);
    },
    violation: (x) =>
      Math.max(0, distance(x) - radius, ...x.map((value) => Math.max(low - value, value - Math.min(high, 1e300)))),
    draw: (random) => {
      const s = random.uniform();
      const x = center.map((value) => clamp(value + random.normal(), low, high));
      const length = distance(x);
      return x.map(
        (value, index) => at(center, index) + (value - at(center, index)) * s * Math.min(1, radius / length),
      );
    },
  };
}

function ballCase(name: BallName, radius: number, shape: readonly number[], given?: Point): SetCase {
  const center = given ?? Array.from({ length: size(shape) }, () => 0);
  const from = (x: Point): number[] => x.map((value, index) => value - at(center, index));
  const back = (offset: Point): number[] => offset.map((value, index) => value + at(center, index));
  const norm = norms[name];
  return {
    set: given === undefined ? sets[name](radius) : sets[name](radius, { center: Tensor.from(given, shape) }),
    shape,
    exact: (x) => (norm(from(x)) <= radius ? [...x] : back(nearestInBall[name](from(x), radius))),
    violation: (x) => Math.max(0, norm(from(x)) - radius),
    draw: (random) => {
      const length = radius * Math.min(1, 1.5 * random.uniform());
      return back(drawSurface[name](center.length, random).map((value) => value * length));
    },
  };
}

/** A ball for each row, around its row of the centre. */
function ballByRowCase(
  name: 'l1Ball' | 'l2Ball',
  radius: number,
  rows: readonly Point[],
  within?: readonly [low: number, high: number],
): SetCase {
  const length = rows[0]?.length ?? 0;
  const each = rows.map((row) =>
    within === undefined
      ? ballCase(name, radius, [length], row)
      : boxedBallCase(radius, within[0], within[1], [length], row),
  );
  const split = (x: Point): number[][] => rows.map((_, row) => x.slice(row * length, (row + 1) * length));
  const of = (row: number): SetCase => each[row] as SetCase;
  const center = Tensor.from(rows.flat(), [rows.length, length]);
  return {
    set: sets[name](radius, { center, byRow: true, ...(within !== undefined && { within }) }),
    shape: [rows.length, length],
    exact: (x) => split(x).flatMap((row, index) => of(index).exact(row)),
    violation: (x) => Math.max(...split(x).map((row, index) => of(index).violation(row))),
    draw: (random) => each.flatMap((one) => one.draw(random)),
  };
}

/** A simplex with ends for its elements: theta by bisection. */
function cappedSimplexCase(least: number, most: Point): SetCase {
  const [low, caps] = [Math.fround(least), most.map(Math.fround)];
  const lows = caps.map(() => Math.max(low, 0));
  const towards = (x: Point, theta: number): number[] =>
    x.map((value, index) => clamp(value - theta, at(lows, index), at(caps, index)));
  const exact = (x: Point): number[] => {
    let [least, most] = [Math.min(...x) - 2, Math.max(...x) + 2];
    for (let step = 0; step < 200; step++) {
      const middle = (least + most) / 2;
      if (sum(towards(x, middle)) > 1) least = middle;
      else most = middle;
    }
    return towards(x, least);
  };
  const isAlike = caps.every((cap) => cap === caps[0]);
  return {
    set: sets.intersection([sets.box(low, isAlike ? (caps[0] ?? 0) : Tensor.from(caps)), sets.simplex()]),
    shape: [caps.length],
    exact,
    violation: (x) =>
      Math.max(
        Math.abs(sum(x) - 1),
        ...x.map((value, index) => Math.max(at(lows, index) - value, value - at(caps, index))),
      ),
    draw: (random) => exact(drawSimplex(caps.length, 1.5, random)),
    reach: 1e4,
  };
}

/** A ball and the plane of a given sum: the plane's nearest point, and from there towards the centre of the disc. */
function discCase(radius: number, total: number, length: number, cycles: number): SetCase {
  const middle = total / length;
  const disc = Math.sqrt(radius ** 2 - total ** 2 / length);
  const exact = (x: Point): number[] => {
    const offset = x.map((value) => value - sum(x) / length);
    const share = Math.min(1, disc / Math.hypot(...offset));
    return offset.map((value) => middle + (share > 0 ? share * value : 0));
  };
  const plane = sets.affine(Tensor.from(new Float32Array(length).fill(1), [1, length]), Tensor.from([total]));
  return {
    set: sets.intersection([sets.l2Ball(radius), plane], { cycles }),
    shape: [length],
    exact,
    violation: (x) => Math.max(0, Math.hypot(...x) - radius, Math.abs(sum(x) - total)),
    draw: (random) => exact(Array.from({ length }, () => 2 * random.normal())),
    reach: 2,
  };
}

/** A disc with a cap for the first element: by going through what may hold with equality. */
function cutDiscCase(radius: number, cap: number, cycles: number): SetCase {
  const inDisc = (x: Point): number[] => x.map((value) => value * Math.min(1, radius / Math.hypot(...x)));
  const violation = (x: Point): number => Math.max(0, Math.hypot(...x) - radius, at(x, 0) - cap);
  const corner = Math.sqrt(radius ** 2 - cap ** 2);
  return {
    set: sets.intersection([sets.l2Ball(radius), sets.box(-Infinity, Tensor.from([cap, Infinity]))], { cycles }),
    shape: [2],
    exact: (x) =>
      [[...x], inDisc(x), [cap, at(x, 1)], [cap, corner], [cap, -corner]]
        .filter((point) => violation(point) <= 1e-12)
        .reduce((best, point) => (distance(point, x) < distance(best, x) ? point : best), [0, 0]),
    violation,
    draw: (random) => {
      const [a = 0, b = 0] = drawSurface.l2Ball(2, random);
      const scale = radius * random.uniform();
      return [Math.min(a * scale, cap), b * scale];
    },
    reach: 2,
  };
}

const distance = (a: Point, b: Point): number => Math.hypot(...a.map((value, index) => value - at(b, index)));

function affineCase(matrix: readonly Point[], right: Point, shape: readonly number[]): SetCase {
  const residual = (x: Point): number[] => matrix.map((row, index) => dot(row, x) - at(right, index));
  const exact = (x: Point): number[] => {
    const gram = matrix.map((row) => matrix.map((other) => dot(row, other)));
    const multipliers = solveDense(gram, residual(x));
    return x.map((value, column) => value - sum(matrix.map((row, index) => at(row, column) * at(multipliers, index))));
  };
  return {
    set: sets.affine(Tensor.from(matrix.flat(), [matrix.length, size(shape)]), Tensor.from(right)),
    shape,
    exact,
    violation: (x) => Math.max(...residual(x).map(Math.abs)),
    draw: (random) => exact(Array.from({ length: size(shape) }, () => 3 * random.normal())),
  };
}

function rowsCase(count: number, of: SetCase): SetCase {
  const length = size(of.shape);
  const split = (x: Point): number[][] =>
    Array.from({ length: count }, (_, row) => x.slice(row * length, (row + 1) * length));
  return {
    set: sets.rows(of.set),
    shape: [count, ...of.shape],
    exact: (x) => split(x).flatMap(of.exact),
    violation: (x) => Math.max(...split(x).map(of.violation)),
    draw: (random) => Array.from({ length: count }, () => of.draw(random)).flat(),
  };
}

export const size = (shape: readonly number[]): number => shape.reduce((product, each) => product * each, 1);

const random = Random.fromSeed(11, 'matrix');
// Numbers that float32 holds, as the set gets them.
const normals = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random.normal()));
const center = [1, -2, 0.5, 0, 3, -0.25];

/** Cases of every set of the registry. */
export const setCases: { readonly [K in keyof typeof sets]: readonly SetCase[] } = {
  affine: [
    affineCase([[1, 1, 1, 1]], [1], [4]),
    affineCase([normals(6), normals(6), normals(6)], [1, -2, 0.5], [2, 3]),
    affineCase(
      [
        [2, 0],
        [1, -4],
      ],
      [1, 3],
      [2],
    ),
    affineCase([[4]], [-2], []),
  ],
  box: [
    boxCase(-0.5, 2, [3, 2]),
    boxCase(0, Infinity, [5]),
    boxCase(-Infinity, -1, []),
    boxCase(0.25, 0.25, [2]),
    elementBoxCase([-1, 0, 0.5, -2], [1, 0, 3, -0.5], [2, 2]),
    elementBoxCase(0, [1, 2, 3], [3]),
    elementBoxCase([-Infinity, -1], Infinity, [2]),
  ],
  intersection: [
    cappedSimplexCase(0, [0.4, 0.4, 0.4, 0.4, 0.4]),
    cappedSimplexCase(0.05, [0.1, 0.2, 0.3, 0.9]),
    discCase(2, 1, 5, 60),
    cutDiscCase(1, 0.5, 60),
  ],
  l1Ball: [
    ballCase('l1Ball', 2, [7]),
    ballCase('l1Ball', 0.5, [2, 3], center),
    ballCase('l1Ball', 1, [1]),
    ballCase('l1Ball', 3, []),
    ballByRowCase('l1Ball', 0.5, [
      [1, 0, -1],
      [0, 0, 2],
    ]),
  ],
  l2Ball: [
    ballCase('l2Ball', 2, [7]),
    ballCase('l2Ball', 0.5, [2, 3], center),
    ballCase('l2Ball', 1, [1]),
    ballCase('l2Ball', 3, []),
    boxedBallCase(1, -0.5, 2, [5]),
    boxedBallCase(0.8, 0, 1, [2, 3], [0, 1, 0.25, 0.875, 0.5, 0]),
    boxedBallCase(2, -1, Infinity, [4], [-1, 0, 3, -0.875]),
    boxedBallCase(10, -0.5, 2, [5]),
    boxedBallCase(3, -1, 1, []),
    ballByRowCase('l2Ball', 0.5, [
      [1, 0, -1],
      [0, 0, 2],
    ]),
    ballByRowCase(
      'l2Ball',
      0.5,
      [
        [1, 0, 0.75],
        [0.125, 0.25, 0],
      ],
      [0, 1],
    ),
  ],
  linfBall: [ballCase('linfBall', 2, [7]), ballCase('linfBall', 0.5, [2, 3], center), ballCase('linfBall', 3, [])],
  rows: [
    rowsCase(3, simplexCase(1, [4])),
    rowsCase(2, ballCase('l2Ball', 1, [3], [1, 0, -1])),
    rowsCase(2, rowsCase(2, ballCase('l1Ball', 1, [3]))),
    rowsCase(4, boxCase(-1, 1, [])),
  ],
  simplex: [
    simplexCase(1, [6]),
    simplexCase(2.5, [3, 3]),
    simplexCase(1, [1]),
    simplexCase(4, []),
    simplexCase(1, [64]),
  ],
};
