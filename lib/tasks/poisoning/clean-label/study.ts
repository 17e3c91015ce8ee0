import { datasetFiles } from '../../../data/dataset.js';
import { plainOptions } from '../../../options.js';
import { formatFixed } from '../../../report/format.js';
import { defineStudy, type Job, type Results } from '../../../study/index.js';
import { loadCleanLabelInputs } from './data.js';
import { type CleanLabelEnding, CleanLabelRun } from './run.js';
import { type CleanLabelMethod, type CleanLabelSettings, cleanLabelMethods, validateCleanLabel } from './settings.js';
import {
  changesTables,
  cleanLabelGalleries,
  cleanLabelJson,
  type MethodResult,
  successChart,
  successTable,
} from './tables.js';

interface CleanLabelJob extends Job {
  readonly method: CleanLabelMethod;
  /** Radius as a part of the mean distance between targets and bases. */
  readonly share: number;
  readonly settings: CleanLabelSettings;
}

type CleanLabelResults = Results<CleanLabelSettings, CleanLabelJob, CleanLabelEnding | undefined>;

const resultsOf = ({ settings, outcomes }: CleanLabelResults): MethodResult[] =>
  settings.methods.map((method) => ({
    method,
    endings: outcomes.flatMap(({ job, measured }) => (job.method === method ? (measured ?? []) : [])),
  }));

/** What a job is gone on with by: of each method its own options. */
function configurationOf(
  { methods: _, shares: __, penalty, format, ...settings }: CleanLabelSettings,
  method: CleanLabelMethod,
  share: number,
): object {
  const { collision, iterations, splittingSteps, splittingRate, splittingWeight, ...shared } = settings;
  return {
    attack: 'clean-label',
    method,
    ...shared,
    ...format,
    ...(method !== 'copy' && { share }),
    ...(method === 'splitting' && { splittingSteps, splittingRate, splittingWeight }),
    ...(method === 'penalty' && { collision, iterations, options: plainOptions(penalty) }),
  };
}

/** One poison point with a right label for each target: what `poison --attack clean-label` runs. */
export const cleanLabelStudy = defineStudy({
  name: 'poison',
  summary: 'Has single samples taken for another class by a poison point that is labelled as it should be.',
  examples: [],
  options: {},
  goesOn: true,
  validate: validateCleanLabel,
  jobs: (settings: CleanLabelSettings) =>
    settings.methods.flatMap((method) =>
      // What keeps no distance is the same within every radius.
      (method === 'copy' ? [1] : settings.shares).map((share): CleanLabelJob => {
        const { title } = cleanLabelMethods[method];
        return {
          path: method === 'copy' ? method : `${method}/radius-${share}`,
          title: method === 'copy' ? title : `${title}, radius ${share}`,
          configuration: configurationOf(settings, method, share),
          files: [...datasetFiles(settings.data), settings.network],
          inputs: '',
          method,
          share,
          settings,
        };
      }),
    ),
  load: ({ settings }, device) => loadCleanLabelInputs(settings, device),
  run: async ({ method, share, settings }, inputs, resources, saved) =>
    new CleanLabelRun(method, share, inputs, settings, resources, saved?.state),
  measure: (_, __, ending: CleanLabelEnding | undefined) => ending,
  about: ({ settings: { methods, shares, penalty, format, ...settings } }) => ({
    title: 'Poison with right labels',
    summary: `One point beside clean ones of ${settings.data} has samples of class ${settings.from} taken for class ${settings.to}, by frozen features of ${settings.network}.`,
    configuration: {
      ...settings,
      ...format,
      methods: methods.join(', '),
      radii: shares.join(', '),
      penalty: plainOptions(penalty),
    },
  }),
  tables: (results) => [successTable(resultsOf(results)), ...changesTables(resultsOf(results))],
  charts: (results) => ({ success: { charts: [successChart(resultsOf(results))], columns: 1 } }),
  galleries: (results) => cleanLabelGalleries(resultsOf(results)),
  facts: (results) => {
    const [first] = resultsOf(results).flatMap(({ endings }) => endings);
    if (first === undefined) return [];
    const { accuracy, upTo, features } = first;
    const text = `${features} of the network cut at ${upTo}; without poison ${formatFixed(accuracy, 1)} % of the test samples of both classes are told right`;
    return [{ label: 'Features', text }];
  },
  json: (results) => cleanLabelJson(resultsOf(results)),
});
