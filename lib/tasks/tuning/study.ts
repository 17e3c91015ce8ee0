import { datasetFiles } from '../../data/dataset.js';
import { defineStudy, type Job, type Results } from '../../study/index.js';
import { type ApproachName, approaches } from './approaches.js';
import { loadTuningInputs } from './data.js';
import { readRows, type TuningEnding, TuningRun } from './run.js';
import {
  budgetOf,
  type TuningSettings,
  type TuningStudySettings,
  tuningOptions,
  validateSettings,
} from './settings.js';
import {
  chartsInTime,
  decayGallery,
  inputsTable,
  type Measured,
  type RunResult,
  resultsJson,
  resultTable,
  valuesTable,
} from './tables.js';

interface TuningJob extends Job {
  readonly method: ApproachName;
  readonly settings: TuningSettings;
}

type TuningResults = Results<TuningStudySettings, TuningJob, Measured>;

const runsOf = ({ settings, outcomes }: TuningResults): RunResult[] =>
  settings.methods.flatMap((method) => {
    const ours = outcomes.filter(({ job }) => job.method === method);
    if (ours.length === 0) return [];
    return [{ method, seeds: ours.map(({ job, measured }) => ({ ...measured, seed: job.settings.seed })) }];
  });

export const tuningStudy = defineStudy({
  name: 'tune',
  summary:
    'Chooses hyperparameters of a training, up to one for every input, as upper variables of a bilevel problem, for your own network ' +
    'and data; shows beside it what grid search and random search find in the same time.',
  examples: [
    ['', '500 MNIST digits, weight decay for each pixel'],
    ['--tune l2,label-smoothing --network mlp --methods untuned,grid,penalty', ''],
    ['--tune learning-rates,initial-values --network mlp --steps 50', 'of a training of 50 steps'],
    ['--data patients.csv --label outcome --tune feature-l2,class-weights', 'a table of your own'],
    ['--data folder:photos --shape 3,32,32 --network net.onnx --tune l2 --seconds 60', 'a network of your own'],
    ['--data text:20_newsgroups --min-df 3 --seconds 20', 'weight decay for each word of texts'],
    ['--resume runs/tune --seconds 60', 'all go on'],
  ],
  options: tuningOptions,
  goesOn: true,
  validate: validateSettings,
  jobs: ({ shared, methods, seeds }: TuningStudySettings) =>
    seeds.flatMap((seed) =>
      methods.map((method): TuningJob => {
        const settings = { ...shared, seed };
        const { seconds: _, iterations: __, ...others } = settings;
        return {
          path: `${method}/seed-${seed}`,
          title: `${approaches[method].title}${seeds.length > 1 ? `, seed ${seed}` : ''}`,
          configuration: { method, ...others },
          extent: budgetOf(shared),
          files: [...datasetFiles(settings.data), ...(settings.network.endsWith('.onnx') ? [settings.network] : [])],
          inputs: String(seed),
          method,
          settings,
        };
      }),
    ),
  load: ({ settings }) => loadTuningInputs(settings),
  run: async ({ method, settings }, inputs, resources, saved) =>
    new TuningRun(method, inputs, settings, resources, saved),
  measure: ({ title }, rows, ending: TuningEnding | undefined): Measured => ({ rows: readRows(title, rows), ending }),
  about: ({ settings: { shared, methods, seeds } }) => ({
    title: 'Hyperparameters',
    summary: `${shared.tuned.join(', ')} of ${shared.network} on ${shared.data}.`,
    configuration: { ...shared, methods: methods.join(', '), seeds: seeds.join(', ') },
  }),
  tables: (results) => [
    resultTable(results.settings, runsOf(results)),
    valuesTable(results.settings, runsOf(results)),
    ...inputsTable(runsOf(results)),
  ],
  charts: (results) => ({ response: { charts: chartsInTime(runsOf(results)), columns: 1 } }),
  galleries: (results) => decayGallery(runsOf(results)),
  json: (results) => resultsJson(results.settings, runsOf(results)),
});
