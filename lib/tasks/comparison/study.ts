import { plainOptions } from '../../options.js';
import { defineStudy, type Results, type StudyDefinition, seedsFrom } from '../../study/index.js';
import type { AnyTask } from '../task.js';
import { comparisonCharts } from './charts.js';
import { type Comparison, type ComparisonJob, claimsOf, claimText } from './comparison.js';
import { type Curve, type Judgement, type Measurement, readCurve } from './curves.js';
import { ComparisonRun } from './run.js';
import { type ComparisonSettings, comparisonOptions, describeBatch, validateComparison } from './settings.js';
import { endTable, settingsTable, valueTable } from './tables.js';

/**
 * Training with many methods on the problem of a task, for an equal time or an equal number of evaluations each.
 * @param tasks names of all tasks, the usual one first
 */
export function compareStudy(
  task: AnyTask,
  tasks: readonly string[],
): StudyDefinition<ComparisonSettings, ComparisonJob, unknown, Judgement, Curve> {
  const table = comparisonOptions(tasks);
  const quantities = Object.keys(task.quantities);
  const comparisonOf = ({ settings, outcomes }: Results<ComparisonSettings, ComparisonJob, Curve>): Comparison => ({
    task,
    settings,
    results: settings.runs
      .map((run) => ({ run, outcomes: outcomes.filter(({ job }) => job.run === run) }))
      .filter((result) => result.outcomes.length > 0),
  });
  return defineStudy({
    name: 'compare',
    summary:
      'Trains with many methods on one problem, for an equal time or an equal number of evaluations each, and shows how fast ' +
      `their costs fall, beside published figures where there are any. Here: ${task.title}.`,
    examples: [
      ['', 'every method for a minute each'],
      ['--methods vrbo,mrbo,sustain --noise 0.15 --seeds 3', ''],
      ['--evaluations 20000 --json', 'so many gradients and products each'],
      ['--resume runs/compare --seconds 300', 'all methods train on'],
      ['--task representation --help', 'another problem, and its options'],
    ],
    options: { 'Comparison:': table, 'Experiment:': task.options },
    goesOn: true,
    validate: (given) => validateComparison(task, table, given),
    jobs: (settings: ComparisonSettings) =>
      seedsFrom(settings.task.seed, settings.seeds).flatMap((seed) =>
        settings.runs.map((run): ComparisonJob => {
          const own = { ...settings.task, seed };
          return {
            path: `${run.name}/seed-${seed}`,
            title: run.name,
            configuration: {
              task: { name: task.name, ...own, measurements: settings.measurements },
              method: run.method,
              batch: describeBatch(run, task.rows(own)),
              options: plainOptions(run.options),
            },
            extent: settings.budget,
            inputs: String(seed),
            task: own,
            run,
            settings,
          };
        }),
      ),
    load: (job, device) => task.load(job.task, device),
    run: async ({ task: own, run, settings }, data, { device, signal }, saved) => {
      const { budget, measurements } = settings;
      const measurement = saved && readCurve(saved.rows, quantities, run.name).at(-1);
      const earlier = saved && measurement && { state: saved.state, measurement };
      const inputs = { settings: own, data, device };
      return new ComparisonRun(task, inputs, run, { budget, measurements, signal }, earlier);
    },
    measure: ({ run }, rows, ending) => {
      const curve = readCurve(rows, quantities, run.name);
      return curve.map((each, index) => (index === curve.length - 1 ? { ...each, ...ending } : each));
    },
    about: (results) => {
      const comparison = comparisonOf(results);
      const { seeds, measurements, task: own } = results.settings;
      return {
        title: `${task.title}: methods compared`,
        summary: `${task.describe(own)}; ${seeds === 1 ? `seed ${own.seed}` : `mean of ${seeds} seeds`}.`,
        configuration: {
          ...own,
          measurements,
          ...Object.fromEntries(settingsTable(comparison).rows.map(settingsText)),
        },
      };
    },
    tables: (results) => [valueTable(comparisonOf(results)), endTable(comparisonOf(results))],
    charts: (results) => ({ curves: { charts: comparisonCharts(comparisonOf(results)), columns: 2 } }),
    claims: (results) => claimsOf(comparisonOf(results)).map(claimText),
    json: (results) => {
      const comparison = comparisonOf(results);
      const { budget, measurements } = results.settings;
      const own = results.settings.task;
      return {
        task: { name: task.name, ...own, measurements },
        budget: { [budget.unit]: budget.amount },
        methods: comparison.results.map(({ run, outcomes }) => ({
          method: run.name,
          batch: describeBatch(run, task.rows(own)),
          options: plainOptions(run.options),
          settingsFrom: run.source,
          published: task.published?.(own)?.values[run.name],
          seeds: outcomes.map(({ job, folder, measured, failure }) => ({
            seed: job.task.seed,
            folder,
            failure,
            measurements: measured.map((each) => inUnits(task, each)),
          })),
        })),
        claims: claimsOf(comparison),
      };
    },
  });
}

/** A measurement in the units in which it is shown. */
function inUnits({ quantities }: AnyTask, measurement: Measurement): Measurement {
  const values = Object.entries(quantities).map(([name, { factor = 1 }]) => [
    name,
    factor * (measurement[name] ?? Number.NaN),
  ]);
  return { ...measurement, ...Object.fromEntries(values) };
}

/** A row of the settings as a name and a text. */
function settingsText([name = '', batch, options, source]: readonly string[]): [string, string] {
  const changed = options === '' ? 'options as they are' : options;
  return [name, `mini-batch ${batch}; ${changed} (${source})`];
}
