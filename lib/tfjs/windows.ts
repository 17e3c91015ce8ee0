import type { Shape } from '../tensor.js';

/** Where the windows of a layer lie, from its configuration. */
export interface Windows {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: readonly (readonly [low: number, high: number])[];
}

const pair = (value: unknown, otherwise: number): number[] => {
  if (Array.isArray(value)) return value.map(Number);
  return new Array<number>(2).fill(typeof value === 'number' ? value : otherwise);
};

/**
 * @param kernel height and width
 * @param input of the layer, [batch, channels, height, width]
 */
export function windowsOf(config: Readonly<Record<string, unknown>>, kernel: Shape, input: Shape): Windows {
  const [strides, dilations] = [pair(config.strides, 1), pair(config.dilationRate, 1)];
  const padding = kernel.map((size, axis): [number, number] => {
    if (config.padding !== 'same') return [0, 0];
    // So many windows as strides begin in the input; what they lack lies half before, and the odd cell behind.
    const [stride, length] = [Number(strides[axis]), Number(input[2 + axis])];
    const reach = (Math.ceil(length / stride) - 1) * stride + (size - 1) * Number(dilations[axis]) + 1;
    const total = Math.max(0, reach - length);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  return { strides, dilations, padding };
}

/** The sizes of a pool's windows. */
export const poolSize = ({ poolSize: size }: Readonly<Record<string, unknown>>): number[] => pair(size, 2);
