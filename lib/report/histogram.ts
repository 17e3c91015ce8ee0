import { scaleLinear } from 'd3-scale';
import { fitScale, frame, renderAxes, renderFigure } from './axes.js';
import { formatNumber } from './format.js';
import { type Html, html } from './html.js';

export interface Histogram {
  readonly title: string;
  readonly xLabel: string;
  readonly domain: readonly [number, number];
  readonly groups: readonly { readonly name: string; readonly values: ArrayLike<number> }[];
}

/**
 * How many values are in each of `bins` equal parts of the domain; the upper end belongs to the last part. Values
 * outside the domain, and NaN, are not counted.
 */
export function countBins(values: ArrayLike<number>, [low, high]: readonly [number, number], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!(value >= low && value <= high)) continue;
    const bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

const bins = 25;

/** How many values there are, and in which part of the domain most of them are. */
function describeBins(counts: readonly number[], [low, high]: readonly [number, number]): string {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'none';
  const most = counts.indexOf(Math.max(...counts));
  const edge = (bin: number): string => formatNumber(low + (bin * (high - low)) / counts.length);
  return `${total}, most from ${edge(most)} to ${edge(most + 1)}`;
}

/** Bars of the groups side by side in each bin, so that neither hides the other. */
export function renderHistogram({ title, xLabel, domain, groups }: Histogram): Html {
  const counts = groups.map(({ values }) => countBins(values, domain, bins));
  const bottom = frame.height - frame.bottom;
  const x = scaleLinear(domain, [frame.left, frame.width - frame.right]);
  const y = fitScale('linear', [0, Math.max(1, ...counts.flat())], [bottom, frame.top]);
  const [low, high] = domain;
  const binWidth = (high - low) / bins;
  const slot = (x(low + binWidth) - x(low) - 3) / groups.length;
  const bars = counts.map(
    (group, groupIndex) =>
      html`<g class="series-${groupIndex}">${group.map((count, bin) => {
        if (count === 0) return undefined;
        const from = low + bin * binWidth;
        const left = x(from) + 1.5 + groupIndex * slot;
        return html`<rect class="bar" x="${left.toFixed(1)}" y="${y(count).toFixed(1)}" width="${slot.toFixed(1)}" height="${(bottom - y(count)).toFixed(1)}"><title>${groups[groupIndex]?.name}: ${count} from ${formatNumber(from)} to ${formatNumber(from + binWidth)}</title></rect>`;
      })}</g>`,
  );
  const axes = renderAxes({ scale: x, kind: 'linear', label: xLabel }, { scale: y, kind: 'linear', label: 'samples' });
  const names = groups.map(({ name }) => name);
  const totals = groups.map(({ name }, group) => `${name}: ${describeBins(counts[group] ?? [], domain)}`);
  const description = `Samples by ${xLabel}. ${totals.join('; ')}.`;
  return renderFigure({ title, names, description }, html`${axes}${bars}`);
}
