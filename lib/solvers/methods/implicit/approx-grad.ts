import { optimizerNames } from '../../../optimizers/index.js';
import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import {
  levelOptions,
  linearRateOption,
  linearStepsOption,
  lowerStepsOption,
  slotsOption,
  tikhonovOption,
  warmStartOption,
} from '../../parts/level-options.js';
import { conjugateGradient } from '../../parts/linear-system/conjugate-gradient.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { systemDescent } from '../../parts/linear-system/system-descent.js';

const source = 'Mehra and Hamm 2021, supplement B';

/**
 * T steps of v, then Q steps of an optimizer on |(grad_vv g + tikhonov I) z - grad_v f|^2 / 2, from the z of the
 * iteration before, and a step of u along grad_u f - grad_uv g z.
 */
export const approxGrad = defineMethod({
  name: 'approxGrad',
  title: 'ApproxGrad',
  source,
  summary:
    'Approximate implicit differentiation: the linear system by least squares, warm started, with Adam throughout.',
  options: {
    lowerSteps: lowerStepsOption(20, source),
    linearSteps: linearStepsOption(20, source),
    linearSolver: {
      kind: 'choice',
      values: [...optimizerNames, 'cg'],
      default: 'adam',
      text: 'What steps on the linear system: an optimizer on its least squares, or conjugate gradients.',
      source,
    },
    linearLearningRate: linearRateOption(1e-4, source),
    tikhonov: tikhonovOption(1e-3),
    warmStart: warmStartOption(true),
    ...levelOptions({ optimizer: 'adam', upper: 1e-3, lower: 1e-4 }),
    slots: slotsOption,
  },
  rows: true,
  interior: true,
  addedCurvature: ({ tikhonov }) => tikhonov,
  evaluations: ({ lowerSteps, linearSteps, linearSolver }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: linearSolver === 'cg' ? linearSteps + 1 : 2 * linearSteps,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const { linearSolver, linearLearningRate, tikhonov } = options;
    const system =
      linearSolver === 'cg'
        ? conjugateGradient(b, { tikhonov, warmStart: true })
        : systemDescent(
            b,
            {
              optimizer: linearSolver,
              rate: atIteration(linearLearningRate),
              rateOption: 'linearLearningRate',
              settings: options,
            },
            { along: 'leastSquares', tikhonov },
          );
    return implicitIteration(b, { ...options, ...b.pair(options), system });
  },
});
