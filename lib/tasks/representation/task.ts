import { compileCached, optionsFor } from '../../compile/index.js';
import { input } from '../../graph/index.js';
import { type Options, type OptionTable, validateOptions } from '../../options.js';
import { formatNumber } from '../../report/format.js';
import { Tensor } from '../../tensor.js';
import { type ChosenSettings, defineTask } from '../task.js';
import { drawInstance } from './instance.js';
import { type Model, models } from './model.js';
import { representationProblem, upperCost } from './problem.js';
import { representationOptions, studies } from './settings.js';
import { representationStudy } from './study.js';

const { seed, samples, features, embedding, hidden } = representationOptions;

const options = {
  model: { kind: 'choice', values: models, default: 'linear', text: 'Embedding: a matrix, or two layers of sigmoids.' },
  seed,
  samples,
  features,
  embedding,
  hidden,
} as const satisfies OptionTable;

const notebooks = {
  lowerSteps: 20,
  lowerLearningRate: 1e-3,
  upperLearningRate: 0.05,
  lowerOptimizer: 'sgd',
  upperOptimizer: 'adam',
  warmStart: false,
};

const chosen = (own: ChosenSettings['options'] = {}): ChosenSettings => ({
  batch: Number.POSITIVE_INFINITY,
  options: { ...notebooks, ...own },
  source: "Sow, Ji and Liang 2022, the authors' notebooks",
});

export const representation = defineTask({
  name: 'representation',
  title: 'Hyper-representation (Sow, Ji and Liang 2022)',
  options,
  study: representationStudy,
  validate: (given) => validateOptions(options, given, 'compare'),
  describe: ({ model, features, embedding, samples }: Options<typeof options>) =>
    `${model} embedding, ${features} x ${embedding}, ${samples} rows of each level`,
  load: ({ model, ...sizes }, device) => {
    const { regularizer } = model === 'linear' ? studies.small : studies.network;
    return drawInstance({ ...sizes, model: model as Model, regularizer }, device);
  },
  // Every step sees all rows.
  rows: () => 0,
  problem: representationProblem,
  judge: (instance, _, device) => {
    const { upper, start } = instance;
    const node = (name: string, { shape }: Tensor) => input(name, shape);
    const u = Object.fromEntries(Object.entries(start.matrices).map(([name, each]) => [name, node(name, each)]));
    const rows = { x: node('x', upper.x), y: node('y', upper.y) };
    const outerLoss = Tensor.zeros([]);
    const spec = { outputs: { outerLoss: upperCost(instance.model, u, node('head', start.head), rows) } };
    const program = device.load(compileCached(spec, optionsFor(device)));
    return {
      of: async (state) => {
        await program.run({ ...upper, ...state.u, ...state.v, outerLoss });
        return { outerLoss: outerLoss.data[0] ?? Number.NaN };
      },
      [Symbol.dispose]: () => program.dispose(),
    };
  },
  quantities: { outerLoss: { title: 'outer loss', chart: 'Outer loss', format: (value) => formatNumber(value) } },
  notes: {
    first: 'Outer loss f at the embedding and the head as they are',
    others: 'All rows are seen in every step.',
  },
  methods: {
    itd: chosen(),
    gd: chosen(),
    pzobo: chosen({ smoothing: 0.01 }),
    aidFp: chosen({ linearSteps: 20 }),
    aidCg: chosen({ linearSteps: 20 }),
  },
  batch: Number.POSITIVE_INFINITY,
});
