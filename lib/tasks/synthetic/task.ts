import { mean } from '../../numbers.js';
import { type Options, type OptionTable, validateOptions } from '../../options.js';
import { formatNumber } from '../../report/format.js';
import { findMethod } from '../../solvers/index.js';
import { type ChosenSettings, defineTask } from '../task.js';
import { drawData } from './data.js';
import { DistanceMeter, definitions, type ProblemName, problemNames, syntheticProblem } from './problems.js';
import { methodOptions, paperPlan, runOptions } from './settings.js';
import { syntheticStudy } from './study.js';

const { trials, seed, matrix } = runOptions;

const options = {
  problem: { kind: 'choice', values: problemNames, default: 'P1', text: 'Problem of the paper.' },
  trials,
  seed,
  matrix,
} as const satisfies OptionTable;

const lowerSteps = 10;

const methodSettings = (): Record<string, ChosenSettings> =>
  Object.fromEntries(
    paperPlan.methods.map((name) => [
      name,
      {
        batch: Number.POSITIVE_INFINITY,
        options: methodOptions(findMethod(name), lowerSteps),
        source: `Mehra and Hamm 2021, T = ${lowerSteps}`,
      },
    ]),
  );

export const synthetic = defineTask({
  name: 'synthetic',
  title: 'Synthetic problems of the penalty method (Mehra and Hamm 2021)',
  options,
  study: syntheticStudy,
  validate: (given) => validateOptions(options, given, 'compare'),
  describe: ({ problem, trials }: Options<typeof options>) => {
    const { f, g } = definitions[problem as ProblemName].costs;
    return `${problem}: f = ${f}, g = ${g}; ${trials} trials from random starts`;
  },
  load: async (settings) => drawData(settings),
  rows: () => 0,
  problem: (data, { problem }) => syntheticProblem(problem as ProblemName, data),
  judge: (data, { problem }) => {
    const meter = new DistanceMeter(problem as ProblemName, data);
    return {
      of: async ({ u, v }) => ({ distance: mean(meter.measure(u.u?.toArray() ?? [], v.v?.toArray() ?? [])) }),
      [Symbol.dispose]: () => undefined,
    };
  },
  quantities: {
    distance: { title: 'distance', chart: 'Distance to the solution', format: (value) => formatNumber(value) },
  },
  notes: { first: 'Distance to the solution, mean of all trials', others: 'All trials are in one program.' },
  methods: methodSettings(),
  batch: Number.POSITIVE_INFINITY,
});
