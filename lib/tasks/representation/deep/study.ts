import type { LineChart } from '../../../report/line-chart.js';
import type { TextTable } from '../../../report/tables.js';
import { defineStudy, type Job, type Results } from '../../../study/index.js';
import { loadDeepInputs } from './data.js';
import { type LearnerName, learners } from './learners.js';
import { type DeepPoint, DeepRun, readPoints } from './run.js';
import { type DeepSettings, validateDeep } from './settings.js';

interface DeepJob extends Job {
  readonly method: LearnerName;
  readonly settings: DeepSettings;
}

type DeepResults = Results<DeepSettings, DeepJob, readonly DeepPoint[]>;

const curvesOf = ({ outcomes }: DeepResults) =>
  outcomes.flatMap(({ job: { method }, measured }) => (measured.length === 0 ? [] : [{ method, points: measured }]));

function table(results: DeepResults): TextTable {
  const { judged, lowerSteps } = results.settings;
  return {
    title: 'Features in the end',
    header: ['Method', 'f(u, v*)', 'test accuracy, %', 'iterations', 'seconds', ''],
    alignments: ['left', 'right', 'right', 'right', 'right', 'left'],
    rows: curvesOf(results).map(({ method, points }) => {
      const { iteration = 0, seconds = 0, response = Number.NaN, accuracy = Number.NaN } = points.at(-1) ?? {};
      const { title, note } = learners[method];
      return [title, response.toFixed(4), accuracy.toFixed(2), String(iteration), seconds.toFixed(1), note];
    }),
    note:
      `A last layer is trained anew on ${judged} samples of the lower level; f(u, v*) is its cross-entropy on as many of the upper ` +
      `one, and the accuracy is of as many of the test. Methods make ${lowerSteps} steps of the last layer in an iteration. Seconds are those of the iterations.`,
  };
}

function chartsOf(results: DeepResults): LineChart[] {
  const chart = (title: string, yLabel: string, of: (point: DeepPoint) => number): LineChart => ({
    title,
    xLabel: 'seconds of training',
    yLabel,
    yScale: 'linear',
    series: curvesOf(results).map(({ method, points }) => ({
      name: learners[method].title,
      points: points.map((point) => ({ x: point.seconds, y: of(point) })),
    })),
  });
  return [
    chart('Cost of a last layer that is trained anew', 'f(u, v*)', ({ response }) => response),
    chart('Test samples that are told right', 'accuracy in %', ({ accuracy }) => accuracy),
  ];
}

/** Features of a network for images: what `representation --deep` runs. */
export const deepStudy = defineStudy({
  name: 'representation',
  summary: 'Learns features of images on which a last layer does well on other samples.',
  examples: [],
  options: {},
  validate: validateDeep,
  jobs: (settings: DeepSettings) => {
    const { methods, ...shared } = settings;
    return methods.map(
      (method): DeepJob => ({
        path: method,
        title: learners[method].title,
        configuration: { method, ...shared },
        files: [settings.network],
        inputs: '',
        method,
        settings,
      }),
    );
  },
  goesOn: true,
  load: ({ settings }) => loadDeepInputs(settings),
  run: async ({ method, settings }, inputs, resources, saved) =>
    new DeepRun(method, inputs, settings, resources, saved?.state),
  measure: ({ title }, rows) => readPoints(title, rows),
  about: ({ settings: { methods, ...shared } }) => ({
    title: 'Deep hyper-representation',
    summary: `Features of ${shared.network} for ${shared.data}: ${shared.lowerSamples} samples for the last layer, ${shared.upperSamples} for the features.`,
    configuration: { ...shared, methods: methods.join(', ') },
  }),
  tables: (results) => [table(results)],
  charts: (results) => ({ features: { charts: chartsOf(results), columns: 1 } }),
  json: (results) => ({
    data: results.settings.data,
    network: results.settings.network,
    methods: curvesOf(results).map(({ method, points }) => ({ method, title: learners[method].title, points })),
  }),
});
