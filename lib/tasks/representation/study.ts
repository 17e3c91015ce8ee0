import { BilevelError } from '../../errors.js';
import { defineStudy, type Job, type Results } from '../../study/index.js';
import { lossCharts } from './charts.js';
import { conclusion } from './conclusion.js';
import { type Losses, type RunCurve, readLosses, runCurves, titleOf } from './curves.js';
import { deepOptions } from './deep/settings.js';
import { deepStudy } from './deep/study.js';
import { drawInstance } from './instance.js';
import { RepresentationRun } from './run.js';
import {
  type RepresentationSettings,
  representationOptions,
  type StudyRun,
  studies,
  studyNames,
  studyTitle,
  validateSettings,
} from './settings.js';
import { countText, lossTable, resultsJson, sourcesOf } from './tables.js';

interface RepresentationJob extends Job {
  readonly settings: RepresentationSettings;
  readonly run: StudyRun;
  readonly seed: number;
}

type RepresentationResults = Results<RepresentationSettings, RepresentationJob, Losses>;

const curvesOf = ({ settings, outcomes }: RepresentationResults): RunCurve[] =>
  runCurves(
    settings,
    outcomes.map(({ job: { run }, measured }) => ({ run, ...measured })),
  );

export const representationStudy = defineStudy({
  name: 'representation',
  summary:
    'Learns an embedding on which a regression does well on other samples: the hyper-representation experiments of the ' +
    'PZOBO paper, beside the published figures, and with the direct gradient alone for comparison.',
  examples: [
    ['', 'all methods on the small linear embedding'],
    ['--instances 5', 'mean of five random instances'],
    ['--study network --methods gd,pzoboUnit,pzoboGaussian', ''],
    ['--study steps --json', '10, 20 and 40 lower steps'],
    ['--deep', 'features of LeNet-5 for digits, by PZOBO-S and others'],
    ['--deep --data cifar10 --network resnet-18 --batch 128', ''],
  ],
  options: { 'Experiment:': representationOptions, 'Deep representation:': deepOptions },
  instead: ({ deep }) => (deep === true ? deepStudy : undefined),
  defaults: () => studyNames.map((study) => ({ name: `--study ${study}`, values: studies[study].sizes })),
  validate: ({ deep: _, ...given }: Readonly<Record<string, unknown>>) => {
    const foreign = Object.keys(given).find((name) => given[name] !== undefined && Object.hasOwn(deepOptions, name));
    if (foreign === undefined) return validateSettings(given);
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The option ${foreign} is for deep representations: give --deep as well.`,
    );
  },
  jobs: (settings: RepresentationSettings) => {
    const { runs, instances, asPublished: _, ...shared } = settings;
    return Array.from({ length: instances }, (_, index) =>
      runs.map((run): RepresentationJob => {
        const seed = settings.seed + index;
        return {
          path: `${run.method}-T${run.lowerSteps}/instance-${index}`,
          title: `${titleOf(settings, run.method, run.lowerSteps)}, seed ${seed}`,
          configuration: { ...shared, ...run, seed },
          inputs: String(seed),
          settings,
          run,
          seed,
        };
      }),
    ).flat();
  },
  load: ({ settings, seed }, device) => {
    const { study, features, hidden, embedding, samples } = settings;
    const { model, regularizer } = studies[study];
    return drawInstance({ model, regularizer, seed, features, hidden, embedding, samples }, device);
  },
  run: async ({ settings: { study, iterations }, run }, instance, resources, saved) =>
    new RepresentationRun(run, instance, { iterations, smoothing: studies[study].smoothing }, resources, saved?.state),
  measure: ({ title, settings }, rows) => readLosses(title, settings.iterations, rows),
  about: ({ settings }) => {
    const { instances, runs } = settings;
    return {
      title: 'Hyper-representation',
      summary: `${studyTitle(settings)}; ${countText(instances)}.`,
      configuration: { ...settings, runs: runs.map((run) => JSON.stringify(run)) },
    };
  },
  tables: (results) => [lossTable(results.settings, curvesOf(results))],
  charts: (results) => ({ losses: { charts: lossCharts(results.settings, curvesOf(results)), columns: 1 } }),
  published: (results) => sourcesOf(curvesOf(results)),
  claims: (results) => conclusion(results.settings, curvesOf(results)),
  json: (results) => resultsJson(results.settings, curvesOf(results)),
});
