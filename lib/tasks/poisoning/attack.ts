import type { BilevelProblem } from '../../bilevel/index.js';
import { Random } from '../../data/random.js';
import { filterSamples } from '../../network/classifier.js';
import { drawPoints, type Flip, type Points, type PoisoningInputs } from './data.js';
import type { PoisonerName } from './methods.js';
import { poisoningProblem } from './problem.js';
import type { PoisoningSettings } from './settings.js';

/** What somebody adds to the training points, and the problem that it is a point of. */
export interface Attack {
  readonly points: Points;
  readonly problem: BilevelProblem;
}

/**
 * The start of an attack (Mehra and Hamm 2021, supplement D.2). Bilevel methods start from clean training points with
 * wrong labels, in the targeted attack from points of both classes with each other's. Label flips are of validation
 * points, there all of the attacked class. Without poison one of the clean points, with its right label, stands where
 * poison would: all points are then the clean ones.
 */
export function beginAttack(
  name: PoisonerName,
  count: number,
  inputs: PoisoningInputs,
  settings: PoisoningSettings,
): Attack {
  const { train, validation, classes } = inputs;
  if (name === 'none') {
    const isFirst = (row: number): boolean => row === 0;
    const first = filterSamples(train, isFirst);
    const points = { ...first, trueLabels: first.labels };
    const others = filterSamples(train, (row) => !isFirst(row));
    return { points, problem: poisoningProblem({ ...inputs, train: others }, points, settings) };
  }
  const { attack, from, to, seed } = settings;
  const isFlip = name === 'labelFlip';
  const flips: readonly Flip[] = isFlip
    ? [[from, to]]
    : [
        [from, to],
        [to, from],
      ];
  const points = drawPoints(
    isFlip ? validation : train,
    count,
    classes.length,
    attack === 'targeted' ? flips : undefined,
    Random.fromSeed(seed, isFlip ? 'label flips' : 'poison'),
  );
  return { points, problem: poisoningProblem(inputs, points, settings) };
}
