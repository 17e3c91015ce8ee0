// What scripts write into docs/: Markdown tables, text between two marks of a page, and pictures.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { renderSvg } from '../dist/lib/report/svg.js';

/** A Markdown table whose columns are aligned, so that it reads well in a terminal too. */
export function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column])].map((x) => x.length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Replaces what stands between the page's marks `<!-- NAME: begin -->` and `<!-- NAME: end -->`. */
export async function publish(page, name, text) {
  const marks = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const old = await readFile(page, 'utf8');
  const [from, to] = marks.map((mark) => old.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`${page} lacks its marks ${marks.join(' and ')}`);
  await writeFile(page, `${old.slice(0, from + marks[0].length)}\n\n${text}\n\n${old.slice(to)}`);
}

/** Draws the charts into docs/images/NAME.svg, one above the other, so that they can be read on a phone. */
export async function publishPicture(name, charts) {
  const file = new URL(`../docs/images/${name}.svg`, import.meta.url);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, renderSvg(charts));
}
