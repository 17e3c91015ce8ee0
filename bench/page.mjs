// The generated parts of docs/performance.md and docs/distributed.md, from the newest published results of each kind.
// `node bench/page.mjs` writes them again without measuring anything.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { publish } from '../scripts/pages.mjs';
import { contendersChart, headlineChart } from './chart.mjs';
import { secondDerivatives } from './derivatives/report.mjs';
import { episodesReport } from './episodes/report.mjs';
import { eventLoopReport } from './event-loop/report.mjs';
import { precisionReport, trainingChart } from './precision/report.mjs';
import { ranksReport } from './ranks/report.mjs';
import { report } from './report.mjs';
import { newest } from './results.mjs';
import { scalingCharts, scalingReport } from './scaling/report.mjs';

const page = new URL('../docs/performance.md', import.meta.url);
/** Of the kinds of results that stand on another page. */
const otherPages = { ranks: new URL('../docs/distributed.md', import.meta.url) };
const images = new URL('images/', page);

const folded = ({ title, text }) => `<details><summary>${title}</summary>\n\n${text}\n\n</details>`;
const markdown = (sections) =>
  sections
    .filter(({ text }) => text)
    .map((section) => {
      if (section.folded) return folded(section);
      return section.title ? `### ${section.title}\n\n${section.text}` : section.text;
    })
    .join('\n\n');

const picture = (alt, file) => ({ text: `![${alt}](images/${file})` });

/** How each kind of results becomes a part of the page, between the marks of its name. */
const parts = {
  async steps(session) {
    await writeFile(new URL('performance.svg', images), headlineChart(session.results));
    await writeFile(new URL('performance-contenders.svg', images), contendersChart(session.results));
    const [preface, ...tables] = report(session);
    return [
      preface,
      picture("The fastest other package's time over bilevel's, for each network", 'performance.svg'),
      ...tables,
      ...(session.derivatives ? [secondDerivatives(session.derivatives)] : []),
      picture("Every contender's time over bilevel's, for each network", 'performance-contenders.svg'),
    ];
  },
  episodes: episodesReport,
  'event-loop': eventLoopReport,
  ranks: ranksReport,
  async precision(session) {
    await writeFile(new URL('performance-precision.svg', images), trainingChart(session.training));
    return precisionReport(session, picture('f and g of every run in both precisions', 'performance-precision.svg'));
  },
  async scaling(session) {
    const charts = scalingCharts(session);
    for (const { file, svg } of charts) await writeFile(new URL(file, images), svg);
    return scalingReport(session, (name) => picture(...charts.find((chart) => chart.name === name).picture));
  },
};

/** Renews what stands on the page of these kinds of results; a kind that was never published is left as it is. */
export async function renewPage(kinds = Object.keys(parts)) {
  await mkdir(images, { recursive: true });
  for (const kind of kinds) {
    const session = await newest(kind);
    if (session !== undefined) await publish(otherPages[kind] ?? page, kind, markdown(await parts[kind](session)));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await renewPage();
