import { checkForExperiments, experimentSpecifications } from '../../data/dataset.js';
import { Classifier } from '../../network/classifier.js';
import { type OptionTable, validateOptions } from '../../options.js';
import { formatFixed } from '../../report/format.js';
import { evaluate, respond } from '../../solvers/index.js';
import { type ChosenSettings, defineTask } from '../task.js';
import { beginAttack } from './attack.js';
import { loadPoisoningInputs } from './data.js';
import { presets } from './methods.js';
import { poisoningProblem } from './problem.js';
import { type PoisoningSettings, problemOptions, validateProblem } from './settings.js';
import { poisoningStudy } from './study.js';

const options = {
  ...problemOptions,
  data: { ...problemOptions.data, text: `Data set: ${experimentSpecifications}.` },
  points: { kind: 'integer', min: 1, default: 60, text: 'Poison points.' },
} as const satisfies OptionTable;

interface ComparedSettings extends PoisoningSettings {
  readonly points: number;
}

const preset = presets.tuned.untargeted;

const chosen = (name: 'penalty' | 'approxGrad' | 'rmd'): ChosenSettings => ({
  batch: Number.POSITIVE_INFINITY,
  options: { ...preset.options(preset.iterations)[name] },
  source: 'tuned here',
});

export const poisoning = defineTask({
  name: 'poisoning',
  title: 'Poisoning of training data (Mehra and Hamm 2021)',
  options,
  study: poisoningStudy,
  validate: ({ points: given, ...others }): ComparedSettings => {
    const { points } = validateOptions({ points: options.points }, { points: given as number }, 'compare');
    const settings = validateProblem(others);
    checkForExperiments(settings.data);
    return { ...settings, points };
  },
  describe: ({ points, train, data, validation, network }) =>
    `${points} poison points beside ${train} of ${data}, ${validation} validation points, ${network}`,
  load: async (settings) => {
    const inputs = await loadPoisoningInputs(settings);
    return { inputs, start: beginAttack('penalty', settings.points, inputs, settings).points };
  },
  rows: ({ train }) => train,
  problem: ({ inputs, start }, settings, batch) => poisoningProblem(inputs, start, settings, batch),
  judge: ({ inputs, start }, settings, device) => {
    const problem = poisoningProblem(inputs, start, settings);
    const classifier = new Classifier(inputs.network, device);
    return {
      of: async ({ u }) => {
        const { v } = await respond(problem, u, { device });
        const { f } = await evaluate(problem, { u, v }, { device });
        return { response: f, accuracy: await classifier.accuracy(inputs.test, v) };
      },
      [Symbol.dispose]: () => classifier.dispose(),
    };
  },
  quantities: {
    response: { title: 'f(u, v*)', chart: 'Cost of the attack', format: (value) => formatFixed(value, 3) },
    accuracy: { title: 'test, %', factor: 100, format: (share) => formatFixed(100 * share, 2) },
  },
  notes: {
    first: 'f(u, v*): the cost of the attack at a network that is trained on the poison from its first parameters',
    others: 'Test accuracy is that of the same network.',
  },
  methods: Object.fromEntries((['penalty', 'approxGrad', 'rmd'] as const).map((name) => [name, chosen(name)])),
  batch: Number.POSITIVE_INFINITY,
});
