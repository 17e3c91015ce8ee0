import { checkKeys, invalidArgument } from '../../errors.js';
import { add, constant, type Node, sub, where } from '../../graph/index.js';
import { type Shape, sameShape, type Tensor } from '../../tensor.js';
import { checkReal } from '../check-tensor.js';
import { type ConvexSet, checkSize, describeTensor, misfit } from './set.js';

/** Options of {@link sets.linfBall}. */
export interface CenterOptions {
  /** The centre, float32 of the shape of the variable (of a row within `rows`); 0 by default. It is copied. */
  readonly center?: Tensor | undefined;
}

/** Options of {@link sets.l1Ball}. */
export interface BallOptions extends CenterOptions {
  /**
   * Whether every row, along the first axis, lies in a ball of its own around its row of `center`, which must be given:
   * `rows(l2Ball(radius))` holds rows in the same ball. False by default.
   */
  readonly byRow?: boolean | undefined;
}

export interface Ball extends Pick<ConvexSet, 'name' | 'description' | 'check'> {
  readonly center: Node | undefined;
  /** How many first axes of a variable only count balls. */
  readonly rowAxes: number;
}

/** What all balls share. @throws INVALID_ARGUMENT, UNKNOWN_OPTION; INVALID_DATA for a centre that is not finite */
export function stateBall(name: string, radius: number, options: BallOptions, others: readonly string[] = []): Ball {
  checkSize(`radius of ${name}`, radius);
  checkKeys(options, ['center', ...others], name);
  const { center, byRow = false } = options;
  if (center !== undefined) checkReal(`center of ${name}`, center);
  if (typeof byRow !== 'boolean' || (byRow && (center?.shape.length ?? 0) === 0)) {
    const expected = `true with a center that has rows, or false, as for rows(${name}(radius)),`;
    throw invalidArgument(`byRow of ${name}`, expected, byRow);
  }
  const stated = [
    ...(center === undefined ? [] : [`center: ${describeTensor(center)}`]),
    ...(byRow ? ['byRow: true'] : []),
  ];
  const description = `${name}(${radius}${stated.length === 0 ? '' : `, { ${stated.join(', ')} }`})`;
  return {
    name,
    description,
    center: center === undefined ? undefined : constant(center),
    rowAxes: byRow ? 1 : 0,
    check(what: string, shape: Shape) {
      if (center === undefined || sameShape(center.shape, shape)) return;
      throw misfit(what, { description }, `the shape of its center, [${center.shape.join(', ')}],`, shape);
    },
  };
}

/** What is known of an offset from the centre of a ball. */
interface Nearest {
  /** bool, of one element for every slice: whether the offset lies outside. */
  readonly outside: Node;
  /** The nearest offset on the surface, used where `outside` holds; finite, with finite derivatives, everywhere. */
  readonly surface: Node;
}

/**
 * A ball, or one for every slice along the first `batchAxes` axes, that keeps points inside as they are and moves
 * those outside to its surface.
 */
export function radialBall(
  { center, rowAxes, ...ball }: Ball,
  nearest: (offset: Node, batchAxes: number) => Nearest,
): ConvexSet {
  return Object.freeze<ConvexSet>({
    ...ball,
    rowwise: false,
    project(value, batchAxes) {
      const offset = center === undefined ? value : sub(value, center);
      const { outside, surface } = nearest(offset, batchAxes + rowAxes);
      return where(outside, center === undefined ? surface : add(center, surface), value);
    },
  });
}
