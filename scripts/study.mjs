// Runs a study in all its parts and writes its tables and pictures into its page of docs/.
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { parseOption } from '../dist/lib/options.js';
import { formatDuration } from '../dist/lib/report/format.js';
import { failuresOf, parseShard, tablesOf } from '../dist/lib/study/index.js';
import { findStudy } from '../dist/lib/tasks/index.js';
import { publish, publishPicture, table } from './pages.mjs';
import { completeStudy, processor, threadsText } from './runs.mjs';
import { studies } from './studies.mjs';

const usage = `Usage: npm run study -- NAME [options]

NAME is one of ${Object.keys(studies).join(', ')}.

  --set KEY=VALUE  an option of the parts, such as seconds=60; may be repeated
  --shard I/N      every N-th run of each part from the I-th on, and nothing is written into docs/; without it, what the
                   folder then holds is completed
  --threads N      threads of the engine
  --out FOLDER     where the runs are kept, and gone on with (runs/NAME-study)
  --write          also write tables and pictures into docs/
  --help           this text`;

const pages = new URL('../docs/', import.meta.url);

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
      shard: { type: 'string' },
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
    .map(([key, value]) => {
      if (!Object.hasOwn(tables, key)) throw new Error(`${command} has no option ${key}.\n\n${usage}`);
      return [key, parseOption(tables[key], value, key)];
    });
  // What parts choose for themselves is replaced in those alone.
  const chosen = new Set(Object.values(parts).flatMap(Object.keys));
  const optionsOf = (own) => ({
    ...own,
    ...Object.fromEntries(given.filter(([key]) => key in own || !chosen.has(key))),
  });
  const threads = Number(values.threads ?? plan.threads ?? study.threads ?? os.availableParallelism());
  const shard = values.shard && parseShard(values.shard);
  const device = Device.cpu({ threads });
  const all = [];
  for (const [title, own] of Object.entries(parts)) {
    const out = join(values.out ?? `runs/${name}-study`, title.toLowerCase().replaceAll(/\W+/g, '-'));
    all.push({ title, results: await completeStudy(study, study.validate(optionsOf(own)), out, device, shard) });
  }
  if (shard) return device.dispose();
  const seconds = all.flatMap(({ results }) => results.outcomes).reduce((sum, each) => sum + each.seconds, 0);
  const text = [
    `Measured on ${processor()}, ${threadsText(threads)}, Node ${process.versions.node}: ${formatDuration(seconds)} in all; load average ${os.loadavg()[0].toFixed(1)} at the end.`,
    ...all.flatMap(({ title, results }) => textOf(title, study, results)),
  ].join('\n\n');
  device.dispose();
  console.log(text);
  if (!values.write) return;
  const drawn = plan.pictures(all.map(({ results }) => study.charts(results)));
  for (const [picture, { charts }] of Object.entries(drawn)) await publishPicture(picture, charts);
  await publish(new URL(page, pages), 'measured', text);
}

await main();
