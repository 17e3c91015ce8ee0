import { formatNumber } from '../../report/format.js';
import { meanAndDeviation, type TextTable } from '../../report/tables.js';
import { conclusion } from './conclusion.js';
import { lossAt, onInstances, type RunCurve, reportedSteps, steadyInstances } from './curves.js';
import { type RepresentationSettings, studyTitle } from './settings.js';

/**
 * Lines of losses, ours and under each those from elsewhere, and as shares of the first loss: instances differ, and so
 * do their first losses. Where the loss jumps on some instances, another line has the mean of the others.
 */
export function lossTable(settings: RepresentationSettings, curves: readonly RunCurve[]): TextTable {
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
  return {
    title: `${studyTitle(settings)}, ${countText(settings.instances)}`,
    header,
    rows,
    alignments: ['left', 'left'],
  };
}

export const countText = (instances: number): string =>
  instances === 1 ? 'one instance' : `mean of ${instances} instances`;

/** Where the figures beside ours come from, if there are any. */
export function sourcesOf(curves: readonly RunCurve[]): string | undefined {
  return curves.some(({ published, rerun }) => published !== undefined || rerun !== undefined)
    ? knownSources
    : undefined;
}

const knownSources =
  "published: outputs of the authors' notebooks (Sow, Ji and Liang 2022), one instance, seconds on a laptop; re-run: an " +
  'independent NumPy program that does what they do, on instances of its own';

/** The results as programs read them. */
export function resultsJson(settings: RepresentationSettings, curves: readonly RunCurve[]): object {
  const steps = reportedSteps(settings);
  return {
    study: settings.study,
    instances: settings.instances,
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
