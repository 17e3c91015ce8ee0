import test from 'ava';
import { decode } from 'fast-png';
import { curvesOf } from '../../lib/report/curves.js';
import { formatDuration, formatFixed, formatNumber, formatShare } from '../../lib/report/format.js';
import { imageDataUri, mostSuspicious } from '../../lib/report/gallery.js';
import { countBins, renderHistogram } from '../../lib/report/histogram.js';
import { Html, html } from '../../lib/report/html.js';
import { renderLineChart } from '../../lib/report/line-chart.js';
import { type ReportData, renderReport } from '../../lib/report/report.js';
import { renderSvg } from '../../lib/report/svg.js';
import { meanAndDeviation, renderMethodTable, renderTextTable } from '../../lib/report/tables.js';
import { Tensor } from '../../lib/tensor.js';

const attack = `</title><script>alert("1")</script>'&`;
const escaped = '&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;';

test('every value in a template is escaped, in lists and attributes too, unless it is markup', (t) => {
  t.is(
    html`<a title="${attack}">${[attack, 3, undefined, html`<b>${attack}</b>`]}</a>`.text,
    `<a title="${escaped}">${escaped}3<b>${escaped}</b></a>`,
  );
  t.is(html`${new Html('<i>')}`.text, '<i>');
});

/** A report in which every text that comes from outside is an attack. */
const hostile: ReportData = {
  title: attack,
  summary: attack,
  results: { measure: attack, methods: [{ method: attack, ours: [90], paper: 91, note: attack, emphasized: true }] },
  tables: [{ title: attack, header: [attack, attack], rows: [[attack, attack]], note: attack }],
  charts: [
    {
      title: attack,
      xLabel: attack,
      yLabel: attack,
      yScale: 'log',
      series: [{ name: attack, points: [{ x: 0, y: 1 }] }],
    },
  ],
  samples: {
    importance: { rows: [4, 5], weights: [0.1, 0.9], given: [0, 1], predicted: [1, 1], actual: [1, 1] },
    images: Tensor.from([0, 0.25, 0.5, 1, 0, 0, 0, 0], [2, 1, 2, 2]),
    classes: [attack, 'b'],
  },
  configuration: { [attack]: attack, nested: { list: [attack] } },
  environment: { node: attack },
};

test('no text from outside becomes markup, and the page asks for nothing from anywhere', (t) => {
  const page = renderReport(hostile);
  t.false(/<script/i.test(page));
  t.true(page.includes(escaped));
  t.deepEqual(page.match(/(?:src|href)="(?!data:image\/png;base64,)[^"]*"/g), null);
  t.false(/https?:|url\(|@import/.test(page));
  t.regex(page, /Content-Security-Policy" content="default-src 'none'/);
});

test('elements of the page are closed in order', (t) => {
  const open: string[] = [];
  const body = renderReport(hostile).replace(/<style>.*<\/style>/s, '');
  for (const [, slash, name = '', selfClosed] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
    if (selfClosed || ['meta', 'img'].includes(name)) continue;
    if (slash) t.is(open.pop(), name);
    else open.push(name);
  }
  t.deepEqual(open, []);
});

test('charts by themselves are one picture, with a legend that wraps, references, closed elements and no markup from outside', (t) => {
  const series = Array.from({ length: 9 }, (_, index) => ({
    name: `a curve of number ${index} ${attack}`,
    points: [1, 10, 100].map((x) => ({ x, y: x ** -index })),
    reference: index === 8,
  }));
  const chart = { title: attack, xLabel: attack, xScale: 'log', yLabel: attack, yScale: 'log', series } as const;
  const picture = renderSvg([chart, chart, chart], 2);
  t.true(picture.startsWith('<svg xmlns="http://www.w3.org/2000/svg"') && picture.includes(escaped));
  t.false(/<script/i.test(picture));
  t.is(picture.match(/class="line[^"]*" d="M58/g)?.length, 3 * 9 + 3 * 9, 'a curve and a key for each series');
  t.is(picture.match(/class="line reference"/g)?.length, 3 * 2);
  const heights = [...picture.matchAll(/translate\((\d+) (\d+)\)"><text class="title"/g)].map(([, x, y]) => [x, y]);
  t.is(heights.length, 3);
  t.is(heights[0]?.[1], heights[1]?.[1]);
  t.is(heights[0]?.[0], heights[2]?.[0]);
  // On logarithmic axes powers are straight: a decade to the right is as far as the next.
  const [, ...points] = /<g class="series-1"><path class="line" d="M([\d.,]+)L([\d.,]+)L([\d.,]+)"/.exec(picture) ?? [];
  const [a, b, c] = points.map((text) => text.split(',').map(Number));
  for (const axis of [0, 1]) {
    const middle = ((a?.[axis] as number) + (c?.[axis] as number)) / 2;
    t.true(Math.abs(middle - (b?.[axis] as number)) < 0.2, `${middle}`);
  }
  const open: string[] = [];
  for (const [, slash, name = '', closed] of picture.matchAll(/<(\/?)([a-z]+)\b[^>]*?(\/?)>/g)) {
    if (closed) continue;
    if (slash) t.is(open.pop(), name);
    else open.push(name);
  }
  t.deepEqual(open, []);
});

test('the page shows the numbers it was given and those it derives', (t) => {
  const weights = [0.05, 0.2, 0.9, 0.6, 0.95];
  const page = renderReport({
    title: 'Run',
    results: {
      measure: 'Test accuracy, %',
      methods: [
        { method: 'Val-only', ours: [90, 91, 92], paper: 90.54 },
        { method: 'Penalty', ours: [90.5, 91, 91.5], paper: 91.25, emphasized: true },
      ],
    },
    samples: {
      importance: {
        rows: [10, 11, 12, 13, 14],
        weights,
        given: [0, 1, 2, 3, 4],
        predicted: [7, 8, 2, 3, 4],
        actual: [7, 8, 2, 9, 4],
      },
      images: Tensor.zeros([5, 1, 2, 2]),
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      shown: 2,
    },
    wallSeconds: 125,
    stepsPerSecond: 2500,
    configuration: { seed: 3, penalty: { gamma: 0.01 } },
  });
  t.regex(page, /<td>91\.00 ± 1\.00<\/td>\s*<td>90\.54<\/td>\s*<td>\+0\.46<\/td>/);
  t.regex(page, /class="emphasized"[\s\S]*?<td>91\.00 ± 0\.50<\/td>\s*<td>91\.25<\/td>\s*<td>−0\.25<\/td>/);
  t.regex(page, /mean ± standard deviation of 3 seeds/);
  t.regex(page, /<strong>1\.000<\/strong><span>Area under the ROC curve/);
  t.regex(page, /<strong>66\.7 %<\/strong><span>Wrong labels found/);
  t.regex(page, /<dt>precision<\/dt><dd>100\.0 %<\/dd>/);
  t.regex(page, /<strong>2 min 05 s<\/strong>/);
  t.regex(page, /<strong>2,500<\/strong><span>Lower steps per second/);
  t.regex(page, /<dt>penalty\.gamma<\/dt><dd>0\.01<\/dd>/);
  t.is(page.match(/<li class="card corrupted">/g)?.length, 2);
  t.regex(
    page,
    /<dd>10<\/dd>\s*<dt>given<\/dt><dd>0<\/dd>\s*<dt>predicted<\/dt><dd>7<\/dd>\s*<dt>true<\/dt><dd>7<\/dd>\s*<dt>weight<\/dt><dd>0\.05<\/dd>/,
  );
  t.false(page.includes('NaN'));
});

test('without true labels there is no verdict and no detection; without parts there is still a page', (t) => {
  const page = renderReport({
    title: 'Run',
    samples: {
      importance: { rows: [0], weights: [0.5], given: [1n], predicted: [1n] },
      images: Tensor.zeros([1, 1, 1, 1]),
      classes: [],
    },
    configuration: {},
  });
  t.regex(page, /card unknown/);
  t.false(/precision|true<\/dt>|Learning curves|Results/.test(page));
  t.regex(renderReport({ title: 'Empty', configuration: {} }), /<h1>Empty<\/h1>/);
});

test('lists and images that do not fit each other are refused', (t) => {
  const samples = {
    importance: { rows: [0, 1], weights: [0.5, 0.6], given: [1, 1], predicted: [1, 1] },
    images: Tensor.zeros([2, 1, 1, 1]),
    classes: ['a', 'b'],
  };
  const render = (changed: object) =>
    renderReport({ title: '', configuration: {}, samples: { ...samples, ...changed } });
  t.notThrows(() => render({}));
  t.throws(() => render({ images: Tensor.zeros([3, 1, 1, 1]) }), { code: 'SHAPE_MISMATCH' });
  t.throws(() => render({ images: Tensor.zeros([2, 1]) }), { code: 'SHAPE_MISMATCH' });
  t.throws(() => render({ importance: { ...samples.importance, given: [1] } }), {
    code: 'INVALID_ARGUMENT',
    message: /given/,
  });
});

/** The pixels of a data URI, as a PNG decoder sees them. */
const pixelsOf = (uri: string) => decode(Buffer.from(uri.replace('data:image/png;base64,', ''), 'base64'));

test('images are PNG files: grey, colour, and values outside 0 to 1 stretched', (t) => {
  const grey = pixelsOf(imageDataUri(Tensor.from([9, 9, 0, 0.2, 0.6, 1], [3, 1, 1, 2]), 1));
  t.deepEqual([grey.width, grey.height, grey.channels, [...grey.data]], [2, 1, 1, [0, 51]]);
  const colour = pixelsOf(imageDataUri(Tensor.from([1, 0, 0, 1, 0.2, 0.4], [1, 3, 1, 2]), 0));
  t.deepEqual([colour.channels, [...colour.data]], [3, [255, 0, 51, 0, 255, 102]]);
  const wide = pixelsOf(imageDataUri(Tensor.from([-1, 0, 3], [1, 1, 3, 1]), 0));
  t.deepEqual([wide.height, [...wide.data]], [3, [0, 64, 255]]);
});

test('the most suspicious samples are those of lowest weight, in order', (t) => {
  t.deepEqual(mostSuspicious([0.5, 0.1, 0.5, 0.05, 0.1], 4), [3, 1, 4, 0]);
  t.deepEqual(mostSuspicious([0.5], 4), [0]);
});

test('bins count their values once, the upper end included, strays left out', (t) => {
  t.deepEqual(countBins([0, 0.24, 0.25, 0.5, 0.99, 1, 1.01, -0.1, Number.NaN], [0, 1], 4), [2, 1, 1, 2]);
  const drawing = renderHistogram({
    title: 'h',
    xLabel: 'x',
    domain: [0, 1],
    groups: [{ name: 'a', values: [0.5, 0.5, 1] }],
  }).text;
  t.deepEqual(
    [...drawing.matchAll(/<title>([^<]*)/g)].map(([, text]) => text),
    ['a: 2 from 0.48 to 0.52', 'a: 1 from 0.96 to 1'],
  );
});

/** All coordinates of the drawn paths of one class. */
const pathsOf = (chart: Html, name: string): number[][] =>
  [...chart.text.matchAll(new RegExp(`class="${name}" d="([^"]*)"`, 'g'))].map(([, d = '']) =>
    [...d.matchAll(/-?[\d.]+/g)].map(([number]) => Number(number)),
  );

test('curves stay inside the frame, also constant, empty, single, and on a logarithmic axis with values that have no logarithm', (t) => {
  const lists = [
    [],
    [5],
    [5, 5, 5],
    [0, 1e-9, 1e9],
    [-3, 0, 2],
    Array.from({ length: 5000 }, (_, i) => Math.sin(i)),
    [Number.NaN, 1, Number.POSITIVE_INFINITY],
  ];
  for (const yScale of ['linear', 'log'] as const) {
    for (const ys of lists) {
      const chart = renderLineChart({
        title: 't',
        xLabel: 'x',
        yLabel: 'y',
        yScale,
        series: [{ name: 's', points: ys.map((y, x) => ({ x, y })) }],
      });
      t.false(/NaN|Infinity|undefined/.test(chart.text));
      for (const numbers of [...pathsOf(chart, 'line'), ...pathsOf(chart, 'band')]) {
        t.true(numbers.length <= 4 * 160);
        for (const number of numbers) t.true(number >= 0 && number <= 520);
      }
      t.true((chart.text.match(/<text/g)?.length ?? 0) >= 4, `tick labels of ${yScale} ${ys.length}`);
    }
  }
});

test('a falling curve falls, and equal steps on a logarithmic axis are powers', (t) => {
  const points = [100, 10, 1].map((y, x) => ({ x, y }));
  const [line = []] = pathsOf(
    renderLineChart({ title: 't', xLabel: 'x', yLabel: 'y', yScale: 'log', series: [{ name: 's', points }] }),
    'line',
  );
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0] = line;
  t.true(y0 < y1 && y1 < y2 && x0 < x1);
  t.true(Math.abs(y1 - y0 - (y2 - y1)) < 0.2 && Math.abs(x1 - x0 - (x2 - x1)) < 0.2);
});

test('charts are made of the columns that the metrics have', (t) => {
  const rows = [
    { iteration: 1, f: 3, accuracy: 0.9 },
    { iteration: 2, f: null },
    { iteration: 3, f: 2, note: 'x' },
    { f: 9 },
  ];
  const charts = curvesOf(rows, { column: 'iteration', label: 'Iteration' }, [
    { title: 'A', yScale: 'linear', yLabel: 'nats', columns: { f: 'loss', g: 'missing', note: 'text' } },
    { title: 'B', yScale: 'log', yLabel: '%', factor: 100, columns: { accuracy: 'accuracy' } },
    { title: 'C', yScale: 'log', yLabel: '', columns: { other: 'other' } },
  ]);
  t.deepEqual(charts, [
    {
      title: 'A',
      yScale: 'linear',
      yLabel: 'nats',
      xLabel: 'Iteration',
      series: [
        {
          name: 'loss',
          points: [
            { x: 1, y: 3 },
            { x: 3, y: 2 },
          ],
        },
      ],
    },
    {
      title: 'B',
      yScale: 'log',
      yLabel: '%',
      xLabel: 'Iteration',
      series: [{ name: 'accuracy', points: [{ x: 1, y: 90 }] }],
    },
  ]);
});

test('numbers are shown for people', (t) => {
  t.deepEqual(
    [0, 0.01, 1e-4, -2.5e-7, 12345.6, 1234567, 88.03].map((x) => formatNumber(x)),
    ['0', '0.01', '1e−4', '−2.5e−7', '12,346', '1.23e6', '88'],
  );
  t.deepEqual(
    [Number.NaN, Number.NEGATIVE_INFINITY].map((x) => formatNumber(x)),
    ['–', '−∞'],
  );
  t.deepEqual(
    [formatFixed(-1.005, 1), formatFixed(Number.NaN, 1), formatShare(0.8768), formatShare(Number.NaN)],
    ['−1.0', '–', '87.7 %', '–'],
  );
  t.deepEqual([0, 59.94, 59.97, 119.6, 7325].map(formatDuration), [
    '0.0 s',
    '59.9 s',
    '1 min 00 s',
    '2 min 00 s',
    '2 h 02 min',
  ]);
  t.deepEqual(meanAndDeviation([1, 2, 3]), { mean: 2, deviation: 1 });
  t.deepEqual(meanAndDeviation([4]), { mean: 4 });
  t.regex(renderMethodTable({ measure: 'm', methods: [{ method: 'a', ours: [] }] }).text, /<td>–<\/td>/);
});

test('single runs are drawn behind their mean: one faint path, no band, and room for all of them', (t) => {
  const points = (y: number) => [0, 1, 2].map((x) => ({ x, y }));
  const chart = { title: 'runs', xLabel: 'x', yLabel: 'y', yScale: 'linear' } as const;
  const series = { name: 'mean', points: points(2), runs: [points(1), points(3)] };
  const { text } = renderLineChart({ ...chart, series: [series] });
  const [, faint = ''] = /class="run series-0" d="([^"]*)"/.exec(text) ?? [];
  t.is(faint.split('M').length - 1, 2);
  const heights = [...faint.matchAll(/,([\d.]+)/g)].map(([, y]) => Number(y));
  t.deepEqual([Math.max(...heights), Math.min(...heights)], [210, 28]);
  t.true(text.indexOf('class="run') < text.indexOf('class="line mean"'));
  t.false(text.includes('class="band"'));
  t.false(renderLineChart({ ...chart, series: [{ name: 'alone', points: points(2) }] }).text.includes('class="run'));
});

test('a chart says what its axes measure, how to read it, and all that in words for those who do not see it', (t) => {
  const points = Array.from({ length: 500 }, (_, x) => ({ x, y: 50 + (x % 7) }));
  const { text } = renderLineChart({
    title: 'Accuracy',
    xLabel: 'iteration',
    xScale: 'log',
    yLabel: 'accuracy, %',
    yScale: 'linear',
    series: [
      { name: 'ours', points },
      { name: 'theirs', points: [{ x: 1, y: 60 }], reference: true },
      { name: 'none', points: [] },
    ],
  });
  t.regex(text, />accuracy, %<\/text>/);
  t.regex(text, />iteration \(log scale\)<\/text>/);
  t.regex(text, /shaded: from the lowest to the highest/);
  t.regex(text, /Dotted: for comparison/);
  t.regex(
    text,
    /aria-label="Accuracy\. accuracy, % by iteration \(log scale\)\. ours: from 50 at 0 to 52 at 499; theirs: 60 at 1; none: no points\."/,
  );
});

test('a table has no column in which nothing stands', (t) => {
  const columns = (result: object): string[] => {
    const { text } = renderMethodTable({ measure: 'm', methods: [{ method: 'a', ours: [1], ...result }] });
    const cells = (row: string): number => text.match(new RegExp(`<${row}`, 'g'))?.length ?? 0;
    t.is(cells('th scope="col"'), cells('td') + cells('th scope="row"'));
    return [...text.matchAll(/<th scope="col"[^>]*>([^<]*)/g)].map(([, head = '']) => head);
  };
  t.deepEqual(columns({}), ['Method', 'Mean']);
  t.deepEqual(columns({ paper: 2 }), ['Method', 'Ours', 'Paper', 'Difference']);
  t.deepEqual(columns({ note: 'n' }), ['Method', 'Mean', 'What it is']);
});
test('text stands on the left in tables, and sentences may take several lines', (t) => {
  const table = {
    title: 'Ways',
    header: ['way', 'number', 'kind', 'what it is'],
    alignments: ['left', 'right', 'left', 'left'],
    rows: [['one', '1.5', 'exact', 'a sentence that is longer than thirty characters']],
  } as const;
  const page = String(renderTextTable(table).text);
  t.regex(page, /<th scope="col">number<\/th><th scope="col" class="text">kind<\/th><th scope="col" class="note">/);
  t.regex(page, /<td>1\.5<\/td><td class="text">exact<\/td><td class="note">a sentence/);
  t.notRegex(String(renderTextTable({ ...table, alignments: undefined as never }).text), /class="(text|note)"/);
});
