import { type ConvexSet, checkSet, misfit } from './set.js';

/**
 * The tensors of which every row, along the first axis, lies in `set`: `rows(simplex())` holds matrices whose rows sum
 * to 1.
 * @throws INVALID_ARGUMENT for what is no set
 */
export function rows(set: ConvexSet): ConvexSet {
  checkSet('set of rows', set);
  const description = `rows(${set.description})`;
  return Object.freeze<ConvexSet>({
    name: 'rows',
    description,
    rowwise: true,
    project: (value, batchAxes) => set.project(value, batchAxes + 1),
    check(what, shape) {
      if (shape.length === 0) throw misfit(what, { description }, 'a first axis', shape);
      set.check(`a row of ${what}`, shape.slice(1));
    },
  });
}
