import { formatDuration } from '../report/format.js';
import { type ResultTable, spread, type TextTable } from '../report/tables.js';
import { type AnyResults, type AnyStudy, failuresOf, tablesOf } from '../study/index.js';
import { formatTable, wrapText } from './output.js';
import { style } from './print.js';

/**
 * The results of a study as people read them: its tables, and below them a line for each of what else there is to say.
 * @param page the file of its page
 */
export function summarize(study: AnyStudy, results: AnyResults, page: string): string {
  const values = study.results?.(results);
  const tables = [...(values === undefined ? [] : [asText(values)]), ...tablesOf(study, results)];
  const published = study.published?.(results);
  const seconds = results.outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  const facts = [
    ...(study.claims?.(results) ?? []).map((text) => ({ label: 'Finding', text })),
    ...failuresOf(results).map((text) => ({ label: 'Ended', text })),
    ...(study.facts?.(results) ?? []),
    ...(published === undefined ? [] : [{ label: 'Paper', text: published }]),
    { label: 'Time', text: `${formatDuration(seconds)} in all` },
    { label: 'Results', text: `${results.folder} (open ${page})` },
  ];
  const width = Math.max(...facts.map(({ label }) => label.length));
  return [
    '',
    ...tables.flatMap(({ title, header, rows, alignments, note }) => [
      style('bold', title),
      formatTable(header, rows, alignments),
      ...(note === undefined ? [] : [style('dim', wrapText(note, 0))]),
      '',
    ]),
    ...facts.map(({ label, text }) => `${style('bold', label.padEnd(width))}  ${text}`),
  ].join('\n');
}

/** Values by method, with several seeds mean and standard deviation, beside the paper's where it has some. */
function asText({ measure, methods }: ResultTable): TextTable {
  const noted = methods.some(({ note }) => note !== undefined);
  const compared = methods.some(({ paper }) => paper !== undefined);
  return {
    title: measure.replace(/^./, (letter) => letter.toUpperCase()),
    header: ['Method', compared ? 'ours' : 'mean', ...(compared ? ['paper'] : []), ...(noted ? ['what it is'] : [])],
    rows: methods.map(({ method, ours, paper, note = '' }) => [
      method,
      spread(ours),
      ...(compared ? [paper?.toFixed(2) ?? ''] : []),
      ...(noted ? [note] : []),
    ]),
    alignments: ['left', 'right', ...(compared ? (['right'] as const) : []), ...(noted ? (['left'] as const) : [])],
  };
}
