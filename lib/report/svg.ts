import { frame } from './axes.js';
import { Html, html } from './html.js';
import { describe, drawLines, type LineChart, notesOf } from './line-chart.js';
import { chartStyle } from './style.js';

const size = { title: 30, legendLine: 18, gap: 16, character: 6.8, key: 38 } as const;

interface LegendEntry {
  readonly name: string;
  readonly series: number;
  readonly x: number;
  readonly line: number;
}

/** Places the names of the series from left to right, and on the next line where there is no room. */
function placeLegend(names: readonly string[]): LegendEntry[] {
  let [x, line] = [frame.left, 0];
  return names.map((name, series) => {
    const width = size.key + size.character * name.length;
    if (x > frame.left && x + width > frame.width) [x, line] = [frame.left, line + 1];
    const entry = { name, series, x, line };
    x += width;
    return entry;
  });
}

/**
 * Charts in rows of `columns` as one SVG file that needs nothing else: for pages that show pictures but no HTML. It
 * follows the reader's light or dark scheme.
 */
export function renderSvg(charts: readonly LineChart[], columns = 1): string {
  const legends = charts.map(({ series }) => placeLegend(series.map(({ name }) => name)));
  const lines = Math.max(0, ...legends.flat().map(({ line }) => line + 1));
  const noted = Math.max(0, ...charts.map((chart) => notesOf(chart).length));
  const cell = {
    width: frame.width + size.gap,
    height: size.title + (lines + noted) * size.legendLine + frame.height + size.gap,
  };
  const [width, height] = [columns * cell.width, Math.ceil(charts.length / columns) * cell.height];
  const cells = charts.map((chart, index) => {
    const [left, top] = [(index % columns) * cell.width, Math.floor(index / columns) * cell.height];
    const keys = (legends[index] ?? []).map(({ name, series, x, line }) => {
      const y = size.title + line * size.legendLine + 4;
      return html`<g class="series-${series}"><path class="line${chart.series[series]?.reference ? ' reference' : ''}" d="M${x} ${y}h20"/></g><text class="name" x="${x + 25}" y="${y + 4}">${name}</text>`;
    });
    const below = size.title + lines * size.legendLine + frame.height;
    const notes = notesOf(chart).map(
      (note, place) =>
        html`<text class="name" x="${frame.left}" y="${below + (place + 0.7) * size.legendLine}">${note}</text>`,
    );
    return html`<g role="img" aria-label="${chart.title}. ${describe(chart)}" transform="translate(${left} ${top})"><text class="title" x="${frame.left}" y="18">${chart.title}</text>${keys}
  <g transform="translate(0 ${size.title + lines * size.legendLine})">${drawLines(chart)}</g>${notes}</g>`;
  });
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>${new Html(chartStyle)}
text { font-family: system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
.title { fill: var(--text); font-size: 14px; font-weight: 600; } .name { fill: var(--muted); font-size: 12px; }
.page { fill: var(--panel); }</style>
<rect class="page" width="${width}" height="${height}"/>
${cells}
</svg>
`.text;
}
