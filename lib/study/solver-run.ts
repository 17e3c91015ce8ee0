import { join } from 'node:path';
import { ensureFolder, writeFileAtomic } from '../data/files.js';
import { checkKeys, invalidArgument, isRecord } from '../errors.js';
import { type CurveChart, curvesOf } from '../report/curves.js';
import { formatNumber } from '../report/format.js';
import { renderReport } from '../report/report.js';
import type { TextTable } from '../report/tables.js';
import { findMethod, lowerDescendsUpperNote, methodNames, type StandardReport } from '../solvers/index.js';

/** Options of {@link report}. */
export interface ReportOptions {
  /** Head of the page; `Bilevel run` by default. */
  readonly title?: string | undefined;
  /** One sentence under it; none by default. */
  readonly summary?: string | undefined;
  /** What f and g are measured in, such as `nats`, for the axes; nothing by default. */
  readonly units?: { readonly f?: string; readonly g?: string } | undefined;
  /** The solver that made the reports: the page then lists its method, options and feeds. */
  readonly solver?: { readonly configuration: Readonly<Record<string, string | number | boolean>> } | undefined;
  /**
   * More numbers of every report that are drawn, by name: the label of their axis. `{ accuracy: 'test accuracy, %' }`
   */
  readonly columns?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes the page of a run of your own, `report.html`, into a folder: curves of f, f(u, v*) where there are responses
 * (`evaluateEvery`), g and the lengths of the gradients over the iterations, and a table of the first, the best and the
 * last. Beside it `metrics.jsonl` has a line of JSON for each report. Both are replaced where they are there.
 * @param reports what `run` or `step` gave, in order; with more numbers of your own, if you like
 * @returns where the page is
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; IO_ERROR when the folder cannot be written
 */
export async function report(
  folder: string,
  reports: readonly StandardReport[],
  options: ReportOptions = {},
): Promise<string> {
  if (typeof folder !== 'string' || folder === '') throw invalidArgument('folder', 'the path of a folder', folder);
  checkReports(reports);
  checkKeys(options, ['title', 'summary', 'units', 'solver', 'columns'], 'report');
  const { title = 'Bilevel run', summary, solver, columns = {} } = options;
  const rows = reports.map(flat);
  const page = renderReport({
    title,
    ...(summary !== undefined && { summary }),
    tables: [resultsOf(reports, noteOn(solver))],
    charts: curvesOf(rows, { column: 'iteration', label: 'iteration' }, chartsOf(options, columns)),
    highlights: highlightsOf(reports),
    wallSeconds: reports.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1000,
    configuration: namedShortly(solver?.configuration ?? {}),
  });
  await ensureFolder(folder);
  await writeFileAtomic(join(folder, 'metrics.jsonl'), reports.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const path = join(folder, 'report.html');
  await writeFileAtomic(path, page);
  return path;
}

function checkReports(reports: readonly StandardReport[]): void {
  if (!Array.isArray(reports) || reports.length === 0) {
    throw invalidArgument('reports', 'a list of what a solver reported', reports);
  }
  for (const [index, each] of reports.entries()) {
    const isReport =
      isRecord(each) && ['iteration', 'wallMs', 'f', 'g'].every((name) => typeof each[name] === 'number');
    if (!isReport) throw invalidArgument(`reports[${index}]`, 'a report with iteration, wallMs, f and g', each);
  }
}

/** The numbers of a report, those of its response under names of their own. */
const flat = ({ response, ...others }: StandardReport): Readonly<Record<string, unknown>> => ({
  ...others,
  ...(response && { responseF: response.f, responseResidual: response.residual }),
});

function chartsOf({ units = {} }: ReportOptions, own: Readonly<Record<string, string>>): CurveChart[] {
  const label = (cost: 'f' | 'g'): string => (units[cost] === undefined ? cost : `${cost}, ${units[cost]}`);
  const relative = 'relative residual';
  return [
    {
      title: 'Upper cost',
      yScale: 'linear',
      yLabel: label('f'),
      columns: { f: 'f where the method stands', responseF: 'f(u, v*)' },
    },
    { title: 'Lower cost', yScale: 'linear', yLabel: label('g'), columns: { g: 'g where the method stands' } },
    {
      title: 'Gradients',
      yScale: 'log',
      yLabel: 'length',
      columns: { lowerGradientNorm: '|grad_v g|', hypergradientNorm: 'hypergradient' },
    },
    {
      title: 'Residuals',
      yScale: 'log',
      yLabel: relative,
      columns: { responseResidual: '|grad_v g| at v*', linearResidual: 'linear system' },
    },
    ...Object.entries(own).map(
      ([name, yLabel]): CurveChart => ({ title: name, yScale: 'linear', yLabel, columns: { [name]: name } }),
    ),
  ];
}

/** The lowest f(u, v*), where there are responses, and the iterations. */
function highlightsOf(reports: readonly StandardReport[]): [label: string, value: string][] {
  const found = reports.flatMap(({ response }) => (response === undefined ? [] : [response.f]));
  return [
    ...(found.length === 0 ? [] : [['Lowest f(u, v*)', formatNumber(Math.min(...found))] as [string, string]]),
    ['Iterations', String(reports.at(-1)?.iteration)],
  ];
}

/** A solver's configuration, which is made for sentences, as a list of names, with numbers as they are typed. */
function namedShortly(configuration: Readonly<Record<string, string | number | boolean>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(configuration).map(([name, value]) => [
      name.replace(/^the (option )?/, ''),
      typeof value === 'string' ? value.replace(/^constant\((.*)\)$/, '$1') : value,
    ]),
  );
}

function resultsOf(reports: readonly StandardReport[], note: string): TextTable {
  const judged = reports.filter(({ response }) => response !== undefined);
  const [first] = judged;
  const best = first && judged.reduce((a, b) => ((b.response?.f ?? 0) < (a.response?.f ?? 0) ? b : a));
  const named: (readonly [string, StandardReport | undefined])[] = [
    ['first', reports[0]],
    ['lowest f(u, v*)', best],
    ['last', reports.at(-1)],
  ];
  const shown = named.flatMap(([name, each]) => (each === undefined ? [] : [[name, each] as const]));
  return {
    title: 'Results',
    header: ['', 'iteration', 'f', ...(best ? ['f(u, v*)', 'v* found'] : []), 'g', '|grad_v g|'],
    rows: shown.map(([name, { iteration, f, g, lowerGradientNorm, response }]) => [
      name,
      String(iteration),
      formatNumber(f),
      ...(best ? [response ? formatNumber(response.f) : '–', response?.status ?? '–'] : []),
      formatNumber(g),
      formatNumber(lowerGradientNorm),
    ]),
    note,
  };
}

/** What f in the reports is. */
function noteOn(solver: ReportOptions['solver']): string {
  const name = solver?.configuration['the method'];
  const bends = typeof name === 'string' && methodNames.includes(name) && findMethod(name).lowerDescendsUpper;
  return (
    'f and g are those of the points of the method, on its mini-batches; f(u, v*) is f on all rows where v minimises g alone.' +
    (bends ? ` ${lowerDescendsUpperNote}` : '')
  );
}
