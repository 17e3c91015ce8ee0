import { BilevelError, checkKeys, invalidArgument } from '../errors.js';
import {
  add,
  broadcastTo,
  concat,
  constant,
  cos,
  exp,
  floor,
  less,
  mul,
  type Node,
  neg,
  randomUniform,
  requireNode,
  reshape,
  sin,
  slice,
  sub,
  warpAffine,
  where,
} from '../graph/index.js';
import { elementCount, formatType, type TensorType } from '../tensor.js';

/**
 * How images are changed at random: each is scaled and turned about its middle, then mirrored, then shifted, all in one
 * resampling. What is not stated is left as it is. Images that are only mirrored and shifted keep the values of their
 * pixels; others are blended of the four pixels around (bilinear).
 */
export interface AugmentOptions {
  /** Probability that left and right are exchanged, 0 to 1; 0 by default. */
  readonly flip?: number | undefined;
  /** Probability that top and bottom are exchanged, 0 to 1; 0 by default. */
  readonly flipVertical?: number | undefined;
  /**
   * Most pixels by which an image moves along each axis: every whole number up to it, in both directions, is as likely.
   * It is the random crop of an image with a border of so many pixels. 0 by default.
   */
  readonly shift?: number | undefined;
  /** Largest angle in degrees, 0 to 180, of which each up to it, in both directions, is as likely; 0 by default. */
  readonly rotate?: number | undefined;
  /**
   * Largest factor of the size, 1 to 10: its logarithm is uniform between those of 1 / scale and scale. 1 by default.
   */
  readonly scale?: number | undefined;
  /** What lies outside of an image: one number, or one for each channel; 0 by default. */
  readonly fill?: number | readonly number[] | undefined;
}

/** Options that were checked, with their defaults. */
export type Augmentation = { readonly [K in keyof AugmentOptions]-?: Exclude<AugmentOptions[K], undefined> };

const defaults: Augmentation = { flip: 0, flipVertical: 0, shift: 0, rotate: 0, scale: 1, fill: 0 };

/** The random numbers of an image, by what they decide: each has its own, whatever else is asked for. */
const draws = ['flip', 'flipVertical', 'down', 'right', 'rotate', 'scale'] as const;

/**
 * Checks what is to be done to images.
 * @param images their type, [..., channels, height, width]
 * @throws UNKNOWN_OPTION, INVALID_ARGUMENT, SHAPE_MISMATCH
 */
export function checkAugmentation(where: string, options: AugmentOptions, images: TensorType): Augmentation {
  checkKeys(options, Object.keys(defaults), where);
  const [channels = 0, height = 0, width = 0] = images.shape.slice(-3);
  if (images.dtype !== 'float32' || images.shape.length < 4 || height * width === 0) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected images, float32 [samples, channels, height, width], for ${where} but received ${formatType(images)}. Other shapes can be ` +
        'given these axes, such as [n, 1, 28, 28] for [n, 784], and flattened again by reshape in the cost.',
    );
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const stated: Augmentation = { ...defaults, ...Object.fromEntries(given) };
  const { flip, flipVertical, shift, rotate, scale, fill } = stated;
  const check = (name: keyof AugmentOptions, expected: string, isRight: boolean): void => {
    if (!isRight) throw invalidArgument(`${name} of ${where}`, expected, stated[name]);
  };
  const isWithin = (value: unknown, low: number, high: number): boolean =>
    typeof value === 'number' && value >= low && value <= high;
  check('flip', 'a probability from 0 to 1', isWithin(flip, 0, 1));
  check('flipVertical', 'a probability from 0 to 1', isWithin(flipVertical, 0, 1));
  const most = Math.min(height, width) - 1;
  check('shift', `an integer from 0 to ${most}, in pixels`, Number.isInteger(shift) && isWithin(shift, 0, most));
  check('rotate', 'degrees from 0 to 180', isWithin(rotate, 0, 180));
  check('scale', 'a factor from 1 to 10', isWithin(scale, 1, 10));
  const fills = typeof fill === 'object' ? fill : [fill];
  const isFill =
    Array.isArray(fills) && fills.every(Number.isFinite) && (fills === fill ? fills.length === channels : true);
  check('fill', `a finite number, or ${channels}, one for each channel,`, isFill);
  return Object.freeze({ ...stated, fill: typeof fill === 'object' ? Object.freeze([...fill]) : fill });
}

const differing = (augmentation: Augmentation) =>
  Object.entries(augmentation).filter(([name, value]) => value !== defaults[name as keyof Augmentation]);

/** Whether images are left as they are: what is outside of them is not seen then. */
export function leavesImages(augmentation: Augmentation): boolean {
  return differing(augmentation).every(([name]) => name === 'fill');
}

/** What is done to images, in words: `flip 0.5, shift 2`. */
export function describeAugmentation(augmentation: Augmentation): string {
  return differing(augmentation)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/**
 * Images changed at random, each by itself: what a feed with `augment` gives, for images that come another way, such as
 * those of a stream or of episodes. It is differentiated like any operation, so the images may be variables.
 * @param images float32 [..., channels, height, width], of at least four axes
 * @param key int32 [2], such as a problem's: equal keys and options change images alike
 * @throws UNKNOWN_OPTION, INVALID_ARGUMENT, SHAPE_MISMATCH
 */
export function augment(images: Node, key: Node, options: AugmentOptions): Node {
  const augmentation = checkAugmentation('augment', options, requireNode(images, 'images'));
  // Apart from the numbers that dropout draws by the same key.
  return augmented(images, add(key, constant([0x3c6ef372, 0], [2], 'int32')), augmentation);
}

/** Images changed by the numbers of a key. */
export function augmented(images: Node, key: Node, augmentation: Augmentation): Node {
  const [channels = 0, height = 0, width = 0] = images.shape.slice(-3);
  const { shift, rotate, scale, fill } = augmentation;
  if (leavesImages(augmentation)) return images;
  const count = elementCount(images.shape.slice(0, -3));
  const table = mapsOf(count, [height, width], key, augmentation);
  const x = reshape(images, [count, channels, height, width]);
  const moved = warpAffine(x, table);
  const fills = (typeof fill === 'object' ? fill : [fill]) as readonly number[];
  const staysInside = shift === 0 && rotate === 0 && scale === 1;
  if (staysInside || fills.every((value) => value === 0)) return reshape(moved, images.shape);
  const inside = warpAffine(broadcastTo(1, [count, 1, height, width]), table);
  const border = mul(sub(1, inside), constant(fills, [1, fills.length, 1, 1]));
  return reshape(add(moved, border), images.shape);
}

/** Where each image takes its pixels from: maps of `warpAffine`, [count, 2, 3]. */
function mapsOf(count: number, size: readonly [number, number], key: Node, augmentation: Augmentation): Node {
  const { flip, flipVertical, shift, rotate, scale } = augmentation;
  const uniform = randomUniform(key, [draws.length, count]);
  const draw = (name: (typeof draws)[number]): Node => {
    const index = draws.indexOf(name);
    return reshape(slice(uniform, { starts: [index, 0], limits: [index + 1, count] }), [count]);
  };
  const signed = (name: 'rotate' | 'scale'): Node => sub(mul(draw(name), 2), 1);
  const mirrored = (name: 'flip' | 'flipVertical', probability: number): Node =>
    probability === 0 ? constant(1) : where(less(draw(name), probability), -1, 1);
  const moved = (name: 'down' | 'right'): Node =>
    shift === 0 ? constant(0) : sub(floor(mul(draw(name), 2 * shift + 1)), shift);
  const [middle, centre] = size.map((pixels) => (pixels - 1) / 2) as [number, number];
  const [down, across] = [mirrored('flipVertical', flipVertical), mirrored('flip', flip)];
  const [row, column] = [add(moved('down'), middle), add(moved('right'), centre)];
  if (rotate === 0 && scale === 1) {
    const none = constant(0);
    return stacked(count, [down, none, sub(middle, mul(down, row)), none, across, sub(centre, mul(across, column))]);
  }
  const angle = mul(signed('rotate'), (rotate * Math.PI) / 180);
  const shrink = exp(mul(signed('scale'), Math.log(scale)));
  const [cosine, sine] = [mul(shrink, cos(angle)), mul(shrink, sin(angle))];
  const [a, b] = [mul(cosine, down), mul(neg(sine), across)];
  const [c, d] = [mul(sine, down), mul(cosine, across)];
  return stacked(count, [
    a,
    b,
    sub(middle, add(mul(a, row), mul(b, column))),
    c,
    d,
    sub(centre, add(mul(c, row), mul(d, column))),
  ]);
}

/** Numbers of [count] or of all side by side, as [count, 2, 3]. */
function stacked(count: number, entries: readonly Node[]): Node {
  const columns = entries.map((entry) => reshape(broadcastTo(entry, [count]), [count, 1]));
  return reshape(concat(columns, 1), [count, 2, 3]);
}
