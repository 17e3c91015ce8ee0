import { formatDuration, formatNumber } from '../report/format.js';
import { meanAndDeviation } from '../report/tables.js';
import {
  conclusion,
  lossAt,
  onInstances,
  type RepresentationSettings,
  type RunCurve,
  reportedSteps,
  steadyInstances,
  studies,
} from '../tasks/representation/index.js';
import { formatTable } from './output.js';
import { style } from './print.js';

/** What a study gave. */
export interface StudyResult {
  readonly settings: RepresentationSettings;
  readonly instances: number;
  readonly curves: readonly RunCurve[];
  readonly folder: string;
}

/**
 * Lines of losses, ours and under each those from elsewhere, and as shares of the first loss: instances differ, and so do
 * their first losses. Where the loss jumps on some instances, another line has the mean of the others.
 */
export function lossTable({ settings, curves }: StudyResult): { header: string[]; rows: string[][] } {
  const steps = reportedSteps(settings);
  const later = steps.filter((step) => step > 0);
  const shown = (value: number | undefined): string => (value === undefined ? '' : formatNumber(value));
  const rows = curves.flatMap((curve) => {
    const { title, published, rerun } = curve;
    const line = (name: string, source: string, shownCurve: RunCurve): string[] => {
      const at = steps.map((step) => lossAt(shownCurve, step));
      return [
        ...[name, source],
        ...at.map(({ loss }) => shown(loss)),
        ...at.slice(1).map(({ share }) => shown(share)),
        meanAndDeviation(shownCurve.seconds).mean.toFixed(2),
      ];
    };
    const steady = steadyInstances(curve);
    const all = curve.losses.length;
    const ours = [
      line(title, 'ours', curve),
      ...(steady.length === 0 || steady.length === all
        ? []
        : [line('', `steady, ${steady.length} of ${all}`, onInstances(curve, steady))]),
    ];
    const others = Object.entries({ published, 're-run': rerun }).flatMap(([source, known]) => {
      if (known === undefined) return [];
      const { 0: first } = known.losses;
      const shares = later.map((step) => {
        const loss = known.losses[step];
        return shown(loss === undefined || first === undefined ? undefined : loss / first);
      });
      return [
        ['', source, ...steps.map((step) => shown(known.losses[step])), ...shares, known.seconds?.toFixed(2) ?? ''],
      ];
    });
    return [...ours, ...others];
  });
  const header = [
    ...['Outer loss after', ''],
    ...steps.map((step) => (step === 0 ? '0 steps' : String(step))),
    ...later.map((step) => `${step} / first`),
    'seconds',
  ];
  return { header, rows };
}

/** Where the figures beside ours come from, if there are any. */
export function sourcesOf({ curves }: StudyResult): string | undefined {
  return curves.some(({ published, rerun }) => published !== undefined || rerun !== undefined)
    ? knownSources
    : undefined;
}

const knownSources =
  "published: outputs of the authors' notebooks (Sow, Ji and Liang 2022), one instance, seconds on a laptop; re-run: an " +
  'independent NumPy program that does what they do, on instances of its own';

/** The results as people read them. */
export function summarize(result: StudyResult): string {
  const { settings, instances, curves, folder } = result;
  const { header, rows } = lossTable(result);
  const sources = sourcesOf(result);
  const seconds = curves.reduce((sum, curve) => sum + curve.seconds.reduce((a, b) => a + b, 0), 0);
  const line = (title: string, text: string): string => `${style('bold', title.padEnd(10))} ${text}`;
  return [
    '',
    `${style('bold', studies[settings.study].title)}${instances > 1 ? `, mean of ${instances} instances` : ''}`,
    '',
    formatTable(
      header,
      rows,
      header.map((_, column) => (column < 2 ? 'left' : 'right')),
    ),
    '',
    ...conclusion(settings, curves).map((sentence) => line('Finding', sentence)),
    line('Time', `${formatDuration(seconds)} for ${curves.length * instances * settings.iterations} outer steps`),
    ...(sources === undefined ? [] : [line('Beside', sources)]),
    line('Results', `${folder} (open report.html)`),
  ].join('\n');
}

/** The results as programs read them. */
export function summaryJson({ settings, instances, curves, folder }: StudyResult): object {
  const steps = reportedSteps(settings);
  return {
    study: settings.study,
    instances,
    folder,
    runs: curves.map((curve) => ({
      method: curve.method,
      title: curve.title,
      lowerSteps: curve.lowerSteps,
      upperLearningRate: curve.upperLearningRate,
      losses: steps.map((step) => {
        const { loss, share } = lossAt(curve, step);
        const [published, rerun] = [curve.published?.losses[step], curve.rerun?.losses[step]];
        return { step, loss, share, published, rerun };
      }),
      seconds: meanAndDeviation(curve.seconds),
      publishedSeconds: curve.published?.seconds,
    })),
    conclusion: conclusion(settings, curves),
  };
}
