import { datasetFiles } from '../../data/dataset.js';
import { loadFeatures } from '../../network/models.js';
import { meanAndDeviation, spread, type TextTable } from '../../report/tables.js';
import { defineStudy, type Job, type Results } from '../../study/index.js';
import { type ApproachName, approaches } from './approaches.js';
import { checkTasks } from './check-tasks.js';
import { loadFewShotData } from './data.js';
import { publishedAccuracies } from './published.js';
import { type Ending, FewShotRun, type Measured, measure, type RunInputs } from './run.js';
import { type FewShotSettings, type FewShotStudy, fewShotOptions, settingText, validateSettings } from './settings.js';

interface FewShotJob extends Job {
  readonly method: ApproachName;
  readonly settings: FewShotSettings;
}

type FewShotResults = Results<FewShotStudy, FewShotJob, Measured>;

/** The results of each method, in the order in which they were asked for. */
function byMethod({ settings, outcomes }: FewShotResults) {
  return settings.methods.flatMap((method) => {
    const runs = outcomes.flatMap(({ job, measured }) => (job.method === method ? [measured] : []));
    return runs.length === 0 ? [] : [{ method, runs }];
  });
}

const numbers = (runs: readonly Measured[], of: (run: Measured) => number | undefined): number[] =>
  runs.map(of).filter((each) => each !== undefined);

/** The published accuracies, where the experiment is that of the paper. */
function publishedOf({ data, ways, shots }: FewShotSettings): Partial<Record<ApproachName, number>> {
  return data.startsWith('omniglot:') ? (publishedAccuracies[settingText({ ways, shots })] ?? {}) : {};
}

function table(results: FewShotResults): TextTable {
  const { shared, seeds } = results.settings;
  const published = publishedOf(shared);
  const rows = byMethod(results).map(({ method, runs }) => {
    const accuracies = numbers(runs, (run) => run.accuracy);
    const [interval] = numbers(runs, (run) => run.interval);
    const own =
      interval === undefined || seeds.length > 1
        ? spread(accuracies)
        : `${accuracies[0]?.toFixed(2)} ± ${interval.toFixed(2)}`;
    return [
      approaches[method].title,
      accuracies.length === 0 ? '' : own,
      published[method]?.toFixed(2) ?? '',
      meanAndDeviation(runs.map(({ seconds }) => seconds)).mean.toFixed(1),
      accuracies.length === 0 ? '' : meanAndDeviation(numbers(runs, (run) => run.iteration)).mean.toFixed(0),
      approaches[method].note,
    ];
  });
  return {
    title: `${settingText(shared)} tasks of classes that were not trained on`,
    header: ['Method', 'accuracy, %', 'paper, %', 'seconds', 'best after', ''],
    rows,
    alignments: ['left', 'right', 'right', 'right', 'right', 'left'],
    note:
      `Accuracy: mean over ${shared.testTasks} tasks of the test classes, ` +
      `${seeds.length > 1 ? `and ± the deviation over ${seeds.length} seeds` : 'with the 95 % interval'}. Seconds: wall time of the ` +
      'iterations. Best after: iterations after which tasks of the validation classes were told apart best; that state is tested.',
  };
}

export const fewShotStudy = defineStudy({
  name: 'few-shot',
  summary:
    'Learns from many small tasks how to learn new classes from a few samples: bilevel methods beside prototypes and plain ' +
    'training, which need no level below.',
  examples: [
    ['', 'digits turned by 90, 180 and 270 degrees: 5 classes, one sample of each'],
    ['--shots 5 --methods all', 'every method, five samples of each class'],
    ['--data omniglot:DIR --network conv4-64 --iterations 5000', 'the experiment of the penalty paper'],
    ['--data folder:photos --shape 3,84,84 --network conv4-64 --no-rotations', 'a folder of images for each class'],
  ],
  options: fewShotOptions,
  validate: validateSettings,
  jobs: ({ shared, methods, seeds }: FewShotStudy) =>
    seeds.flatMap((seed) =>
      methods.map((method): FewShotJob => {
        const settings = { ...shared, seed };
        return {
          path: `${method}/seed-${seed}`,
          title: `${approaches[method].title}${seeds.length > 1 ? `, seed ${seed}` : ''}`,
          configuration: { method, ...settings },
          files: [...datasetFiles(settings.data), settings.network],
          inputs: String(seed),
          method,
          settings,
        };
      }),
    ),
  load: async ({ settings }): Promise<RunInputs> => {
    const data = await loadFewShotData(settings);
    checkTasks(data, settings);
    return { data, network: await loadFeatures(settings.network, data.train.x.shape.slice(1), settings.output) };
  },
  run: async ({ method, settings }, inputs, resources, saved) =>
    new FewShotRun(method, settings, inputs, resources, saved?.state),
  measure: ({ title }, rows, ending: Ending | undefined) => measure(title, rows, ending),
  about: ({ settings: { shared, methods, seeds } }) => ({
    title: 'Few-shot learning',
    summary: `${settingText(shared)} tasks of ${shared.data}, ${shared.queries} samples of each class to be judged by, network ${shared.network}.`,
    configuration: { ...shared, methods: methods.join(', '), seeds: seeds.join(', ') },
  }),
  tables: (results) => [table(results)],
  charts: (results) => ({
    validation: {
      columns: 1,
      charts: [
        {
          title: 'Tasks of the validation classes',
          xLabel: 'seconds of training',
          yLabel: results.settings.seeds.length > 1 ? 'accuracy in %, mean of the seeds' : 'accuracy in %',
          yScale: 'linear',
          series: byMethod(results).map(({ method, runs: [first, ...others] }) => ({
            name: approaches[method].title,
            points: (first?.validation ?? []).map(({ seconds, accuracy }, at) => {
              const all = [accuracy, ...others.flatMap((run) => run.validation[at]?.accuracy ?? [])];
              return { x: seconds, y: meanAndDeviation(all).mean };
            }),
          })),
        },
      ],
    },
  }),
  published: ({ settings: { shared } }) =>
    Object.keys(publishedOf(shared)).length === 0
      ? undefined
      : 'Mehra and Hamm 2021, Table 3, which quotes others for MAML, iMAML, ProtoNet and RMD',
  json: (results) => ({
    ways: results.settings.shared.ways,
    shots: results.settings.shared.shots,
    methods: byMethod(results).map(({ method, runs }) => ({
      method,
      title: approaches[method].title,
      accuracy: meanAndDeviation(numbers(runs, (run) => run.accuracy)),
      published: publishedOf(results.settings.shared)[method],
      seconds: meanAndDeviation(runs.map(({ seconds }) => seconds)),
      runs,
    })),
  }),
});
