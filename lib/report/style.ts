/**
 * Colours as variables, so that the dark scheme changes these alone. The series' are those of charts, in their order.
 */
const colours = `
:root {
  --page: #fbfbfa; --panel: #fff; --text: #1d2430; --muted: #626c7a; --line: #e2e4e8; --grid: #eceef1;
  --series-0: #2563c9; --series-1: #d4572a; --series-2: #1e8a5f; --series-3: #8a4fc4; --series-4: #a8780c;
  --series-5: #c2367f; --series-6: #12858f; --series-7: #6b7280; --series-8: #7c5a3c; --series-9: #4d7c0f;
  --mark: #d4572a; --strong: #eef4fd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --panel: #1c2027; --text: #e6e9ee; --muted: #9aa4b2; --line: #303640; --grid: #272c35;
    --series-0: #6ea3f5; --series-1: #f08a5d; --series-2: #5cc79a; --series-3: #bd93f0; --series-4: #dcb14a;
    --series-5: #f07fb5; --series-6: #55c4ce; --series-7: #a3acb9; --series-8: #c9a385; --series-9: #a6cc5f;
    --mark: #f08a5d; --strong: #202c40;
  }
}
`;

/** Series of a chart that have a colour of their own. */
export const maxSeries = 10;

/** What a drawing needs, in a page or by itself. Every third series is dashed, so that one below it can be seen. */
export const chartStyle = `${colours}
${Array.from({ length: maxSeries }, (_, index) => `.series-${index} { --series: var(--series-${index}); }`).join(' ')}
.grid path { stroke: var(--grid); } .axis { stroke: var(--line); fill: none; }
.tick text, .tick-label { fill: var(--muted); font-size: 11.5px; }
text { font-variant-numeric: tabular-nums; }
.line { fill: none; stroke: var(--series); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.series-2 .line, .series-5 .line, .series-8 .line { stroke-dasharray: 8 8; stroke-linecap: butt; }
.mean { stroke-width: 2.4; }
.line.reference { stroke: var(--muted); stroke-dasharray: 2 5; stroke-width: 1.5; }
.run { fill: none; stroke: var(--series); stroke-width: 0.7; opacity: 0.22; }
.band { fill: var(--series); opacity: 0.16; }
.bar { fill: var(--series); }
`;

/** Style sheet of the report. */
export const style = `${chartStyle}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 44px 0 14px; font-size: 20px; }
h3 { margin: 0; font-size: 15px; }
p { margin: 6px 0; color: var(--muted); max-width: 75ch; }
table, .tiles, .properties, .card { font-variant-numeric: tabular-nums; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 24px 0 0; padding: 0; list-style: none; }
.tiles li { padding: 14px 16px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; }
.tiles strong { display: block; font-size: 26px; line-height: 1.25; font-weight: 650; }
.tiles span { color: var(--muted); font-size: 13px; }

.wide { overflow-x: auto; } .wide:focus-visible { outline: 2px solid var(--series-0); }
table { width: 100%; border-collapse: collapse; background: var(--panel); border: 1px solid var(--line); }
caption { padding: 0 0 8px; text-align: left; color: var(--muted); font-size: 14px; }
th, td { padding: 8px 14px; border-top: 1px solid var(--line); text-align: right; font-weight: 400; white-space: nowrap; }
thead th { color: var(--muted); font-size: 13px; border-top: 0; }
th:first-child, .text, .note { text-align: left; }
.note { color: var(--muted); font-size: 14px; white-space: normal; min-width: 14em; }
.emphasized { background: var(--strong); }
.emphasized th, .emphasized td:not(.note) { font-weight: 650; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 16px; }
.chart, .detection { margin: 0; padding: 14px 16px 8px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; min-width: 0; }
.chart figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 16px; margin-bottom: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 13px; color: var(--muted); }
.key::before { content: ""; display: inline-block; width: 12px; height: 3px; margin-right: 6px; vertical-align: middle; border-radius: 2px; background: var(--series); }
svg { display: block; width: 100%; height: auto; }
.chart-note { margin: 4px 0; font-size: 13px; }
/* A chart is drawn 520 units wide: on a phone its text would shrink with it. */
@media (max-width: 520px) { main { padding: 24px 12px 48px; } h1 { font-size: 24px; } .tiles { grid-template-columns: repeat(2, 1fr); } .gallery { grid-template-columns: repeat(2, minmax(0, 1fr)); } th, td { padding: 6px 8px; font-size: 14px; } .chart { padding-inline: 8px; } .tick text, .tick-label { font-size: 16px; } }

.properties { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 0 32px; margin: 8px 0; }
.properties div { display: flex; justify-content: space-between; gap: 16px; padding: 5px 0; border-bottom: 1px solid var(--line); }
.properties dt { color: var(--muted); } .properties dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
.detection .properties { grid-template-columns: 1fr; }

.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(164px, 1fr)); gap: 10px; margin: 14px 0 0; padding: 0; list-style: none; }
.card { padding: 10px; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; font-size: 13px; }
.card.corrupted { border-left: 3px solid var(--mark); padding-left: 8px; }
.card img { display: block; width: 72px; height: 72px; margin-bottom: 8px; image-rendering: pixelated; border-radius: 4px; background: #000; }
.card.pictures img { display: inline-block; margin: 0 4px 4px 0; }
.card dl { display: grid; grid-template-columns: minmax(0, max-content) minmax(0, 1fr); gap: 0 6px; margin: 0; line-height: 1.45; }
.card dt { color: var(--muted); } .card dd { margin: 0; font-weight: 600; text-align: right; }
.card dt, .card dd { min-width: 0; overflow-wrap: anywhere; }
`;
