// The two precisions beside each other.
import { renderSvg } from '../../dist/lib/report/svg.js';
import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { percent, short } from '../statistics.mjs';

const stepColumns = ['step', 'network', 'float32 ms', 'bf16 ms', 'float32 / bf16', 'value off by', 'gradient off by'];

function stepsTable(results) {
  const rows = results.map(({ step, network, float32, bf16, value, gradient }) => [
    step,
    network,
    short(float32.median),
    short(bf16.median),
    (float32.median / bf16.median).toFixed(2),
    value.toExponential(0),
    gradient.toExponential(0),
  ]);
  return table(stepColumns, rows);
}

const trainingColumns = [
  'seed',
  'precision',
  'accuracy before, %',
  'accuracy after, %',
  'AUC',
  'wrong labels: precision',
  'recall',
  'f',
  'g',
  'ms an iteration',
];

/** The mean over the last quarter of the iterations. */
function late(iterations, key) {
  const last = iterations.slice(-Math.ceil(iterations.length / 4));
  return last.reduce((sum, iteration) => sum + iteration[key], 0) / last.length;
}

function trainingTable({ runs }) {
  const rows = runs.map(({ seed, precision, accuracies, detection, iterations, milliseconds }) => [
    String(seed),
    precision,
    ...Object.values(accuracies).map((accuracy) => (100 * accuracy).toFixed(2)),
    detection.auc.toFixed(4),
    percent(detection.precision),
    percent(detection.recall),
    late(iterations, 'f').toFixed(4),
    late(iterations, 'g').toFixed(4),
    short(milliseconds.median),
  ]);
  return table(trainingColumns, rows);
}

function trainingText({ settings }) {
  return `${settings.network} and ${settings.train} digits of MNIST, ${percent(settings.noise)} of them with a wrong label, with
${settings.validation} that are right: \`bilevel denoise\` with T = ${settings.lowerSteps}, batches of ${settings.batch} and ${settings.epochs} epochs, from the same start in both precisions.
Accuracies are of the 10,000 test digits, with the weights before the first iteration and after the last. AUC, precision and
recall say how well the learned importances tell the wrong labels. f and g are means over the last quarter of the iterations.`;
}

/** The losses of every run, f and g apart. */
export function trainingChart({ runs }) {
  const charts = ['f', 'g'].map((key) => ({
    title: `${key} in every iteration`,
    xLabel: 'iteration',
    yLabel: `${key}, a mean cross-entropy`,
    yScale: 'log',
    series: runs.map(({ precision, seed, iterations }) => ({
      name: `${precision}, seed ${seed}`,
      points: iterations.map((iteration, index) => ({ x: index + 1, y: iteration[key] })),
    })),
  }));
  return renderSvg(charts, 1);
}

/** Sections; `picture` is that of the losses, on the page. */
export function precisionReport({ environment, results, training }, picture = {}) {
  return [
    { text: describeEnvironment(environment) },
    { title: 'Steps', text: stepsTable(results) },
    { title: 'Training', text: `${trainingText(training)}\n\n${trainingTable(training)}` },
    picture,
  ];
}
