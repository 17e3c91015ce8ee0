import { add, constant, mul, type Node } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';

/**
 * Where the inputs of poison points may lie. u are numbers from 0 to 1, from which inputs follow: pixels themselves, or
 * other inputs between the ends that clean ones have.
 */
export interface InputBox {
  /** u of inputs [n, ...], which are brought into the box. */
  toUnit(inputs: Tensor<'float32'>): Tensor<'float32'>;
  /** Inputs of u, [n, ...]. @param start inputs that the points began as */
  inputsOf(u: Tensor<'float32'>, start: Tensor<'float32'>): Tensor<'float32'>;
  /** The same in nodes. */
  apply(u: Node, start: Tensor<'float32'>): Node;
  /** What an input can change by. */
  rangeOf(input: number): number;
}

/** Pixels, from black to white. */
const pixels: InputBox = {
  toUnit: (inputs) => inputs,
  inputsOf: (u) => u,
  apply: (u) => u,
  rangeOf: () => 1,
};

/**
 * The box of samples: that of pixels where no number is outside of [0, 1]; else each input between the lowest and the
 * highest that a sample has.
 * @param samples sets of them, each [n, ...]
 * @param fixed numbers of inputs that a poison point keeps as it began: half a category is none
 */
export function boxAround(samples: readonly Tensor<'float32'>[], fixed: ReadonlySet<number> = new Set()): InputBox {
  if (fixed.size === 0 && samples.every(({ data }) => data.every((value) => value >= 0 && value <= 1))) return pixels;
  const sizes = samples[0]?.shape.slice(1) ?? [];
  const width = sizes.reduce((product, size) => product * size, 1);
  const low = new Float32Array(width).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(width).fill(Number.NEGATIVE_INFINITY);
  for (const { data } of samples) {
    for (const [at, value] of data.entries()) {
      const input = at % width;
      low[input] = Math.min(low[input] ?? value, value);
      high[input] = Math.max(high[input] ?? value, value);
    }
  }
  const range = low.map((from, input) => (fixed.has(input) ? 0 : (high[input] ?? from) - from));
  /** Where each input of each point is at u = 0. */
  const shiftOf = (start: Tensor<'float32'>): Float32Array =>
    start.data.map((value, at) => (fixed.has(at % width) ? value : (low[at % width] ?? value)));
  return {
    toUnit: (inputs) => {
      const unit = inputs.data.map((value, at) => {
        const span = range[at % width] ?? 0;
        return span === 0 ? 0 : Math.min(1, Math.max(0, (value - (low[at % width] ?? 0)) / span));
      });
      return Tensor.from(unit, inputs.shape);
    },
    inputsOf: (u, start) => {
      const shift = shiftOf(start);
      return Tensor.from(
        u.data.map((value, at) => (shift[at] ?? 0) + (range[at % width] ?? 0) * value),
        u.shape,
      );
    },
    apply: (u, start) => add(constant(shiftOf(start), start.shape), mul(constant(range, sizes), u)),
    rangeOf: (input) => range[input] ?? 0,
  };
}
