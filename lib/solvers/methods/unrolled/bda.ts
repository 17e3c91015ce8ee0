import { type Oracles, plus, scaled, type Vector } from '../../../bilevel/index.js';
import { powerLaw } from '../../../schedules/index.js';
import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { type AtLowerStep, unrolledDifferentiation, unrolledEvaluations } from '../../parts/unrolling/unrolled.js';

const source = 'Liu, Mu, Yuan, Zeng and Zhang 2020, Algorithm 1';

/**
 * v descends along both costs at once, so that among many lower solutions it is led to those that are good for f, and
 * f(u, v_T) is differentiated through all steps, second derivatives of f included:
 *
 *     v_{t+1} = v_t - (alpha s_u grad_v f + (1 - alpha) s_l grad_v g)(u, v_t)
 */
export const bda = defineMethod({
  name: 'bda',
  title: 'BDA',
  source,
  summary: 'Bilevel descent aggregation: reverse mode through lower steps along a mix of both gradients.',
  options: {
    lowerSteps: lowerStepsOption(20),
    aggregation: {
      kind: 'schedule',
      min: 0,
      max: 1,
      default: powerLaw(0.5, 1),
      text: 'Share of the upper cost in a lower step (alpha), from 0 to 1.',
    },
    aggregationIndex: {
      kind: 'choice',
      values: ['step', 'iteration'],
      default: 'step',
      text: 'What the share changes with: the lower steps of an iteration, from the first, or the iterations.',
    },
    upperScale: {
      kind: 'number',
      above: 0,
      default: 0.1,
      text: "Step length along the upper cost's gradient in a lower step (s_u); the learning rate of v is s_l.",
    },
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
    slots: slotsOption,
  },
  rows: true,
  lowerDescendsUpper: true,
  // A product with the second derivatives of the mix is counted as one.
  evaluations: ({ lowerSteps }) => ({
    ...unrolledEvaluations({ lowerSteps, backwardSteps: lowerSteps }),
    fGradients: lowerSteps + 1,
  }),
  memory: () => 'linear',
  build(b, { lowerSteps, warmStart, aggregation, aggregationIndex, upperScale, ...levels }) {
    const { lowerLearningRate } = levels;
    const direction = (o: Oracles, atLowerStep: AtLowerStep): Vector => {
      const share = (iteration: number, t: number): number =>
        aggregation.at(aggregationIndex === 'step' ? t : iteration);
      // The step multiplies both by s_l.
      const ofF = atLowerStep('aggregation/f', (state, t) => {
        return (share(state.counters.iteration ?? 0, t) * upperScale) / atIteration(lowerLearningRate)(state);
      });
      const ofG = atLowerStep('aggregation/g', ({ counters: { iteration = 0 } }, t) => 1 - share(iteration, t));
      return plus(scaled(ofF, o.fGradient().v), scaled(ofG, o.lowerGradient()));
    };
    const options = { lowerSteps, backwardSteps: lowerSteps, warmStart, direction };
    return unrolledDifferentiation(b, b.pair(levels), options);
  },
});
