// Runs every method on a set of different problems, with its defaults and a few other settings, and writes what came
// out into docs/choosing.md.
import { parseArgs } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { methodNames, methods } from '../dist/lib/solvers/index.js';
import { responseOf, tune, workOf } from './choosing/measure.mjs';
import { problems } from './choosing/problems/index.mjs';
import { optionsOf, settings } from './choosing/settings.mjs';
import { markdown } from './choosing/tables.mjs';
import { publish } from './pages.mjs';
import { itemsOf, KeptResults, processor, threadsText } from './runs.mjs';

const usage = `Usage: npm run study:choosing -- [options]

  --methods LIST   of these methods alone
  --problems LIST  on these problems alone: ${problems.map(({ name }) => name).join(', ')}
  --settings LIST  with these settings alone: ${Object.keys(settings).join(', ')}
  --shard I/N      every N-th result from the I-th on, and nothing is written into docs/; auto and auto/N as bilevel
                   takes them. The files of all parts, one after the other, are the file of the whole
  --out FILE       where every result is kept, and not measured again (runs/choosing-study/results.jsonl)
  --write          also write the tables into docs/choosing.md
  --help           this text`;

const page = new URL('../docs/choosing.md', import.meta.url);

const keyOf = ({ problem, method, setting }) => [problem, method, setting].join('/');

/** f(u, v*) where a method ends, or why there is none. */
async function measured(entry, name, options, device) {
  const method = methods[name];
  const work = workOf(method.evaluations(method.validate(options), 1, await entry.problem()));
  if (work > entry.budget) return { failure: 'budget' };
  try {
    const { u, report } = await tune(entry, name, options, device);
    return { f: await responseOf(entry, device, u), iterations: report.iteration };
  } catch (error) {
    if (error.code === undefined) throw error;
    return { failure: error.code };
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      methods: { type: 'string' },
      problems: { type: 'string' },
      settings: { type: 'string' },
      shard: { type: 'string' },
      out: { type: 'string', default: 'runs/choosing-study/results.jsonl' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const among = (list, all) => (list === undefined ? all : all.filter((name) => list.split(',').includes(name)));
  const chosen = problems.filter(({ name }) => among(values.problems, [name]).length > 0);
  const names = among(values.methods, methodNames);
  const device = Device.cpu({ threads: 1 });
  const kept = await KeptResults.open(values.out, keyOf);
  const keep = async ({ entry, method, setting, measure }) => {
    const result = { problem: entry.name, method, setting };
    if (kept.get(keyOf(result)) !== undefined) return;
    const start = process.cpuUsage();
    Object.assign(result, await measure());
    const { user, system } = process.cpuUsage(start);
    result.seconds = (user + system) / 1e6;
    await kept.add(result);
    process.stderr.write(
      `${keyOf(result)}: ${result.failure ?? result.f.toPrecision(4)} (${result.seconds.toFixed(1)} s)\n`,
    );
  };
  const items = [
    ...chosen.map((entry) => ({
      ...{ entry, method: '', setting: 'untuned' },
      measure: async () => ({ f: await responseOf(entry, device) }),
    })),
    ...among(values.settings, Object.keys(settings)).flatMap((setting) =>
      names.flatMap((method) =>
        chosen.map((entry) => ({
          ...{ entry, method, setting },
          measure: () => measured(entry, method, optionsOf(methods[method], setting), device),
        })),
      ),
    ),
  ];
  for (const item of items.filter(itemsOf(items, values.shard))) await keep(item);
  device.dispose();
  if (values.shard) return;
  const used = kept.all;
  const seconds = used.reduce((sum, result) => sum + result.seconds, 0);
  const text = [
    `Measured on ${processor()}, ${threadsText(1)}, Node ${process.versions.node}: ${Math.round(seconds / 60)} minutes of processor time in all.`,
    ...markdown(used, chosen, names),
  ].join('\n\n');
  console.log(text);
  if (values.write) await publish(page, 'choosing', text);
}

await main();
