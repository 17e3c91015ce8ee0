import type { BilevelProblem } from '../../bilevel/index.js';
import { Random } from '../../data/random.js';
import { filterSamples } from '../../network/classifier.js';
import { drawPoints, type Points, type PoisoningInputs } from './data.js';
import type { PoisonerName } from './methods.js';
import { poisoningProblem } from './problem.js';
import type { PoisoningSettings } from './settings.js';

/** What somebody adds to the training points, and the problem that it is a point of. */
export interface Attack {
  readonly points: Points;
  readonly problem: BilevelProblem;
}

/**
 * The start of an attack. Bilevel methods start from clean training points with wrong labels, label flips are of
 * validation points (Mehra and Hamm 2021, supplement D.2). Without poison one of the clean points, with its right label,
 * stands where poison would: all points are then the clean ones.
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
    const { inputs: pixels, labels } = filterSamples(train, isFirst);
    const points = { inputs: pixels, labels, trueLabels: labels };
    const others = filterSamples(train, (row) => !isFirst(row));
    return { points, problem: poisoningProblem({ ...inputs, train: others }, points, settings) };
  }
  const from = name === 'labelFlip' ? validation : train;
  const points = drawPoints(
    from,
    count,
    classes.length,
    settings,
    Random.fromSeed(settings.seed, `poison.${name === 'labelFlip' ? 'validation' : 'train'}`),
  );
  return { points, problem: poisoningProblem(inputs, points, settings) };
}
