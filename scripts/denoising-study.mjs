// Cleans labels in many settings, and writes what was found beside the best baseline into docs/denoising.md.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { mean } from '../dist/lib/numbers.js';
import { formatDuration } from '../dist/lib/report/format.js';
import { meanAndDeviation } from '../dist/lib/report/tables.js';
import { holdsRun } from '../dist/lib/study/run-files.js';
import { judgeBaselines } from '../dist/lib/tasks/denoising/comparison.js';
import { baselines, loadDenoisingInputs, validateSettings } from '../dist/lib/tasks/denoising/index.js';
import { Trainer } from '../dist/lib/tasks/denoising/trainer.js';
import { findStudy } from '../dist/lib/tasks/index.js';
import { publish, table } from './pages.mjs';
import { completeStudy, itemsOf, KeptResults, processor, threadsText } from './runs.mjs';

const usage = `Usage: npm run study:denoising -- [options]

  --data A,B         mnist,fashion-mnist
  --noise A,B        symmetric-25,symmetric-50,pair-flip-40,confusions-30
  --validation A,B   50,100,500,1000,5000
  --networks A,B     logreg,mlp,lenet
  --seeds A,B        0,1,2
  --shard I/N        every N-th setting from the I-th on; auto and auto/N as bilevel takes them
  --seconds S        begins no further setting after S seconds
  --only PART        baselines or ours: leaves the other part of settings that lack it for later
  --threads N        threads of the engine (1)
  --out FOLDER       where the runs are kept, and gone on with (runs/denoising-study)
  --results FILE     what was measured, a line for each setting, which is not run again
                     (scripts/denoising/settings.jsonl)
  --write            writes the tables of the networks that the file knows into docs/denoising.md
  --help             this text`;

const lists = {
  data: ['mnist', 'fashion-mnist'],
  noise: ['symmetric-25', 'symmetric-50', 'pair-flip-40', 'confusions-30'],
  validation: ['50', '100', '500', '1000', '5000'],
  networks: ['logreg', 'mlp', 'lenet'],
  seeds: ['0', '1', '2'],
};

/** All settings, seed by seed, so that a study that was stopped has a bit of everything. */
function settingsOf({ data, noise, validation, networks, seeds }) {
  return networks.flatMap((network) =>
    seeds.flatMap((seed) =>
      data.flatMap((set) =>
        noise.flatMap((kind) =>
          validation.map((size) => ({ network, data: set, noise: kind, validation: size, seed })),
        ),
      ),
    ),
  );
}

const optionsOf = ({ network, data, noise, validation, seed }) => {
  const [, noiseKind, percent] = /^(.*)-(\d+)$/.exec(noise);
  const numbers = { noise: Number(percent) / 100, validation: Number(validation), seed: Number(seed) };
  return { network, data, noiseKind, paperForm: false, ...numbers };
};

const study = findStudy('denoise');

const nameOf = (setting) => Object.values(setting).join('_');

/**
 * How every baseline did in a setting, by name, and the seconds that they took; undefined where they were not all run.
 * They are kept apart from ours, which changes more often, and after each of them.
 */
async function baselinesIn(setting, out, device, begin) {
  const path = join(out, 'baselines', `${nameOf(setting)}.json`);
  const done = existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : { methods: {}, seconds: 0 };
  if (baselines.every(({ name }) => name in done.methods)) return done;
  if (!begin) return undefined;
  const { task } = validateSettings(optionsOf(setting));
  const { network, data } = await loadDenoisingInputs({ task }, device);
  const trainer = new Trainer(network, data, task, device);
  await mkdir(join(out, 'baselines'), { recursive: true });
  let start = performance.now();
  for await (const { baseline, judgement } of judgeBaselines(trainer, new Map(Object.entries(done.methods)))) {
    done.methods[baseline.name] = judgement;
    done.seconds += (performance.now() - start) / 1000;
    await writeFile(path, JSON.stringify(done));
    start = performance.now();
  }
  trainer.dispose();
  return done;
}

/** The same of ours. */
async function oursIn(setting, out, device, begin) {
  const folder = join(out, nameOf(setting));
  if (!holdsRun(folder) && !begin) return undefined;
  const settings = study.validate({ ...optionsOf(setting), baselines: false });
  const [outcome] = (await completeStudy(study, settings, folder, device)).outcomes;
  return outcome && { seconds: outcome.seconds, methods: outcome.measured.methods };
}

const rivals = baselines.map(({ name }) => name).filter((name) => name !== 'oracle');
const titles = Object.fromEntries(baselines.map(({ name, title }) => [name, title]));

/** Ours, the best of the baselines by mean, and the standard error of the difference between the two. */
function contest(found, key) {
  const of = (name) => found.map(({ methods }) => methods[name][key]);
  const best = rivals.reduce((a, b) => (mean(of(b)) > mean(of(a)) ? b : a));
  const differences = of('crossFitted').map((value, at) => value - of(best)[at]);
  const { mean: ahead, deviation } = meanAndDeviation(differences);
  const error = deviation === undefined ? undefined : deviation / Math.sqrt(found.length);
  return {
    ours: mean(of('crossFitted')),
    best: mean(of(best)),
    rival: titles[best],
    oracle: mean(of('oracle')),
    ahead,
    error,
  };
}

/** Lost: behind by more than a standard error, or at all where there is one seed. */
const isLost = ({ ahead, error = 0 }) => ahead < -error;

const keys = { auc: [4, 'AUC'], accuracy: [2, 'test accuracy, %'] };

/** The text of each network that something was measured of. */
function reports(cells, threads) {
  const texts = new Map();
  for (const network of lists.networks) {
    const own = cells.filter(({ setting }) => setting.network === network);
    if (own.length === 0) continue;
    const text = [];
    const most = Math.max(...own.map(({ found }) => found.length));
    const contests = own.map(({ found }) =>
      Object.fromEntries(Object.keys(keys).map((key) => [key, contest(found, key)])),
    );
    text.push(`### ${network}, ${most === 1 ? 'one seed' : `up to ${most} seeds`}`);
    text.push(
      table(
        ['data, wrong labels', 'validation', 'seeds', 'AUC', 'best baseline', 'accuracy, %', 'best baseline', 'oracle'],
        own.map(({ setting, found }, at) => {
          const columns = Object.entries(keys).flatMap(([key, [digits]]) => {
            const { ours, best, rival, ...rest } = contests[at][key];
            const shown = ours.toFixed(digits);
            return [isLost(rest) ? `${shown} (lost)` : `**${shown}**`, `${best.toFixed(digits)} ${rival}`];
          });
          const name = `${setting.data}, ${setting.noise.replace(/-(\d+)$/, ' $1 %')}`;
          return [name, setting.validation, String(found.length), ...columns, contests[at].accuracy.oracle.toFixed(2)];
        }),
      ),
    );
    const sentences = Object.entries(keys).map(([key, [digits, title]]) => {
      const all = contests.map((each) => each[key]);
      const lost = all.filter(isLost);
      const against = rivals.map((name) => {
        const ahead = own.flatMap(({ found }) =>
          found.map(({ methods }) => methods.crossFitted[key] - methods[name][key]),
        );
        return `${titles[name]} ${mean(ahead).toFixed(digits + 1)}`;
      });
      return `- ${title}: lost in ${lost.length} of ${all.length} settings; on average ${mean(all.map(({ ahead }) => ahead)).toFixed(digits + 1)} ahead of the best baseline of each setting, and ahead of each by: ${against.join(', ')}.`;
    });
    text.push(sentences.join('\n'));
    const seconds = own.flatMap(({ found }) => found).reduce((sum, each) => sum + each.seconds, 0);
    text.push(`${formatDuration(seconds)} in all on ${processor()}, ${threadsText(threads)} a run.`);
    texts.set(network, text.join('\n\n'));
  }
  return texts;
}

/** What is compared of each method, short enough to be kept. */
const measuresOf = (methods) =>
  Object.fromEntries(
    Object.entries(methods).map(([name, measured]) => [
      name,
      Object.fromEntries(Object.keys(keys).map((key) => [key, Number(measured[key].toPrecision(6))])),
    ]),
  );

/** All seeds of each setting, in the order of the lists. */
function cellsOf(results) {
  const seeds = [...new Set(results.all.map(({ setting }) => setting.seed))].sort();
  const cells = new Map();
  for (const setting of settingsOf({ ...lists, seeds })) {
    const result = results.get(nameOf(setting));
    if (result === undefined) continue;
    const { seed: _, ...cell } = setting;
    const key = nameOf(cell);
    cells.set(key, { setting, found: [...(cells.get(key)?.found ?? []), result] });
  }
  return [...cells.values()];
}

async function main() {
  const flags = {
    shard: {},
    seconds: {},
    only: {},
    threads: { default: '1' },
    out: { default: 'runs/denoising-study' },
    results: { default: 'scripts/denoising/settings.jsonl' },
  };
  const texts = Object.fromEntries(
    [...Object.keys(lists), ...Object.keys(flags)].map((name) => [name, { type: 'string', ...flags[name] }]),
  );
  const booleans = { write: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } };
  const { values } = parseArgs({ options: { ...texts, ...booleans } });
  if (values.help) return console.log(usage);
  const chosen = Object.fromEntries(
    Object.entries(lists).map(([name, all]) => [name, values[name]?.split(',') ?? all]),
  );
  const settings = settingsOf(chosen);
  const isOurs = itemsOf(settings, values.shard);
  const endsAt = performance.now() + 1000 * Number(values.seconds ?? Number.POSITIVE_INFINITY);
  const device = Device.cpu({ threads: Number(values.threads) });
  const results = await KeptResults.open(values.results, ({ setting }) => nameOf(setting));
  for (const setting of settings) {
    if (results.get(nameOf(setting)) !== undefined) continue;
    const begins = (part) => isOurs(setting) && performance.now() < endsAt && (values.only ?? part) === part;
    const rivals = await baselinesIn(setting, values.out, device, begins('baselines'));
    const ours = await oursIn(setting, values.out, device, begins('ours'));
    if (rivals === undefined || ours === undefined) continue;
    const methods = measuresOf({ ...rivals.methods, ...ours.methods });
    await results.add({ setting, seconds: Math.round(rivals.seconds + ours.seconds), methods });
    const { auc, accuracy } = methods.crossFitted;
    console.error(`${nameOf(setting)}: AUC ${auc.toFixed(4)}, accuracy ${accuracy.toFixed(2)} %`);
  }
  device.dispose();
  for (const [network, text] of reports(cellsOf(results), values.threads)) {
    console.log(`${text}\n`);
    if (values.write) await publish(new URL('../docs/denoising.md', import.meta.url), `grid-${network}`, text);
  }
}

await main();
