import { defineMethod } from '../../method.js';
import { levelOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { lowerPhase } from '../../parts/lower-phase.js';

const source = 'Mehra and Hamm 2021, supplement B';

/** v descends along g and u along f alone, as if u did not move v: no hypergradient. */
export const gd = defineMethod({
  name: 'gd',
  title: 'alternating gradient descent',
  source,
  summary: 'Steps v along grad_v g and u along grad_u f in turn, blind to how u moves v: a baseline.',
  options: {
    lowerSteps: lowerStepsOption(20, source),
    warmStart: warmStartOption(true),
    ...levelOptions({ optimizer: 'adam', upper: 1e-3, lower: 1e-4 }),
    slots: slotsOption,
  },
  rows: true,
  evaluations: ({ lowerSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: 0,
    jacobianVectorProducts: 0,
  }),
  memory: () => 'constant',
  build(b, options) {
    const { upper, lower } = b.pair(options);
    const lowerSteps = lowerPhase(b, lower);
    const upperStep = b.phase('upper', (o) => {
      const direction = o.fGradient().u;
      return { updates: upper.step(direction), reports: { f: o.f, hypergradient: direction } };
    });
    return async (iteration) => {
      if (!options.warmStart) iteration.restart(lower);
      await iteration.run(lowerSteps, options.lowerSteps);
      await iteration.run(upperStep);
      return {};
    };
  },
});
