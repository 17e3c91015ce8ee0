import { type BilevelProblem, bilevelProblem, type ConvexSet, perTask } from '../../../bilevel/index.js';
import { projectToBoxedL2Ball } from '../../../bilevel/sets/boxed-l2-ball.js';
import {
  add,
  constant,
  crossEntropy,
  div,
  mul,
  type Node,
  reduceSum,
  reshape,
  square,
  sub,
} from '../../../graph/index.js';
import { Tensor } from '../../../tensor.js';
import type { CleanLabelInputs } from './data.js';
import { applyFeatures } from './features.js';
import { decayOf, logitsOf } from './head.js';
import type { CleanLabelSettings } from './settings.js';

/**
 * Where poison points may be: each no further from its own base than the radius, with inputs in their box.
 * @param bases of u, [trials, ...]
 */
export function ballsAround(bases: Tensor<'float32'>, radius: number): ConvexSet {
  return {
    name: 'ballsAround',
    description: `balls of radius ${radius} around the bases, within box(0, 1)`,
    rowwise: false,
    project: (value) => projectToBoxedL2Ball(value, constant(bases), radius, [0, 1], 1),
    check: () => undefined,
  };
}

/**
 * The clean-label attack (Mehra and Hamm 2021, section 3.4) on all targets t, each a trial by itself: u is one point
 * beside the clean ones, with its right label, that starts at its base,
 *
 *     min over u  CE(r(t), the class of u; v*) + collision |r(t) - r(u)|^2   subject to |u - base|_2 <= radius
 *     v* = argmin over v  mean CE(features of the clean points and r(u); v) + l2 / 2 |v|^2
 *
 * with frozen features r. The constraint is kept by projecting to the ball and to the range of inputs at once.
 * @param start inputs that u are of, [targets, ...]
 * @param set where u is kept; in the box alone by default
 */
export function cleanLabelProblem(
  { map, clean, head, targetFeatures, box }: CleanLabelInputs,
  { l2, collision }: Pick<CleanLabelSettings, 'l2' | 'collision'>,
  start: Tensor<'float32'>,
  set?: ConvexSet,
): BilevelProblem {
  const [trials = 0, width = 0] = targetFeatures.shape;
  const wrong = constant(Tensor.from([1], [1], 'int64'));
  const count = clean.labels.size + 1;
  const featuresAt = (poison: Node): Node => applyFeatures(map, box.apply(poison, start));
  return bilevelProblem({
    trials,
    upper: { poison: box.toUnit(start) },
    lower: { weight: repeat(head.weight, trials), bias: repeat(head.bias, trials) },
    ...(set && { sets: { upper: { poison: set } } }),
    f: ({ u, v }) => {
      const target = constant(targetFeatures);
      const losses = perTask({ v, target }, (task) =>
        reduceSum(crossEntropy(logitsOf(reshape(task.target, [1, width]), task.v), wrong)),
      );
      return add(losses, mul(collision, reduceSum(square(sub(featuresAt(u.poison), target)), [1])));
    },
    g: ({ u, v }) =>
      perTask({ v, features: featuresAt(u.poison) }, (task) => {
        const losses = [
          crossEntropy(logitsOf(constant(clean.features), task.v), constant(clean.labels)),
          crossEntropy(logitsOf(reshape(task.features, [1, width]), task.v), wrong),
        ];
        return add(div(losses.map((each) => reduceSum(each)).reduce(add), count), decayOf(task.v, l2));
      }),
  });
}

/** The same values for each of so many trials. */
function repeat({ data, shape }: Tensor<'float32'>, trials: number): Tensor<'float32'> {
  const values = Tensor.zeros([trials, ...shape]);
  for (let trial = 0; trial < trials; trial++) values.data.set(data, trial * data.length);
  return values;
}
