import { validateOptions } from '../../../options.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../level-options.js';
import { unrolledDifferentiation, unrolledEvaluations } from './unrolled.js';
import { backwardStepsOption, checkBackwardSteps } from './unrolled-options.js';

export interface TruncatedReverse {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly summary: string;
  readonly lowerSteps: number;
  readonly backwardSteps: number;
  /** Where the default numbers of steps come from; absent when they are ours. */
  readonly stepsSource?: string;
}

/** A method that goes back through the last K of T lower steps, under the name and with the defaults of its authors. */
export function truncatedReverse({ lowerSteps, backwardSteps, stepsSource, ...described }: TruncatedReverse) {
  const { name } = described;
  const options = {
    lowerSteps: lowerStepsOption(lowerSteps, stepsSource),
    backwardSteps: backwardStepsOption(backwardSteps, stepsSource),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
    slots: slotsOption,
  } as const;
  return defineMethod({
    ...described,
    options,
    rows: true,
    validate: (given) => checkBackwardSteps(name, validateOptions(options, given, name)),
    evaluations: ({ lowerSteps, backwardSteps }) => unrolledEvaluations({ lowerSteps, backwardSteps }),
    memory: () => 'constant',
    build: (b, { lowerSteps, backwardSteps, warmStart, ...settings }) =>
      unrolledDifferentiation(b, b.pair(settings), { lowerSteps, backwardSteps, warmStart }),
  });
}
