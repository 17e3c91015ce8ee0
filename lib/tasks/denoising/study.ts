import { datasetSpecifications, isDataset, isForExperiments } from '../../data/dataset.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { plainOptions, validateOptions } from '../../options.js';
import type { SampleReport } from '../../report/report.js';
import { suspiciousSheet } from '../../report/suspicious-sheet.js';
import { penalty, type SavedState } from '../../solvers/index.js';
import {
  defineStudy,
  environmentOf,
  type Job,
  type Results,
  type Rows,
  type Resources as StudyResources,
  seedsFrom,
  seedsOption,
} from '../../study/index.js';
import { crossFittedForm } from './cleaning/form.js';
import { compare, judgementsOf } from './comparison.js';
import type { Ending, Form } from './form.js';
import { formMethods } from './form-methods.js';
import { readingOptions } from './own/settings.js';
import { ownDataStudy } from './own/study.js';
import { denoisingPage } from './page.js';
import { paperForm } from './paper-form.js';
import { publishedAccuracies } from './published.js';
import { type DenoisingInputs, DenoisingRun, loadDenoisingInputs, type Stage } from './run.js';
import {
  type DenoisingSettings,
  denoisingOptions,
  type GivenDenoisingSettings,
  linearOptions,
  taskOptions,
  validateSettings,
} from './settings.js';
import { factsOf, methodTable, resultsJson, type SeedResult } from './tables.js';
import { Trainer } from './trainer.js';

interface DenoisingJob extends Job {
  readonly settings: DenoisingSettings;
}

/** What is measured: how all methods did and the rest of the ending, and the time of the iterations. */
type Measured = Pick<SeedResult, 'bilevelMs' | 'methods'> & Omit<Ending, 'methods'>;

export const denoisingStudy = defineStudy({
  name: 'denoise',
  summary:
    'Finds wrong labels in training data and trains a network without them, by cross-fitting, a model of the noise and a ' +
    'bilevel problem, or in the form of a paper by the penalty method; shows beside it what needs no bilevel optimization.',
  examples: [
    ['', '5,000 MNIST digits with half of the labels wrong'],
    ['--validation 100 --noise-kind pair-flip --noise 0.4', ''],
    ['--form paper --settings authors --seeds 5', "the paper's form with its authors' settings, mean of 5 seeds"],
    ['--data fashion-mnist --network mlp --noise 0.3', ''],
    ['--data labels.csv --label species', 'a table of your own: which labels are doubtful'],
    ['--data folder:photos --shape 3,32,32 --network lenet', 'the same for a folder of images for each class'],
    ['--form paper --network mnist-cnn --train 59000 --validation 1000 --noise 0.25 --out runs/cnn', ''],
    ['--resume runs/cnn', 'goes on where that run was stopped'],
  ],
  options: {
    'Experiment:': { seeds: seedsOption, ...taskOptions },
    'Data of your own:': readingOptions,
    'Penalty method:': penalty.options,
    'ApproxGrad:': linearOptions,
  },
  instead: ({ data = taskOptions.data.default }) =>
    isDataset(String(data)) && !isForExperiments(String(data)) ? ownDataStudy : undefined,
  defaults: () =>
    denoisingOptions.settings.values.map((settings) => {
      const { task, method } = validateSettings({ settings });
      return { name: `--settings ${settings}`, values: { ...task, ...method } };
    }),
  validate: ({ seeds, ...given }) => {
    const { data = taskOptions.data.default } = given;
    if (!isDataset(String(data))) throw invalidArgument('data', datasetSpecifications, data);
    const foreign = Object.keys(given).find((name) => given[name] !== undefined && Object.hasOwn(readingOptions, name));
    if (foreign !== undefined) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `The option ${foreign} is for data of your own: give them as the option data.`,
      );
    }
    const count = validateOptions({ seeds: seedsOption }, { seeds: seeds as number }, 'denoise').seeds;
    const first = validateSettings(given as GivenDenoisingSettings);
    return seedsFrom(first.task.seed, count).map((seed) => validateSettings({ ...given, seed }));
  },
  jobs: (settings: readonly DenoisingSettings[]) =>
    settings.map(
      (each): DenoisingJob => ({
        path: settings.length === 1 ? '' : `seed-${each.task.seed}`,
        title: each.task.form === 'paper' ? formMethods[each.task.method].title : 'Cleaning',
        configuration: configurationOf(each),
        inputs: String(each.task.seed),
        settings: each,
      }),
    ),
  load: ({ settings }, device) => loadDenoisingInputs(settings, device),
  run: async ({ settings }, inputs, { device, signal, report }, saved) => {
    const { task } = settings;
    const trainer = new Trainer(inputs.network, inputs.data, task, device, signal);
    const resources = { trainer, device, signal, report };
    const form = await formOf(settings, inputs, resources, saved?.state);
    const judged = judgementsOf(saved?.rows ?? []);
    let found: SampleReport | undefined;
    return {
      async *steps() {
        if (task.baselines) yield* compare(settings, inputs, resources, judged);
        yield* form.steps();
      },
      save: () => form.save(),
      end: async (folder, seconds) => {
        const { ending, samples } = await form.end(folder);
        found = samples;
        const metrics = await folder.readMetrics();
        const result = resultOf(settings, folder.path, measuredIn(metrics, ending), seconds());
        const page = denoisingPage(result, samples, metrics, configurationOf(settings), environmentOf(device));
        await folder.writeReport(page);
        return ending;
      },
      sheet: () => found && suspiciousSheet(found),
      [Symbol.dispose]: () => {
        form[Symbol.dispose]();
        trainer.dispose();
      },
    };
  },
  measure: (job, rows, ending): Measured => {
    if (ending === undefined) throw new BilevelError('INVALID_FILE', `${job.title} has not ended.`);
    return measuredIn(rows, ending);
  },
  about: (results) => ({
    title: 'Cleaning labels',
    summary: `Means of ${results.outcomes.length} seeds, of which each has a page of its own.`,
    configuration: results.settings[0] === undefined ? {} : configurationOf(results.settings[0]),
  }),
  tables: (results) => [methodTable(resultsOf(results))],
  published: ({ settings: [first] }) => first && publishedAccuracies(first)?.where,
  facts: (results) => factsOf(resultsOf(results)),
  json: (results) => resultsJson(resultsOf(results)),
});

const configurationOf = ({ task, method }: DenoisingSettings): object => ({
  task: plainOptions(task),
  method: plainOptions(method),
});

const resultOf = (settings: DenoisingSettings, folder: string, measured: Measured, seconds: number): SeedResult => ({
  settings,
  folder,
  ...measured,
  wallMs: 1000 * seconds,
});

const resultsOf = ({ outcomes }: Results<readonly DenoisingSettings[], DenoisingJob, Measured>): SeedResult[] =>
  outcomes.map(({ job, folder, measured, seconds }) => resultOf(job.settings, folder, measured, seconds));

/** Wall time of the iterations that the metrics tell of. */
const wallMsOf = (metrics: Rows): number => metrics.reduce((sum, { wallMs = 0 }) => sum + Number(wallMs), 0);

const measuredIn = (metrics: Rows, ending: Ending): Measured => ({
  ...ending,
  methods: { ...Object.fromEntries(judgementsOf(metrics)), ...ending.methods },
  bilevelMs: wallMsOf(metrics),
});

/** The form that was asked for, from its start or from where it stood. */
async function formOf(
  settings: DenoisingSettings,
  inputs: DenoisingInputs,
  resources: Pick<StudyResources, 'device' | 'signal' | 'report'> & { readonly trainer: Trainer },
  saved: SavedState | undefined,
): Promise<Form> {
  const { trainer, device, signal, report } = resources;
  if (settings.task.form === 'cross-fitted') return crossFittedForm(settings, inputs, resources, saved);
  const onProgress = ({ name, done, total }: Stage): void => report(name, done, total);
  const run = await DenoisingRun.prepare(settings, inputs, device, trainer, saved, { signal, onProgress });
  return paperForm(run, signal);
}
