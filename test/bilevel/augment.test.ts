import test from 'ava';
import { type AugmentOptions, augment, bilevelProblem, feed } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { samplers } from '../../lib/data/samplers/index.js';
import { BilevelError, type ErrorCode } from '../../lib/errors.js';
import { constant, evaluate, input, type Node, reduceSum } from '../../lib/graph/index.js';
import { elementCount, type Shape, Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { runNative, worstError } from '../support/engine/run-native.js';

const device = testDevice({ threads: 2 });
test.after(() => device.dispose());

const random = Random.fromSeed(5, 'images');
const imagesOf = (shape: Shape) =>
  Float64Array.from({ length: elementCount(shape) }, () => Math.fround(1 + random.uniform()));

/** What the engine makes of images [n, c, h, w], as a function that reads a pixel, 0 outside. */
async function changed(x: Float64Array, shape: Shape, options: AugmentOptions, key = [1, 2]) {
  const images = input('x', shape);
  const keys = input('key', [2], 'int32');
  const feeds = new Map([
    [images, x],
    [keys, Float64Array.from(key)],
  ]);
  const y = (await runNative(device, { outputs: { y: augment(images, keys, options) } }, feeds)).get('y');
  return y as Float64Array;
}

const shape = [200, 2, 5, 7] as const;
const [count, channels, height, width] = shape;
const x = imagesOf(shape);
const pixel = (of: Float64Array, n: number, c: number, i: number, j: number): number =>
  i < 0 || j < 0 || i >= height || j >= width ? 0 : (of[((n * channels + c) * height + i) * width + j] ?? Number.NaN);

/** The one of `moves` that an image was moved by, with the same bits in every pixel and channel. */
function moveOf<M>(
  y: Float64Array,
  n: number,
  moves: readonly M[],
  from: (move: M, i: number, j: number) => number[],
): M {
  const found = moves.filter((move) => {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          const [p = 0, q = 0] = from(move, i, j);
          if (!Object.is(pixel(y, n, c, i, j), pixel(x, n, c, p, q))) return false;
        }
      }
    }
    return true;
  });
  if (found.length !== 1) throw new Error(`image ${n} was moved in ${found.length} of the ways`);
  return found[0] as M;
}

test('mirrored and shifted images keep the bits of their pixels, and come in all ways', async (t) => {
  const y = await changed(x, shape, { flip: 0.5, flipVertical: 0.25, shift: 1 });
  const signs = [1, -1];
  const steps = [-1, 0, 1];
  const ways = signs.flatMap((across) =>
    signs.flatMap((down) => steps.flatMap((di) => steps.map((dj) => ({ across, down, di, dj })))),
  );
  const counts = new Map<string, number>();
  const note = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let n = 0; n < count; n++) {
    const { across, down, di, dj } = moveOf(y, n, ways, (way, i, j) => [
      way.down > 0 ? i - way.di : height - 1 - (i - way.di),
      way.across > 0 ? j - way.dj : width - 1 - (j - way.dj),
    ]);
    for (const what of [`across ${across}`, `down ${down}`, `di ${di}`, `dj ${dj}`]) note(what);
  }
  const share = (what: string) => (counts.get(what) ?? 0) / count;
  t.true(Math.abs(share('across -1') - 0.5) < 0.12, `${share('across -1')}`);
  t.true(Math.abs(share('down -1') - 0.25) < 0.12, `${share('down -1')}`);
  for (const step of steps) {
    t.true(Math.abs(share(`di ${step}`) - 1 / 3) < 0.12);
    t.true(Math.abs(share(`dj ${step}`) - 1 / 3) < 0.12);
  }
});

test('a turned and scaled image is the bilinear one, by one angle and factor for all of its channels', async (t) => {
  const [rotate, scale] = [30, 1.3];
  // Two planes of which the blended value is known everywhere inside: the row, and the column.
  const planes = Float64Array.from({ length: elementCount(shape) }, (_, index) => {
    const place = index % (height * width);
    return Math.floor(index / (height * width)) % 2 === 0 ? Math.floor(place / width) : place % width;
  });
  const inner = { i: [2, 2, 3], j: [3, 4, 3] };
  const y = await changed(planes, shape, { rotate, scale });
  const [ci, cj] = [(height - 1) / 2, (width - 1) / 2];
  const angles: number[] = [];
  const factors: number[] = [];
  for (let n = 0; n < count; n++) {
    const at = (i: number, j: number) => [pixel(y, n, 0, i, j), pixel(y, n, 1, i, j)] as const;
    const [a, b, c] = inner.i.map((i, index) => at(i, inner.j[index] ?? 0)) as [
      readonly [number, number],
      readonly [number, number],
      readonly [number, number],
    ];
    t.true(Math.abs(a[0] - ci) < 1e-5 && Math.abs(a[1] - cj) < 1e-5, 'the middle stays');
    // One step to the right, and one down, are one vector and the one at right angles to it.
    const [right, below] = [
      [b[0] - a[0], b[1] - a[1]],
      [c[0] - a[0], c[1] - a[1]],
    ] as [number[], number[]];
    t.true(Math.abs((right[1] ?? 0) - (below[0] ?? 0)) < 1e-5 && Math.abs((right[0] ?? 0) + (below[1] ?? 0)) < 1e-5);
    angles.push((Math.atan2(right[0] ?? 0, right[1] ?? 0) * 180) / Math.PI);
    factors.push(1 / Math.hypot(right[0] ?? 0, right[1] ?? 0));
  }
  t.true(Math.max(...angles.map(Math.abs)) <= rotate + 1e-3);
  t.true(Math.max(...angles) > 0.9 * rotate && Math.min(...angles) < -0.9 * rotate);
  t.true(Math.max(...factors) <= scale + 1e-4 && Math.min(...factors) >= 1 / scale - 1e-4);
  t.true(Math.max(...factors) > 1.2 && Math.min(...factors) < 0.83);
});

test('images are turned and scaled first, then mirrored, then shifted', async (t) => {
  const [turn, move] = [
    { rotate: 30, scale: 1.3 },
    { flip: 0.5, flipVertical: 0.5, shift: 2 },
  ];
  const y = await changed(x, shape, { ...turn, ...move });
  const oneByOne = await changed(await changed(x, shape, turn), shape, move);
  // Of two resamplings the second does not see what the first has moved out of the image.
  const inside = await changed(new Float64Array(x.length).fill(1), shape, move);
  let seen = 0;
  for (const [index, value] of y.entries()) {
    if (inside[index] !== 1) continue;
    seen++;
    t.true(Math.abs(value - Number(oneByOne[index])) < 2e-5, `${value}, not ${oneByOne[index]}`);
  }
  t.true(seen > x.length / 3);
});

test('what lies outside has the fill of its channel', async (t) => {
  const fill = [-3, 7];
  const y = await changed(new Float64Array(elementCount(shape)).fill(1), shape, { shift: 2, fill });
  const seen = new Set<number>();
  for (const [index, value] of y.entries()) {
    const channel = Math.floor(index / (height * width)) % 2;
    t.true(value === 1 || value === fill[channel], `${value}`);
    seen.add(value);
  }
  t.deepEqual([...seen].toSorted(), [-3, 1, 7]);
  // Half a pixel outside is half of it.
  const turned = await changed(new Float64Array(elementCount(shape)).fill(1), shape, { rotate: 45, fill: 5 });
  t.true(turned.every((value) => value >= 1 - 1e-5 && value <= 5 + 1e-5));
  t.true(turned.some((value) => value > 1.5 && value < 4.5));
});

test('the key decides, and every option draws numbers of its own', async (t) => {
  const options = { flip: 0.5, shift: 2 };
  const first = await changed(x, shape, options);
  t.deepEqual(await changed(x, shape, options), first);
  t.notDeepEqual(await changed(x, shape, options, [1, 3]), first);
  const steps = [-2, -1, 0, 1, 2].flatMap((di) => [-2, -1, 0, 1, 2].map((dj) => ({ di, dj })));
  const shifted = await changed(x, shape, { shift: 2 });
  const both = steps.flatMap((step) => [1, -1].map((across) => ({ ...step, across })));
  for (let n = 0; n < 20; n++) {
    const { di, dj } = moveOf(shifted, n, steps, (step, i, j) => [i - step.di, j - step.dj]);
    const also = moveOf(first, n, both, ({ across, ...step }, i, j) => [
      i - step.di,
      across > 0 ? j - step.dj : width - 1 - (j - step.dj),
    ]);
    t.is(also.di, di);
    t.is(also.dj, dj);
  }
});

test('rows of any length are those of the reference', async (t) => {
  for (const wide of [63, 64, 65, 150]) {
    const shape = [3, 1, 4, wide];
    const x = imagesOf(shape);
    for (const options of [
      { rotate: 20, scale: 2 },
      { flip: 0.5, shift: 3 },
    ]) {
      const images = input('x', shape);
      const key = constant([wide, 1], [2], 'int32');
      const [expected] = evaluate([augment(images, key, options)], new Map([[images, x]])) as [Float64Array];
      const y = await changed(x, shape, options, [wide, 1]);
      const error = worstError(y, expected);
      t.true(error <= (options.rotate === undefined ? 0 : 1e-5), `${wide}: error ${error}`);
    }
  }
});

test('images with more axes are those of all, and nothing to do is nothing done', (t) => {
  const tasks = input('x', [2, 3, 1, 4, 4]);
  const key = constant([0, 0], [2], 'int32');
  t.deepEqual(augment(tasks, key, { flip: 1 }).shape, tasks.shape);
  t.is(augment(tasks, key, { fill: 3 }), tasks);
});

const images = Tensor.zeros([6, 3, 8, 10]);
const labels = Tensor.zeros([6], 'int64');
const stated = (augmentation: unknown) => () =>
  feed({ x: images, y: labels }, { batch: 2, augment: augmentation as never });
const wrong: Readonly<Record<string, [() => unknown, ErrorCode, RegExp]>> = {
  'an array that does not exist': [stated({ z: {} }), 'INVALID_ARGUMENT', /no array "z" in the feed/],
  labels: [stated({ y: { flip: 1 } }), 'SHAPE_MISMATCH', /augment of the array y but received int64\[6\]/],
  'flat images': [
    () => feed({ x: Tensor.zeros([6, 64]) }, { batch: 2, augment: { x: { flip: 0.5 } } }),
    'SHAPE_MISMATCH',
    /Expected images, float32 \[samples, channels, height, width\], .* float32\[6, 64\]/,
  ],
  'an unknown option': [stated({ x: { rotation: 3 } }), 'UNKNOWN_OPTION', /no option "rotation"/],
  'a probability above 1': [
    stated({ x: { flip: 2 } }),
    'INVALID_ARGUMENT',
    /flip of augment of the array x but received 2/,
  ],
  'a flip that is true': [stated({ x: { flip: true } }), 'INVALID_ARGUMENT', /a probability from 0 to 1/],
  'half a pixel': [stated({ x: { shift: 0.5 } }), 'INVALID_ARGUMENT', /an integer from 0 to 7, in pixels/],
  'a shift out of the image': [stated({ x: { shift: 8 } }), 'INVALID_ARGUMENT', /from 0 to 7/],
  'an angle': [stated({ x: { rotate: 181 } }), 'INVALID_ARGUMENT', /degrees from 0 to 180/],
  'a factor below 1': [stated({ x: { scale: 0.9 } }), 'INVALID_ARGUMENT', /a factor from 1 to 10/],
  'fills for two of three channels': [stated({ x: { fill: [0, 1] } }), 'INVALID_ARGUMENT', /3, one for each channel/],
  'a fill that is not finite': [stated({ x: { fill: Number.NaN } }), 'INVALID_ARGUMENT', /a finite number/],
  'options that are none': [stated({ x: 'flip' }), 'INVALID_ARGUMENT', /augment of the array x/],
  'a stream': [
    () => feed(() => [], { types: { x: { shape: [2, 1, 4, 4] } }, augment: {} } as never),
    'UNKNOWN_OPTION',
    /augment/,
  ],
};
for (const [what, [state, code, message]] of Object.entries(wrong)) {
  test(`augmentation is refused with ${what}`, (t) => {
    t.throws(state, { instanceOf: BilevelError, code, message });
  });
}

test('a feed of episodes says where to augment instead', (t) => {
  const classes = Tensor.from(Array.from({ length: 6 }, (_, row) => BigInt(row % 2)));
  const sampler = samplers.episodes({ ways: 2, shots: 1, queries: 2 });
  const message = /write augment\(support\.x, key, options\) in the costs/;
  t.throws(() => feed({ x: images, y: classes }, { sampler, augment: { x: { flip: 1 } } } as never), { message });
});

test('costs see the images of a batch changed, and other arrays as they are', (t) => {
  const seen: Record<string, Node> = {};
  bilevelProblem({
    upper: { a: Tensor.zeros([]) },
    lower: { b: Tensor.zeros([]) },
    feeds: { train: feed({ x: images, y: labels, z: images }, { batch: 2, augment: { x: { shift: 1 } } }) },
    f: ({ v }) => v.b,
    g: ({ v, train }) => {
      Object.assign(seen, train);
      return reduceSum(train.x) && v.b;
    },
  });
  t.deepEqual(seen.x?.shape, [2, 3, 8, 10]);
  t.is(seen.x?.op, 'warpAffine');
  t.is(seen.z?.op, 'gather');
  t.is(seen.y?.op, 'gather');
});
