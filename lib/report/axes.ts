import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import { formatNumber } from './format.js';
import { type Html, html } from './html.js';

export type Scale = ScaleContinuousNumeric<number, number>;
export type ScaleKind = 'linear' | 'log';

/** Size of a chart in the units of its view box, about CSS pixels on a wide screen. */
export const frame = { width: 520, height: 250, left: 58, right: 24, top: 28, bottom: 40 } as const;

/** A scale over the values, a little widened to round ends; a single value gets room on both sides. */
export function fitScale(kind: ScaleKind, values: readonly number[], range: readonly [number, number]): Scale {
  let low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  let high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (low > high) [low, high] = [1, 1];
  if (kind === 'log') {
    if (high / low < 4) [low, high] = [low / 2, high * 2];
    return scaleLog([low, high], range);
  }
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  return scaleLinear([low, high], range).nice(5);
}

/** About `count` round values of the scale; on a logarithmic one powers of ten, or 1-2-5 steps when those are few. */
function ticksOf({ scale, kind }: Axis, count: number): number[] {
  if (kind === 'linear') return scale.ticks(count);
  const [low = 1, high = 1] = scale.domain();
  const first = Math.floor(Math.log10(low));
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => first + index);
  const inside = (value: number): boolean => value >= low && value <= high;
  const powers = decades.map((decade) => 10 ** decade).filter(inside);
  if (powers.length < 3)
    return decades.flatMap((decade) => [1, 2, 5].map((step) => step * 10 ** decade)).filter(inside);
  const stride = Math.ceil(powers.length / count);
  return powers.filter((_, index) => index % stride === 0);
}

/** Ticks with their labels, which have three digits, or as many as it takes to tell neighbours apart. */
function labelledTicks(axis: Axis, count: number): readonly (readonly [value: number, label: string])[] {
  const ticks = ticksOf(axis, count);
  const gaps = ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0));
  const least = Math.min(...gaps) / 100;
  const isRight = (digits: number): boolean =>
    ticks.every((tick) => Math.abs(Number(tick.toPrecision(digits)) - tick) <= least);
  const digits = [3, 4, 5, 6, 7, 8].find(isRight) ?? 9;
  return ticks.map((tick) => [tick, formatNumber(tick, digits)]);
}

export interface Axis {
  readonly scale: Scale;
  readonly kind: ScaleKind;
  /** What it measures, with the unit where it has one: `seconds`, `accuracy, %`. */
  readonly label: string;
}

/** The label of an axis, which also says when it is logarithmic. */
export const axisLabel = ({ label, kind }: Pick<Axis, 'label' | 'kind'>): string =>
  kind === 'log' ? `${label} (log scale)` : label;

/**
 * Grid lines, tick labels and the labels of both axes; that of the vertical one lies above it, where it reads level.
 */
export function renderAxes(x: Axis, y: Axis): Html {
  const bottom = frame.height - frame.bottom;
  const right = frame.width - frame.right;
  const heights = labelledTicks(y, 5).map(([value, label]) => ({ label, at: y.scale(value).toFixed(1) }));
  return html`
    <g class="grid">${heights.map(({ at }) => html`<path d="M${frame.left} ${at}H${right}"/>`)}</g>
    <path class="axis" d="M${frame.left} ${bottom}H${right}"/>
    <g class="tick" text-anchor="end">${heights.map(
      ({ label, at }) => html`<text x="${frame.left - 8}" y="${at}" dy="0.32em">${label}</text>`,
    )}</g>
    <g class="tick" text-anchor="middle">${labelledTicks(x, 6).map(
      ([value, label]) => html`<text x="${x.scale(value).toFixed(1)}" y="${bottom + 17}">${label}</text>`,
    )}<text x="${(frame.left + right) / 2}" y="${frame.height - 5}">${axisLabel(x)}</text></g>
    <text class="tick-label" x="2" y="15">${axisLabel(y)}</text>`;
}

/** What a figure shows besides its drawing. */
export interface FigureText {
  readonly title: string;
  /** Of the series, for the legend; class `series-i` colours the i-th. */
  readonly names: readonly string[];
  /** The drawing in words, for those who do not see it. */
  readonly description: string;
  /** How to read what the legend does not name. */
  readonly notes?: readonly string[];
}

/** A titled figure: the legend as text, then the drawing. */
export function renderFigure({ title, names, description, notes = [] }: FigureText, drawing: Html): Html {
  const legend = names.map((name, index) => html`<span class="key series-${index}">${name}</span>`);
  return html`<figure class="chart">
  <figcaption><h3>${title}</h3><div class="legend">${legend}</div></figcaption>
  <svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${title}. ${description}">${drawing}</svg>
  ${notes.map((note) => html`<p class="chart-note">${note}</p>`)}
</figure>`;
}
