/** One axis that is sampled anew: `size` cells become `resized`, which is about `scale` times as many. */
export interface ResizedAxis {
  readonly size: number;
  readonly resized: number;
  readonly scale: number;
  /** Part of the axis that is seen, as fractions of its length: of use to one way of placing cells. */
  readonly region: readonly [start: number, end: number];
}

/** Where in the old axis the cell `at` of the new one lies, by the names that ONNX gives. */
export const coordinates = {
  half_pixel: (at: number, { scale }: ResizedAxis): number => (at + 0.5) / scale - 0.5,
  half_pixel_symmetric: (at: number, { size, resized, scale }: ResizedAxis): number =>
    (size / 2) * (1 - resized / (scale * size)) + (at + 0.5) / scale - 0.5,
  pytorch_half_pixel: (at: number, { resized, scale }: ResizedAxis): number =>
    resized > 1 ? (at + 0.5) / scale - 0.5 : 0,
  tf_half_pixel_for_nn: (at: number, { scale }: ResizedAxis): number => (at + 0.5) / scale,
  align_corners: (at: number, { size, resized }: ResizedAxis): number =>
    resized > 1 ? (at * (size - 1)) / (resized - 1) : 0,
  asymmetric: (at: number, { scale }: ResizedAxis): number => at / scale,
  tf_crop_and_resize: (at: number, { size, resized, region: [start, end] }: ResizedAxis): number =>
    resized > 1 ? (start + (at * (end - start)) / (resized - 1)) * (size - 1) : ((start + end) / 2) * (size - 1),
} as const;

/** The cell that is nearest to a position. */
export const nearest = {
  round_prefer_floor: (x: number): number => Math.ceil(x - 0.5),
  round_prefer_ceil: (x: number): number => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
} as const;

/** Neighbouring cells from `first` on, and what each counts. */
export interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** What a cell at a distance counts, and how far that reaches. */
export interface Kernel {
  readonly reach: number;
  weight(distance: number): number;
}

export const linear: Kernel = { reach: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) };

/** Cubic convolution (Keys, 1981) with its free coefficient. */
export function cubic(a: number): Kernel {
  return {
    reach: 2,
    weight(distance) {
      const x = Math.abs(distance);
      if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
    },
  };
}

/** How many cells a kernel sees. */
export function tapCount({ reach }: Kernel, stretch = 1): number {
  return -2 * Math.floor(-reach / stretch);
}

/**
 * The cells around x that a kernel sees. One that is stretched, by a factor of at most 1, is brought back to the sum 1.
 */
export function taps(kernel: Kernel, x: number, stretch = 1): Taps {
  const { reach, weight } = kernel;
  const from = Math.floor(-reach / stretch) + 1;
  const base = Math.floor(x);
  const weights = Array.from({ length: tapCount(kernel, stretch) }, (_, index) =>
    weight((base + from + index - x) * stretch),
  );
  const sum = stretch === 1 ? 1 : weights.reduce((a, b) => a + b, 0);
  return { first: base + from, weights: weights.map((each) => each / sum) };
}

/** Cells outside 0 .. size - 1 no longer count, and the rest makes up for them. */
export function within({ first, weights }: Taps, size: number): Taps {
  const kept = weights.map((weight, index) => (first + index < 0 || first + index >= size ? 0 : weight));
  const sum = kept.reduce((a, b) => a + b, 0);
  return { first, weights: sum === 0 ? kept : kept.map((weight) => weight / sum) };
}
