import type { Tensor } from '../../tensor.js';
import type { Level } from '../level.js';

/** How far the variables of a level have grown since they started. */
export interface Growth {
  /** What they are called: `v`. */
  readonly level: string;
  /** Largest magnitudes. */
  readonly from: number;
  readonly to: number;
}

/** Beyond this many times where they started, or 1 where that is less, variables are taken to run away. */
const limit = 1e4;

/**
 * The level that has grown most, where one runs away.
 * @param tensorOf the tensor of a binding at the step that failed
 */
export function runningAway(
  levels: readonly Level[],
  tensorOf: (binding: string) => Tensor | undefined,
): Growth | undefined {
  const growths = levels.map((level): Growth => {
    const from = largest(Object.entries(level.initialTensors()).filter(([name]) => level.bindings.includes(name)));
    const to = largest(level.bindings.map((name) => [name, tensorOf(name)]));
    return { level: level.name, from, to };
  });
  const ratio = ({ from, to }: Growth): number => to / Math.max(from, 1);
  const most = growths.reduce<Growth | undefined>(
    (best, each) => (best === undefined || ratio(each) > ratio(best) ? each : best),
    undefined,
  );
  return most !== undefined && ratio(most) > limit ? most : undefined;
}

/** "The largest element of v has grown ..." */
export const tellGrowth = ({ level, from, to }: Growth): string =>
  `The largest element of ${level} has grown from ${short(from)} at the start to ${short(to)}.`;

/** Three digits of a number. */
export const short = (value: number): string => String(Number(value.toPrecision(3)));

function largest(tensors: readonly (readonly [string, Tensor | undefined])[]): number {
  let result = 0;
  for (const [, tensor] of tensors) {
    for (const element of tensor?.data ?? []) {
      const magnitude = Math.abs(Number(element));
      if (magnitude > result) result = magnitude;
    }
  }
  return result;
}
