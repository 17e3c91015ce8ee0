// Bars of times over bilevel's, one panel a step, as SVG files that need nothing else.
import { scaleLog } from 'd3-scale';
import { Html, html } from '../dist/lib/report/html.js';
import { chartStyle, maxSeries } from '../dist/lib/report/style.js';
import { contenders } from './contenders/index.mjs';
import { casesOf, fastestPeer, titles } from './report.mjs';
import { short } from './statistics.mjs';

const size = { left: 96, right: 112, width: 720, bar: 10, gap: 10, title: 30, legendLine: 18, axis: 44 };
const stepsOfAxis = [1, 2, 5];

/** A logarithmic scale that holds 1, where bilevel is. */
function scaleOf(ratios) {
  const [low, high] = [Math.min(0.9, ...ratios), Math.max(2, ...ratios)];
  return scaleLog([low, high * 1.05], [size.left, size.width - size.right]);
}

/** Powers of ten, and 2 and 5 of each where there is room. */
function ticks(x) {
  const [low, high] = x.domain();
  const decades = Math.log10(high / low);
  const multiples = decades > 3 ? [1] : stepsOfAxis;
  const exponents = Array.from({ length: Math.ceil(decades) + 2 }, (_, i) => Math.floor(Math.log10(low)) + i);
  return exponents.flatMap((e) => multiples.map((m) => m * 10 ** e)).filter((tick) => tick >= low && tick <= high);
}

/**
 * @param groups `{ network, bars: { ratio, series, note }[] }[]`; the note stands behind its bar
 * @param top where it begins
 */
function panel(title, groups, top) {
  const x = scaleOf(groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
  let y = top + size.title;
  const begin = y - size.gap / 2;
  const marks = groups.map(({ network, bars }) => {
    const from = y;
    const drawn = bars.map(({ series, ratio, note }) => {
      const [left, right] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
      const rect = html`<g class="series-${series}"><rect class="bar" x="${left.toFixed(1)}" y="${y}" width="${(right - left).toFixed(1)}" height="${size.bar - 1}"/></g><text class="value" x="${(right + 4).toFixed(1)}" y="${y + size.bar - 1.5}">${note}</text>`;
      y += size.bar;
      return rect;
    });
    const middle = (from + y) / 2;
    y += size.gap;
    return html`<text class="network" x="${size.left - 8}" y="${middle}" dy="0.32em" text-anchor="end">${network}</text>${drawn}`;
  });
  const bottom = y - size.gap / 2;
  const lines = ticks(x).map((tick) => {
    const at = x(tick).toFixed(1);
    return html`<path d="M${at} ${begin}V${bottom}"/><text class="value" x="${at}" y="${bottom + 14}" text-anchor="middle">${short(tick)}</text>`;
  });
  const middle = ((size.left + size.width - size.right) / 2).toFixed(1);
  const label = html`<text class="value" x="${middle}" y="${bottom + 28}" text-anchor="middle">times as long as bilevel (log scale)</text>`;
  const drawing = html`<text class="title" x="8" y="${top + 16}">${title}</text><g class="grid">${lines}</g>${label}${marks}<path class="axis one" d="M${x(1).toFixed(1)} ${begin}V${bottom}"/>`;
  return { drawing, height: bottom + size.axis - top };
}

/** An SVG file with a legend of the series, and a panel for each step that has groups. */
function barChart(label, legend, groupsOf) {
  const columns = 4;
  const keys = legend.map((name, series) => {
    const [x, y] = [8 + (series % columns) * 178, 16 + Math.floor(series / columns) * size.legendLine];
    return html`<g class="series-${series}"><rect class="bar" x="${x}" y="${y - 9}" width="14" height="9"/></g><text class="network" x="${x + 20}" y="${y}">${name}</text>`;
  });
  let height = 14 + Math.ceil(legend.length / columns) * size.legendLine;
  const panels = Object.keys(titles).flatMap((step) => {
    const groups = groupsOf(step).filter(({ bars }) => bars.length > 0);
    if (groups.length === 0) return [];
    const { drawing, height: own } = panel(titles[step], groups, height);
    height += own;
    return [drawing];
  });
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="${label}">
<style>${new Html(chartStyle)}
text { font-family: system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
.title { fill: var(--text); font-size: 13px; font-weight: 600; } .network { fill: var(--text); font-size: 12px; }
.value { fill: var(--muted); font-size: 10px; } .one { stroke: var(--text); } .page { fill: var(--panel); }</style>
<rect class="page" width="${size.width}" height="${height}"/>
${keys}${panels}
</svg>
`.text;
}

/** The networks of a step where bilevel was timed, each with the bars that `barsOf(cases, network, median)` gives. */
function groupsOf(results, step, barsOf) {
  const cases = casesOf(results, step);
  return cases.networks.flatMap((network) => {
    const own = cases.find(network, 'bilevel');
    return own?.median === undefined ? [] : [{ network, bars: barsOf(cases, network, own.median) }];
  });
}

/** For each network the fastest other package alone. */
export function headlineChart(results) {
  return barChart("Time of a step of the fastest other package over bilevel's", [], (step) =>
    groupsOf(results, step, (cases, network, own) => {
      const peer = fastestPeer(cases, network);
      if (peer === undefined) return [];
      const ratio = peer.median / own;
      return [{ series: 0, ratio, note: `${short(ratio)} (${contenders[peer.contender].label})` }];
    }),
  );
}

/** Every contender on every network where it was timed. */
export function contendersChart(results) {
  const timed = results.filter(({ median }) => median !== undefined);
  const shown = Object.keys(contenders)
    .filter((name) => name !== 'bilevel' && !contenders[name].probe)
    .filter((name) => timed.some(({ contender }) => contender === name))
    .slice(0, maxSeries);
  return barChart(
    "Time of a step of every contender over bilevel's",
    shown.map((name) => contenders[name].label),
    (step) =>
      groupsOf(results, step, (cases, network, own) =>
        shown.flatMap((name, series) => {
          const { median } = cases.find(network, name) ?? {};
          return median === undefined ? [] : [{ series, ratio: median / own, note: short(median / own) }];
        }),
      ),
  );
}
