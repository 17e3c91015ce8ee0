import { defineStudy, type Job, type Results } from '../../study/index.js';
import { chartsOf } from './charts.js';
import { definitions } from './problems.js';
import { paperIterations } from './reference.js';
import { type RunResult, readRun, SyntheticRun } from './run.js';
import {
  nameOfRun,
  type RunKey,
  type StudySettings,
  type SyntheticSettings,
  syntheticOptions,
  validateSettings,
} from './settings.js';
import { distanceTable, eigenvalueText, type Runs, resultsJson, timesTable, verdictTables } from './tables.js';

interface SyntheticJob extends Job {
  readonly key: RunKey;
  readonly settings: SyntheticSettings;
}

const runsOf = ({ settings, outcomes }: Results<StudySettings, SyntheticJob, RunResult>): Runs => ({
  settings: settings.shared,
  runs: outcomes.map(({ measured }) => measured),
});

export const syntheticStudy = defineStudy({
  name: 'synthetic',
  summary:
    "Runs methods on the penalty paper's synthetic problems, whose solutions are known, and compares distances and times " +
    'with the published ones.',
  examples: [
    ['', 'figures 1 and 2 of the paper: 48 runs'],
    ['--problems P1,P2 --methods penalty,approxGrad --T 10 --iterations 10000', ''],
    ['--problems P4 --matrix perTrial', 'a matrix of its own for every trial'],
    ['--methods soba,stocbio --T 10', 'any method of bilevel methods'],
    ['--resume runs/paper --T 1,5,10,20', 'goes on, and adds the runs that the folder lacks'],
  ],
  options: { 'Experiment:': syntheticOptions },
  // The tensors are too small for more.
  threads: 1,
  validate: validateSettings,
  jobs: ({ runs, shared }: StudySettings) =>
    runs.map(
      (key): SyntheticJob => ({
        path: nameOfRun(key),
        title: `${key.problem} ${key.method} T = ${key.lowerSteps}`,
        configuration: { ...key, ...shared },
        inputs: '',
        key,
        settings: shared,
      }),
    ),
  load: async () => undefined,
  run: async ({ key, settings }, _, resources, saved) => new SyntheticRun(key, settings, resources, saved?.state),
  measure: ({ key }, rows) => readRun(key, rows),
  about: (results) => {
    const study = runsOf(results);
    const { trials, seed } = study.settings;
    const costs = [...new Set(study.runs.map(({ problem }) => problem))].map((problem) => {
      const { f, g } = definitions[problem].costs;
      return `${problem}: f = ${f}, g = ${g}`;
    });
    return {
      title: 'Synthetic problems of the penalty method',
      summary: `${costs.join('; ')}. ${trials} trials from random starts, seed ${seed}. ${eigenvalueText(study)}.`,
      configuration: study.settings,
    };
  },
  tables: (results) => {
    const study = runsOf(results);
    return [distanceTable(study), timesTable(study), ...verdictTables(study)];
  },
  charts: (results) => chartsOf(runsOf(results).runs),
  facts: (results) => {
    const study = runsOf(results);
    const unjudged = `No run is judged: the criteria are for ${paperIterations.toLocaleString('en')} iterations of the paper's methods.`;
    return [
      ...(verdictTables(study).length === 0 ? [{ label: 'Criteria', text: unjudged }] : []),
      { label: 'Matrices', text: eigenvalueText(study) },
    ];
  },
  json: (results) => resultsJson(runsOf(results)),
});
