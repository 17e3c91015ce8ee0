import { plainOptions } from '../options.js';
import { formatDuration } from '../report/format.js';
import { type Claim, checkClaims, publishedLosses } from '../tasks/hyper-cleaning/index.js';
import { describeBatch } from './compare-method.js';
import { type Comparison, endTable, lastOf, lossTable, shownLosses } from './compare-tables.js';
import { formatTable } from './output.js';
import { style } from './print.js';

/** Why methods did not train, or not to the end: one sentence each. */
export function failures({ results }: Comparison): string[] {
  return results.flatMap(({ run, outcomes }) => {
    const texts = new Set(outcomes.map(({ failure }) => failure).filter((text) => text !== undefined));
    return [...texts].map((text) => (text.startsWith(run.method) ? text : `${run.method}: ${text}`));
  });
}

/** What the paper's figures claim, at the moments that the table shows. */
export function claimsOf({ budget, results }: Comparison): Claim[] {
  const losses = results.flatMap((result): [string, number[]][] => {
    const shown = shownLosses(result, budget);
    return shown === undefined ? [] : [[result.run.method, shown]];
  });
  return checkClaims(new Map(losses));
}

export function claimText({ text, holds, found }: Claim): string {
  return `${text}: ${holds ? 'so it is here' : 'not here'} (${found}).`;
}

/** The comparison as people read it. */
export function summarize(comparison: Comparison): string {
  const seconds = comparison.results.flatMap(lastOf).reduce((sum, each) => sum + each.seconds, 0);
  const line = (title: string, text: string): string => `${style('bold', title.padEnd(8))} ${text}`;
  const tables = [lossTable(comparison), endTable(comparison)].flatMap(({ title, header, rows }) => [
    style('bold', title),
    formatTable(header, rows),
    '',
  ]);
  return [
    '',
    ...tables,
    ...claimsOf(comparison).map((claim) => line('Paper', claimText(claim))),
    ...failures(comparison).map((text) => line('Ended', text)),
    line('Time', `${formatDuration(seconds)} of training`),
    line('Results', `${comparison.folder} (open report.html)`),
  ].join('\n');
}

/** The comparison as programs read it. */
export function comparisonJson(comparison: Comparison): object {
  const { task, budget, results, folder } = comparison;
  const published = publishedLosses(task);
  return {
    task,
    budget: { [budget.unit]: budget.amount },
    folder,
    methods: results.map(({ run, outcomes }) => ({
      method: run.method,
      batch: describeBatch(run, task),
      options: plainOptions(run.options),
      settingsFrom: run.source,
      published: published[run.method],
      seeds: outcomes.map(({ seed, folder, curve, failure }) => ({ seed, folder, failure, measurements: curve })),
    })),
    claims: claimsOf(comparison),
  };
}
