// Runs a study in all its parts and writes its tables and pictures into its page of docs/.
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Progress } from '../dist/lib/cli/progress.js';
import { Device } from '../dist/lib/engine/index.js';
import { parseOption } from '../dist/lib/options.js';
import { formatDuration } from '../dist/lib/report/format.js';
import { renderSvg } from '../dist/lib/report/svg.js';
import { failuresOf, runStudy, tablesOf } from '../dist/lib/study/index.js';
import { holdsRun } from '../dist/lib/study/run-folder.js';
import { findStudy } from '../dist/lib/tasks/index.js';
import { publish, table } from './pages.mjs';
import { studies } from './studies.mjs';

const usage = `Usage: npm run study -- NAME [options]

NAME is one of ${Object.keys(studies).join(', ')}.

  --set KEY=VALUE  an option of the parts, such as seconds=60; may be repeated
  --threads N      threads of the engine
  --out FOLDER     where the runs are kept, and gone on with (runs/NAME-study)
  --write          also write tables and pictures into docs/
  --help           this text`;

const pages = new URL('../docs/', import.meta.url);
const pictures = new URL('images/', pages);

/** Makes the runs of a part that its folder lacks. */
async function runPart(study, given, out, device) {
  const settings = study.validate(given);
  const resume = study.jobs(settings).some(({ path }) => holdsRun(join(out, path)));
  const progress = new Progress(false);
  try {
    return (await runStudy(study, settings, { out, resume, device, report: progress.update.bind(progress) })).results;
  } finally {
    progress.stop();
  }
}

function textOf(title, study, results) {
  const tables = tablesOf(study, results).flatMap((each) => [
    `**${each.title}**`,
    table(each.header, each.rows),
    each.note,
  ]);
  const sentences = [...(study.claims?.(results) ?? []), ...failuresOf(results)];
  const facts = study.facts?.(results) ?? [];
  return [
    `### ${title}`,
    ...tables,
    [...sentences, ...facts.map(({ text }) => `${text}.`)].map((text) => `- ${text}`).join('\n'),
  ].filter(Boolean);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true, default: [] },
      threads: { type: 'string' },
      out: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [name = ''] = positionals;
  const plan = studies[name];
  if (values.help || plan === undefined) {
    process.exitCode = values.help ? 0 : 1;
    return console.log(usage);
  }
  const { command = name, page, parts } = plan;
  const study = findStudy(command);
  const tables = Object.assign({}, ...Object.values(study.options));
  const given = values.set
    .map((each) => each.split(/=(.*)/s))
    .map(([key, value]) => [key, parseOption(tables[key], value, key)]);
  // What parts choose for themselves is replaced in those alone.
  const chosen = new Set(Object.values(parts).flatMap(Object.keys));
  const optionsOf = (own) => ({
    ...own,
    ...Object.fromEntries(given.filter(([key]) => key in own || !chosen.has(key))),
  });
  const threads = Number(values.threads ?? plan.threads ?? study.threads ?? os.availableParallelism());
  const device = Device.cpu({ threads });
  const all = [];
  for (const [title, own] of Object.entries(parts)) {
    const out = join(values.out ?? `runs/${name}-study`, title.toLowerCase().replaceAll(/\W+/g, '-'));
    all.push({ title, results: await runPart(study, optionsOf(own), out, device) });
  }
  const seconds = all.flatMap(({ results }) => results.outcomes).reduce((sum, each) => sum + each.seconds, 0);
  const processor = os.cpus()[0]?.model.trim() ?? 'an unknown processor';
  const text = [
    `Measured on ${processor}, ${threads} thread${threads === 1 ? '' : 's'}, Node ${process.versions.node}: ${formatDuration(seconds)} in all; load average ${os.loadavg()[0].toFixed(1)} at the end.`,
    ...all.flatMap(({ title, results }) => textOf(title, study, results)),
  ].join('\n\n');
  device.dispose();
  console.log(text);
  if (!values.write) return;
  await mkdir(pictures, { recursive: true });
  const drawn = plan.pictures(all.map(({ results }) => study.charts(results)));
  for (const [file, { charts }] of Object.entries(drawn)) {
    // One above the other, so that they can be read on a phone.
    await writeFile(new URL(`${file}.svg`, pictures), renderSvg(charts, 1));
  }
  await publish(new URL(page, pages), 'measured', text);
}

await main();
