import { type Detection, detection } from '../data/detection.js';
import type { Tensor } from '../tensor.js';
import { formatDuration, formatFixed, formatNumber, formatShare } from './format.js';
import { type Gallery, mostSuspicious, renderGallery, renderPictures } from './gallery.js';
import { renderHistogram } from './histogram.js';
import { Html, html } from './html.js';
import { checkImportance, corruptedSamples, type Importance } from './importance.js';
import { type LineChart, renderLineChart } from './line-chart.js';
import { style } from './style.js';
import {
  meanAndDeviation,
  type ResultTable,
  renderMethodTable,
  renderProperties,
  renderTextTable,
  type TextTable,
} from './tables.js';

/** What the run learned about its samples. */
export interface SampleReport {
  readonly importance: Importance;
  /** The samples, float32 [n, channels, height, width], in the order of the importance lists, where they are images. */
  readonly images: Tensor<'float32'> | undefined;
  /** Name of each class; label i is `classes[i]`. */
  readonly classes: readonly string[];
  /** A sample that weighs less counts as found; default 0.5. */
  readonly threshold?: number;
  /** Suspicious samples to show; default 50. */
  readonly shown?: number;
  /** Those samples, most suspicious first, where the weights alone do not tell. */
  readonly suspicious?: readonly number[];
  /** What else a card tells of a sample. */
  readonly notes?: (sample: number) => readonly (readonly [term: string, text: string])[];
}

/** Everything that the page shows, as plain data. Parts that are absent are left out. */
export interface ReportData {
  readonly title: string;
  /** One sentence under the title. */
  readonly summary?: string;
  /** Final values by method, for example test accuracy in per cent. */
  readonly results?: ResultTable;
  readonly tables?: readonly TextTable[];
  readonly charts?: readonly LineChart[];
  readonly galleries?: readonly Gallery[];
  readonly samples?: SampleReport;
  /** Numbers that a reader wants first, before the others of them. */
  readonly highlights?: readonly (readonly [label: string, value: string])[];
  readonly wallSeconds?: number;
  /** Lower-level steps made per second of the bilevel iterations. */
  readonly stepsPerSecond?: number;
  /** Options of the run; nested records become dotted names. */
  readonly configuration: object;
  /** Versions and machine. */
  readonly environment?: Readonly<Record<string, string>>;
}

const section = (title: string, ...content: readonly (Html | undefined)[]): Html =>
  html`<section><h2>${title}</h2>${content}</section>`;

/**
 * The report as one HTML page that needs nothing else: no script, no network, images inside. It follows the reader's
 * light or dark scheme.
 * @throws INVALID_ARGUMENT when the importance lists differ in length, SHAPE_MISMATCH when the images do not fit them
 */
export function renderReport(data: ReportData): string {
  const {
    title,
    summary,
    results,
    tables = [],
    charts = [],
    galleries = [],
    samples,
    configuration,
    environment,
  } = data;
  const found = samples && detectionOf(samples);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<header><h1>${title}</h1>${summary === undefined ? undefined : html`<p>${summary}</p>`}</header>
${renderHighlights(data, found)}
${results && section('Results', renderMethodTable(results))}
${tables.map((table) => section(table.title, renderTextTable(table)))}
${charts.length > 0 ? section('Learning curves', html`<div class="charts">${charts.map(renderLineChart)}</div>`) : undefined}
${galleries.map((gallery) => section(gallery.title, renderPictures(gallery)))}
${samples && renderSamples(samples, found)}
${section('Configuration', renderProperties(configuration))}
${environment && section('Environment', renderProperties(environment))}
</main>
</body>
</html>
`;
  return page.text;
}

function detectionOf({ importance, threshold }: SampleReport): Detection | undefined {
  checkImportance(importance);
  const corrupted = corruptedSamples(importance);
  return corrupted && detection(importance.weights, corrupted, threshold);
}

/** The few numbers that a reader wants first. */
function renderHighlights(
  { results, highlights = [], wallSeconds, stepsPerSecond }: ReportData,
  found: Detection | undefined,
): Html {
  const main = results?.methods.find(({ emphasized }) => emphasized);
  const tiles: (readonly [label: string, value: string])[] = [...highlights];
  if (results && main)
    tiles.push([`${main.method}: ${results.measure}`, formatFixed(meanAndDeviation(main.ours).mean, 2)]);
  if (found) {
    tiles.push(['Area under the ROC curve', formatFixed(found.auc, 3)]);
    tiles.push(['Wrong labels found', formatShare(found.recall)]);
  }
  if (wallSeconds !== undefined) tiles.push(['Wall time', formatDuration(wallSeconds)]);
  if (stepsPerSecond !== undefined) tiles.push(['Lower steps per second', formatNumber(Math.round(stepsPerSecond), 6)]);
  return html`<ul class="tiles">${tiles.map(([label, value]) => html`<li><strong>${value}</strong><span>${label}</span></li>`)}</ul>`;
}

function renderSamples(
  { importance, images, classes, threshold = 0.5, shown = 50, suspicious, notes }: SampleReport,
  found: Detection | undefined,
): Html {
  const { weights } = importance;
  const corrupted = corruptedSamples(importance);
  const select = (mark: number): Float64Array =>
    Float64Array.from(weights).filter((_, index) => corrupted?.[index] === mark);
  const groups = corrupted
    ? [
        { name: 'right label', values: select(0) },
        { name: 'wrong label', values: select(1) },
      ]
    : [{ name: 'samples', values: weights }];
  const histogram = renderHistogram({ title: 'Samples by importance', xLabel: 'importance', domain: [0, 1], groups });
  return html`${section(
    'Importance',
    html`<div class="charts">${histogram}${found && renderDetection(found, threshold, weights.length)}</div>`,
  )}
${section(
  'Most suspicious samples',
  html`<p>${whichSamples(suspicious, Math.min(shown, weights.length))}${
    corrupted ? ' A marked card has a wrong label.' : ''
  }</p>`,
  renderGallery(importance, images, classes, suspicious ?? mostSuspicious(weights, shown), notes),
)}`;
}

function whichSamples(suspicious: readonly number[] | undefined, shown: number): string {
  if (suspicious === undefined) return `The ${shown} samples of lowest importance, lowest first.`;
  if (suspicious.length === 0) return 'None: the given labels are likely enough.';
  return `The ${suspicious.length} samples whose labels are the least likely.`;
}

function renderDetection(
  { auc, precision, recall, flagged, corrupted }: Detection,
  threshold: number,
  count: number,
): Html {
  return html`<div class="detection"><h3>Finding the wrong labels</h3>
<p>A sample whose importance is below ${threshold} is taken for wrongly labelled.</p>
${renderProperties({
  samples: formatNumber(count, 6),
  'wrong labels': formatNumber(corrupted, 6),
  'below the threshold': formatNumber(flagged, 6),
  precision: formatShare(precision),
  recall: formatShare(recall),
  'area under the ROC curve': formatFixed(auc, 4),
})}</div>`;
}
