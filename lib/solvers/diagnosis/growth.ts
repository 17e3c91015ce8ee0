import type { DeviceMemory } from '../../engine/index.js';
import type { Tensor } from '../../tensor.js';
import type { Level } from '../machine/level.js';

/** How far the variables of a level have grown since they started. */
export interface Growth {
  readonly level: Level;
  /** Largest magnitudes. */
  readonly from: number;
  readonly to: number;
}

/** Beyond this many times where they started, or 1 where that is less, variables are taken to run away. */
const limit = 1e4;

/**
 * The levels that run away, the one that has grown most first: each may drive the others, so all are suspects.
 * @param tensorOf the tensor of a binding at the step that failed
 */
export async function runningAway(
  levels: readonly Level[],
  tensorOf: (binding: string) => Tensor | undefined,
  memory: DeviceMemory,
): Promise<Growth[]> {
  await memory.pull(levels.flatMap(({ bindings }) => bindings.flatMap((binding) => tensorOf(binding) ?? [])));
  const growths = levels.map((level): Growth => {
    const from = largest(Object.entries(level.initialTensors()).filter(([name]) => level.bindings.includes(name)));
    const to = largest(level.bindings.map((name) => [name, tensorOf(name)]));
    return { level, from, to };
  });
  const ratio = ({ from, to }: Growth): number => to / Math.max(from, 1);
  return growths.filter((each) => ratio(each) > limit).sort((a, b) => ratio(b) - ratio(a));
}

/** "The largest element of v has grown ..." */
export const tellGrowth = (growths: readonly Growth[]): string => {
  const told = growths.map(
    ({ level, from, to }) => `${level.name} has grown from ${short(from)} at the start to ${short(to)}`,
  );
  return `The largest element of ${told.join(', that of ')}.`;
};

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
