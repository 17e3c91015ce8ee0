import { BilevelError, describe } from '../../errors.js';
import type { FewShotData } from './data.js';
import type { Episodes } from './problems.js';

/**
 * Refuses parts that do not make tasks, before anything is learned.
 * @throws INVALID_DATA naming the part, and what it lacks
 */
export function checkTasks(data: FewShotData, { ways, shots, queries }: Episodes): void {
  for (const [part, { y, classes }] of Object.entries(data)) {
    if (classes.length < ways) {
      throw new BilevelError(
        'INVALID_DATA',
        `There are ${classes.length} ${part} classes, fewer than the ${ways} of a task. Take fewer ways, or deal the classes out ` +
          'otherwise: --train-classes, --validation-classes, or turned images as classes of their own.',
      );
    }
    const counts = new Int32Array(classes.length);
    for (const label of y.data) counts[Number(label)] = (counts[Number(label)] ?? 0) + 1;
    const few = counts.findIndex((count) => count < shots + queries);
    if (few < 0) continue;
    throw new BilevelError(
      'INVALID_DATA',
      `A task takes ${shots} + ${queries} samples of a class, but the ${part} class ${describe(classes[few])} has ${counts[few]}. ` +
        'Take fewer shots or queries, more samples of a class (--samples), or leave the class out of the data.',
    );
  }
}
