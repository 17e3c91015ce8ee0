import { minus, plus, plusScaled, type Variable, type Vector } from '../../../bilevel/index.js';
import { expandDims, gather, reshape, setRows } from '../../../graph/index.js';
import { Tensor } from '../../../tensor.js';
import type { Blocks } from '../../machine/blocks.js';
import type { MethodBuilder } from '../../machine/builder.js';
import { assign, type Update } from '../../machine/level.js';

/** A stochastic quantity whose last value on each block of rows is remembered, with their mean. */
export interface AverageGradient {
  /** new - memory of the block + mean of the memories, with the new value on the present block. */
  estimate(present: Vector): Vector;
  /** Remembers the new value on the present block. */
  remember(present: Vector): Update[];
}

/**
 * SAGA (Defazio, Bach and Lacoste-Julien 2014) by blocks of rows: an unbiased estimate of the mean over the blocks,
 * whose variance vanishes as the point comes to rest. The memories start at zero.
 */
export function averageGradient(
  b: MethodBuilder,
  name: string,
  like: readonly Variable[],
  { count, present: block }: Blocks,
): AverageGradient {
  const memories = like.map((variable) => {
    const binding = `memory.${name}/${variable.name}`;
    const shape = [count, ...variable.value.shape];
    b.uncopied.add(binding);
    return b.tensor(binding, shape, () => Tensor.zeros(shape));
  });
  const mean = b.vector(`mean.${name}`, like);
  const old = memories.map((memory) => {
    const row = gather(memory, block, 0);
    return reshape(row, row.shape.slice(1));
  });
  return {
    estimate: (present) => plus(minus(present, old), mean),
    remember: (present) => [
      ...assign(mean, plusScaled(mean, 1 / count, minus(present, old))),
      ...assign(
        memories,
        memories.map((memory, index) => setRows(memory, block, expandDims(present[index] ?? memory, [0]))),
      ),
    ],
  };
}
