import { mean } from '../numbers.js';
import { formatFixed } from './format.js';
import { type Html, html } from './html.js';

/** One line of the table of methods. */
export interface MethodResult {
  readonly method: string;
  /** One value per seed. */
  readonly ours: readonly number[];
  /** The value of the paper; absent when it has none. */
  readonly paper?: number;
  /** What the reader should know about the line. */
  readonly note?: string;
  /** Marks the method that the report is about. */
  readonly emphasized?: boolean;
}

/** Lines of a table of methods, and what their values are: `test accuracy in %`. */
export interface ResultTable {
  readonly measure: string;
  readonly methods: readonly MethodResult[];
}

/** Mean and sample standard deviation; the latter is undefined for fewer than two values. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation?: number } {
  const center = mean(values);
  if (values.length < 2) return { mean: center };
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return { mean: center, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/**
 * Mean, and with several values the standard deviation; a dash for what nothing defines, such as the AUC without noise.
 */
export function spread(values: readonly number[], digits = 2): string {
  if (values.some(Number.isNaN)) return '–';
  const { mean, deviation } = meanAndDeviation(values);
  return deviation === undefined ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

/** Methods with our value (mean ± standard deviation over the seeds) beside the paper's, where it has any. */
export function renderMethodTable({ measure, methods }: ResultTable): Html {
  const seeds = methods.reduce((most, { ours }) => Math.max(most, ours.length), 1);
  const isPublished = methods.some(({ paper }) => paper !== undefined);
  const isNoted = methods.some(({ note }) => note !== undefined);
  const lines = methods.map(({ method, ours, paper, note, emphasized }) => {
    const { mean, deviation } = meanAndDeviation(ours);
    return html`<tr class="${emphasized ? 'emphasized' : ''}">
  <th scope="row">${method}</th>
  <td>${formatFixed(mean, 2)}${deviation === undefined ? '' : ` ± ${formatFixed(deviation, 2)}`}</td>
  ${
    isPublished &&
    html`<td>${paper === undefined ? '' : formatFixed(paper, 2)}</td>
  <td>${paper === undefined ? '' : formatDifference(mean - paper)}</td>`
  }
  ${isNoted && html`<td class="note">${note}</td>`}
</tr>`;
  });
  return html`<div ${scrolled(measure)}><table>
<caption>${measure}${seeds > 1 ? `, mean ± standard deviation of ${seeds} seeds` : ''}</caption>
<thead><tr><th scope="col">Method</th><th scope="col">${isPublished ? 'Ours' : 'Mean'}</th>${
    isPublished && html`<th scope="col">Paper</th><th scope="col">Difference</th>`
  }${isNoted && html`<th scope="col" class="note">What it is</th>`}</tr></thead>
<tbody>${lines}</tbody>
</table></div>`;
}

function formatDifference(difference: number): string {
  return `${difference > 0 ? '+' : ''}${formatFixed(difference, 2)}`;
}

/** Names and values, of those that have one; nested records by dotted name, lists as JSON. */
export function renderProperties(properties: object): Html {
  return html`<dl class="properties">${listProperties(properties)}</dl>`;
}

function listProperties(properties: object, prefix = ''): Html[] {
  return Object.entries(properties).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined || value === '') return [];
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return listProperties(value, `${prefix}${key}.`);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [html`<div><dt>${prefix}${key}</dt><dd>${text}</dd></div>`];
  });
}

/** Of what holds a table that may be wider than the screen: the keyboard can scroll it, too. */
function scrolled(title: string): Html {
  return html`class="wide" tabindex="0" role="region" aria-label="${title}"`;
}

/** A table of text: the first column names the lines. */
export interface TextTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How columns are aligned; the first to the left, the others to the right by default. */
  readonly alignments?: readonly ('left' | 'right')[];
  /** A sentence below it. */
  readonly note?: string;
}

/** Characters from which on a cell is a sentence, which may take several lines. */
const sentence = 30;

export function renderTextTable({ title, header, rows, alignments = [], note }: TextTable): Html {
  const [first, ...others] = header;
  const classes = others.map((_, at) => {
    if (alignments[at + 1] !== 'left') return undefined;
    const isLong = rows.some((row) => (row[at + 1]?.length ?? 0) > sentence);
    return isLong ? html` class="note"` : html` class="text"`;
  });
  return html`<div ${scrolled(title)}><table>
<thead><tr><th scope="col">${first}</th>${others.map((name, at) => html`<th scope="col"${classes[at]}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([name, ...cells]) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell, at) => html`<td${classes[at]}>${cell}</td>`)}</tr>
`,
  )}</tbody>
</table></div>${note === undefined ? undefined : html`<p>${note}</p>`}`;
}
