import { formatNumber } from './format.js';
import { mostSuspicious } from './gallery.js';
import { contactSheet } from './png.js';
import type { SampleReport } from './report.js';

/** One image of several samples, with what is to be said of each. */
export interface Sheet {
  readonly title: string;
  /** A PNG file. */
  readonly image: Uint8Array;
  /** Markdown. */
  readonly description: string;
}

const columns = 10;

/** The most suspicious samples, where they are images: rows of 10, and a table in their order. */
export function suspiciousSheet({
  importance,
  images,
  classes,
  shown = 50,
  suspicious = mostSuspicious(importance.weights, shown),
}: SampleReport): Sheet | undefined {
  if (images === undefined || suspicious.length === 0) return undefined;
  const { rows, weights, given, predicted, actual } = importance;
  const className = (label: number | bigint | undefined): string =>
    (classes[Number(label)] ?? String(label)).replaceAll('|', '\\|');
  const lines = suspicious.map((index, at) => [
    `${Math.floor(at / columns) + 1}.${(at % columns) + 1}`,
    String(rows[index]),
    className(given[index]),
    className(predicted[index]),
    ...(actual === undefined ? [] : [className(actual[index])]),
    formatNumber(Number(weights[index]), 2),
  ]);
  const head = ['row.column', 'sample', 'given', 'predicted', ...(actual === undefined ? [] : ['true']), 'weight'];
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`);
  return {
    title: 'Most suspicious samples',
    image: contactSheet(images, suspicious, columns),
    description: `Those that are trusted least come first, in rows of ${columns}.\n\n${table.join('\n')}`,
  };
}
