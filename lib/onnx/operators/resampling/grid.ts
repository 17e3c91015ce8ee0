import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { elementCount } from '../../../tensor.js';
import type { Operation, OperatorImporter } from '../../operation.js';

/** A neighbour of each sampled place along one axis: its position, and what it counts. */
interface Tap {
  readonly position: Node;
  readonly weight: Node | undefined;
}

const modes = { bilinear: 'linear', linear: 'linear', nearest: 'nearest', bicubic: 'cubic', cubic: 'cubic' } as const;

/**
 * x sampled at the places that a grid [batch, ...output, axes] gives, from -1 to 1 along each axis, of which the last
 * comes first. Derivatives reach x and, where neighbours are blended, the grid.
 */
function gridSample(op: Operation): Node {
  const [x, grid] = [op.input(0), op.input(1)];
  const [batch = 0, channels = 0, ...sizes] = x.shape;
  const rank = sizes.length;
  const mode = modes[op.attributes.word('mode', ['bilinear', 'linear', 'nearest', 'bicubic', 'cubic'], 'bilinear')];
  const padding = op.attributes.word('padding_mode', ['zeros', 'border', 'reflection'], 'zeros');
  const aligned = op.attributes.flag('align_corners');
  if (rank < 1 || rank > 3 || grid.shape.at(-1) !== rank || grid.shape[0] !== batch || sizes.includes(0)) {
    throw op.mismatch(`cannot sample [${x.shape.join(', ')}] by a grid of [${grid.shape.join(', ')}]`);
  }
  const output = grid.shape.slice(1, -1);
  const places = elementCount(output);
  const rows = g.reshape(g.transpose(x, [0, ...[...x.shape.keys()].slice(2), 1]), [
    batch * elementCount(sizes),
    channels,
  ]);
  const origin = g.reshape(
    op.sequence(batch, (entry) => entry * elementCount(sizes)),
    [batch, 1],
  );
  const axes = sizes.map((size, axis) => {
    const last = grid.shape.length - 1;
    const component = g.slice(grid, {
      starts: grid.shape.map((_, index) => (index === last ? rank - 1 - axis : 0)),
      limits: grid.shape.map((total, index) => (index === last ? rank - axis : total)),
    });
    const unit = g.add(g.reshape(component, [batch, places]), 1);
    const at = aligned ? g.mul(unit, (size - 1) / 2) : g.sub(g.mul(unit, size / 2), 0.5);
    return tapsOf(at, mode).map(({ position, weight }) => ({
      position: inward(position, size, padding, aligned),
      weight,
    }));
  });
  const values = combinations(axes).map((taps) => {
    const inside = taps
      .map(({ position }, axis) => g.and(g.greaterEqual(position, 0), g.lessEqual(position, (sizes[axis] ?? 1) - 1)))
      .reduce(g.and);
    const flat = taps
      .map(({ position }, axis) =>
        g.mul(g.cast(g.where(inside, position, 0), 'int64'), elementCount(sizes.slice(axis + 1))),
      )
      .reduce(g.add);
    const weights = taps.flatMap(({ weight }) => weight ?? []);
    const weight = g.where(inside, weights.length === 0 ? 1 : weights.reduce(g.mul), 0);
    return g.mul(g.gather(rows, g.add(flat, origin)), g.expandDims(weight, [-1]));
  });
  return g.reshape(g.transpose(values.reduce(g.add), [0, 2, 1]), [batch, channels, ...output]);
}

function tapsOf(at: Node, mode: 'linear' | 'nearest' | 'cubic'): Tap[] {
  if (mode === 'nearest') return [{ position: g.round(at), weight: undefined }];
  const before = g.floor(at);
  const t = g.sub(at, before);
  const rest = g.sub(1, t);
  if (mode === 'linear') {
    return [
      { position: before, weight: rest },
      { position: g.add(before, 1), weight: t },
    ];
  }
  return [far(g.add(t, 1)), near(t), near(rest), far(g.add(rest, 1))].map((weight, tap) => ({
    position: g.add(before, tap - 1),
    weight,
  }));
}

/** Cubic convolution (Keys, 1981) with the coefficient -0.75, at a distance of up to 1 and of up to 2. */
const coefficient = -0.75;

function near(x: Node): Node {
  return g.add(g.mul(g.mul(g.sub(g.mul(x, coefficient + 2), coefficient + 3), x), x), 1);
}

function far(x: Node): Node {
  const inner = g.add(g.mul(g.sub(g.mul(x, coefficient), 5 * coefficient), x), 8 * coefficient);
  return g.sub(g.mul(inner, x), 4 * coefficient);
}

/** Positions outside 0 .. size - 1 brought inside, but where there are zeros. */
function inward(position: Node, size: number, padding: 'zeros' | 'border' | 'reflection', aligned: boolean): Node {
  if (padding === 'zeros') return position;
  if (padding === 'border') return g.clip(position, 0, size - 1);
  if (aligned) return size === 1 ? g.mul(position, 0) : mirrored(position, size - 1);
  return g.sub(mirrored(g.add(position, 0.5), size), 0.5);
}

/** A position mirrored at 0 and at a length until it lies between. */
function mirrored(position: Node, length: number): Node {
  const distance = g.abs(position);
  const phase = g.sub(distance, g.mul(g.floor(g.div(distance, 2 * length)), 2 * length));
  return g.minimum(phase, g.sub(2 * length, phase));
}

function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((item) => [...head, item])), [[]]);
}

export const gridOperators: Record<string, OperatorImporter> = {
  GridSample: { build: gridSample, since: 16 },
};
