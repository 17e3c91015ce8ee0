import { datasetFiles } from '../../data/dataset.js';
import { BilevelError } from '../../errors.js';
import { plainOptions } from '../../options.js';
import { penalty } from '../../solvers/index.js';
import { defineStudy, type Job, type Results } from '../../study/index.js';
import { formatOptions } from '../reading.js';
import { cleanLabelDefaults, cleanLabelOptions } from './clean-label/settings.js';
import { cleanLabelStudy } from './clean-label/study.js';
import { loadPoisoningInputs } from './data.js';
import { publishedFigure, publishedSource } from './published.js';
import { type PoisoningEnding, type PoisoningRow, PoisoningRun } from './run.js';
import {
  attacks,
  type PoisoningRunSettings,
  type PoisoningSettings,
  type PoisoningStudySettings,
  problemOptions,
  studyOptions,
  validateStudy,
} from './settings.js';
import {
  harmTables,
  type Measured,
  poisonGalleries,
  poisoningTable,
  type RunResult,
  reaches,
  responseCharts,
  resultsJson,
  runAways,
  titleOf,
} from './tables.js';

interface PoisoningJob extends Job {
  readonly study: PoisoningStudySettings;
  readonly problem: PoisoningSettings;
  readonly run: PoisoningRunSettings;
}

type PoisoningResults = Results<PoisoningStudySettings, PoisoningJob, Measured>;

const runsOf = ({ settings, outcomes }: PoisoningResults): RunResult[] =>
  settings.runs.flatMap((run) => {
    const ours = outcomes.filter(({ job }) => job.run.name === run.name && job.run.points === run.points);
    if (ours.length === 0) return [];
    return [
      {
        ...run,
        title: titleOf(run.name),
        seeds: ours.map(({ job, measured }) => ({ ...measured, seed: job.problem.seed })),
      },
    ];
  });

/** The attack that is a study by itself. */
const cleanLabel = 'clean-label';

/** What the command takes. */
const attackOption = {
  ...problemOptions.attack,
  values: [...attacks, cleanLabel],
  text: `${problemOptions.attack.text} clean-label: single samples are to be taken for the other class because of a point that is labelled as it should be.`,
};

export const poisoningStudy = defineStudy({
  name: 'poison',
  summary:
    'Shows what poisoned training points can do to a network: adds points whose pixels a bilevel method chooses, trains anew, and ' +
    "tells the test accuracy, beside label flips and the penalty paper's figures.",
  examples: [
    ['', '60 poison points beside 1,000 MNIST digits'],
    ['--attack targeted', 'eights are to be taken for threes'],
    ['--attack clean-label', 'one point with its right label has an eight taken for a three'],
    ['--points 10,20,30,40,50,60 --seeds 5', "a column of the paper's Table 5"],
    ['--methods none,penalty --gamma 1 --settings authors', 'a line of its Table 6'],
    ['--data fashion-mnist --network mlp --methods none,approxGrad', ''],
    [
      '--audit --data flowers.csv --label species --points 1,5',
      'how far a few points can move a model of your own data',
    ],
  ],
  options: {
    'Experiment:': { ...studyOptions, ...problemOptions, attack: attackOption },
    'Clean-label attack:': cleanLabelOptions,
    'Data of your own:': formatOptions,
    'Penalty method:': penalty.options,
  },
  instead: ({ attack }) => (attack === cleanLabel ? cleanLabelStudy : undefined),
  defaults: () => [
    ...studyOptions.settings.values.flatMap((settings) =>
      attacks.map((attack) => {
        const { problem, iterations, options } = validateStudy({ settings, attack });
        const choices = [
          ...(settings === studyOptions.settings.default ? [] : [`--settings ${settings}`]),
          ...(attack === problemOptions.attack.default ? [] : [`--attack ${attack}`]),
        ];
        return { name: choices.join(' '), values: { ...problem, iterations, ...options.penalty } };
      }),
    ),
    { name: `--attack ${cleanLabel}`, values: cleanLabelDefaults() },
  ],
  goesOn: true,
  validate: (given: Readonly<Record<string, unknown>>) => {
    const foreign = Object.keys(given).find(
      (name) => given[name] !== undefined && Object.hasOwn(cleanLabelOptions, name),
    );
    if (foreign === undefined) return validateStudy(given);
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The option ${foreign} is for poison with right labels: give --attack ${cleanLabel} as well.`,
    );
  },
  jobs: (study: PoisoningStudySettings) =>
    study.seeds.flatMap((seed) =>
      study.runs.map((run): PoisoningJob => {
        const { name, points } = run;
        const { format, ...stated } = study.problem;
        const problem = { ...study.problem, seed };
        const options = study.options[name];
        return {
          path: `${name === 'none' ? name : `${name}-${points}`}/seed-${seed}`,
          title: `${titleOf(name)}${name === 'none' ? '' : `, ${points} points`}, seed ${seed}`,
          configuration: {
            ...stated,
            seed,
            ...format,
            ...(study.audit && { audit: true }),
            ...(name !== 'none' && { points }),
            ...(options && {
              iterations: study.iterations,
              judgeEvery: study.judgeEvery,
              method: plainOptions(options),
            }),
          },
          files: [...datasetFiles(stated.data), stated.network],
          inputs: String(seed),
          study,
          problem,
          run,
        };
      }),
    ),
  load: ({ problem }) => loadPoisoningInputs(problem),
  run: async ({ run, problem, study }, inputs, resources, saved) =>
    new PoisoningRun(run, inputs, problem, study, resources, saved?.state),
  measure: (_, rows, ending: PoisoningEnding | undefined): Measured => ({
    rows: rows as readonly object[] as readonly PoisoningRow[],
    ending,
  }),
  about: ({ settings: { problem, seeds, iterations } }) => {
    const { attack, from, to, data, train, validation, network } = problem;
    const aim = attack === 'untargeted' ? 'to be wrong' : `to take ${from} for ${to}`;
    return {
      title: 'Poisoned training data',
      summary: `Points are added to ${train || 'three fifths'} of ${data} for ${network} ${aim}, judged by ${validation || 'a fifth'} of it; ${iterations} steps.`,
      configuration: { ...problem, ...problem.format, format: undefined, seeds },
    };
  },
  tables: (results) => [poisoningTable(results.settings, runsOf(results)), ...harmTables(runsOf(results))],
  charts: (results) => ({ attack: { charts: responseCharts(runsOf(results)), columns: 1 } }),
  galleries: (results) => poisonGalleries(runsOf(results)),
  published: ({ settings: { problem, runs } }) =>
    runs.some(({ name, points }) => publishedFigure(problem, name, points) !== undefined) ? publishedSource : undefined,
  claims: (results) => (results.settings.audit ? reaches(results.settings, runsOf(results)) : []),
  facts: (results) => runAways(runsOf(results)).map((text) => ({ label: 'Run away', text })),
  json: (results) => resultsJson(results.settings, runsOf(results)),
});
