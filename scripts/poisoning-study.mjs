// Runs the data poisoning of Mehra and Hamm 2021, and writes it beside their figures into docs/poisoning.md: Table 5,
// by attack and number of poison points, the ablation of Table 6, the lower steps of Figure 5, and the attack with
// right labels of Figure 3.
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { formatDuration } from '../dist/lib/report/format.js';
import { spread } from '../dist/lib/report/tables.js';
import { parseShard } from '../dist/lib/study/index.js';
import { findStudy } from '../dist/lib/tasks/index.js';
import { curveOf, hasRunAway, knownText, publishedCurves, publishedFigure } from '../dist/lib/tasks/poisoning/index.js';
import { publish, publishPicture, table } from './pages.mjs';
import { completeStudy, processor, threadsText } from './runs.mjs';

const usage = `Usage: npm run study:poisoning -- [options]

  --points A,B   numbers of poison points with one seed (10,20,30,40,50)
  --seeds N      seeds for 60 points (3)
  --shard I/N    every N-th run of each part from the I-th on, and nothing is written into docs/; auto and auto/N as
                 bilevel takes them. Without it, what the folder then holds is completed
  --threads N    threads of the engine (1)
  --out FOLDER   where the runs are kept, and gone on with (runs/poisoning-study)
  --write        also write the tables into docs/poisoning.md
  --help         this text`;

const study = findStudy('poison');

const attacks = {
  untargeted: { title: 'Untargeted: test accuracy, %', key: 'accuracy' },
  targeted: { title: 'Targeted: test eights taken for threes, %', key: 'success' },
};

const columns = { labelFlip: 'label flips', rmd: 'RMD', approxGrad: 'ApproxGrad', penalty: 'Penalty' };

/** Table 6: what is changed of the settings, and the published accuracy with it. */
const ablation = [
  { name: 'settings of the table above', options: {}, paper: '67.59 ± 1.17' },
  { name: 'lambda = 0', options: { lambda: 0 }, paper: '67.87 ± 1.35' },
  { name: 'lambda 10 times as large', options: { lambda: 60 }, paper: '68.21 ± 1.78 to 68.18 ± 1.04' },
  { name: 'with multipliers nu', options: { multipliers: true }, paper: '68.82 ± 0.75' },
  { name: 'gamma a tenth', options: { gamma: 10 }, paper: '73.38 ± 4.98' },
  { name: 'gamma 10 times as large', options: { gamma: 1000 }, paper: '71.96 ± 3.56' },
];

/** Figure 5: steps of v for one of u. */
const lowerSteps = [1, 10, 20, 50];

/** Part of the distance between targets and bases that attacks with right labels are compared at. */
const comparedShare = 0.5;

/** Attacks with right labels: the first is shown in full. */
const rightLabels = [
  { data: 'mnist', from: 8, to: 3, targets: 48 },
  { data: 'mnist', from: 4, to: 9, targets: 24, radii: String(comparedShare) },
  { data: 'mnist', from: 1, to: 7, targets: 24, radii: String(comparedShare) },
  { data: 'fashion-mnist', from: 2, to: 4, targets: 24, radii: String(comparedShare) },
  { data: 'fashion-mnist', from: 7, to: 9, targets: 24, radii: String(comparedShare) },
];

/** Parts of the study: what is asked for, and the folder of its runs. */
const withMostPoints = (attack, seeds) => ({
  folder: `${attack}-60-points`,
  options: { attack, points: '60', seeds: Number(seeds) },
});
const withFewerPoints = (attack, points) => ({ folder: `${attack}-fewer-points`, options: { attack, points } });
const ablated = ({ name, options }) => ({
  folder: name.replaceAll(/\W+/g, '-'),
  options: { methods: 'penalty', ...options },
});
const withSteps = (count) => ({
  folder: `steps-${count}`,
  options: { methods: 'approxGrad,penalty', lowerSteps: count },
});
const withRightLabels = (attack) => ({
  folder: `right-labels-${attack.data}-${attack.from}-${attack.to}`,
  options: { attack: 'clean-label', ...attack },
});

const partsOf = ({ seeds, points }) => [
  ...Object.keys(attacks).flatMap((attack) => [
    withMostPoints(attack, seeds),
    ...(points === '' ? [] : [withFewerPoints(attack, points)]),
  ]),
  ...ablation.map(ablated),
  ...lowerSteps.map(withSteps),
  ...rightLabels.map(withRightLabels),
];

/** What a method came to within each radius, in ascending order. */
const endingsBy = (method, { outcomes }) =>
  outcomes.flatMap(({ job, measured }) => (job.method === method ? measured : []));

/** Per cent of targets that a method has taken within the radius that is compared. */
function takenBy(method, { outcomes }) {
  const { measured } =
    outcomes.find(({ job }) => job.method === method && job.share === comparedShare) ??
    outcomes.find(({ job }) => job.method === method);
  return (100 * measured.targets.filter(({ isTaken }) => isTaken).length) / measured.targets.length;
}

const percent = (value) => value.toFixed(1);

/** Success and distortion within each radius, and the published curves. */
function figureThree(results) {
  const [splitting, penalty] = ['splitting', 'penalty'].map((method) =>
    curveOf({ method, endings: endingsBy(method, results) }),
  );
  const ours = penalty.map((point, at) => [
    point.radius.toFixed(2),
    ...[splitting[at], point].flatMap(({ distortion, success }) => [distortion.toFixed(2), percent(success)]),
  ]);
  const head = ['Feature collision: distance', 'taken, %', 'Penalty: distance', 'taken, %'];
  const known = publishedCurves.penalty.map(([distance, success], at) => {
    const [theirs, taken] = publishedCurves.splitting[at];
    return [theirs, taken, distance, success].map((value, column) =>
      column % 2 === 0 ? value.toFixed(2) : percent(100 * value),
    );
  });
  return [table(['radius', ...head], ours), "The paper's Figure 3, of photographs:", table(head, known)];
}

/** Milliseconds of an iteration. */
const durationOf = ({ measured: { rows } }) => rows.reduce((sum, { wallMs }) => sum + wallMs, 0) / rows.length;

const endingsOf = (outcomes) => outcomes.flatMap(({ measured }) => measured.ending ?? []);

/** A line for each number of points: ours and the published figure of every way to poison. */
function tableFive(problem, key, outcomes) {
  const counts = [...new Set(outcomes.map(({ job }) => job.run.points))].toSorted((a, b) => a - b);
  const rows = counts.map((points) => [
    String(points),
    ...Object.keys(columns).flatMap((name) => {
      const ours = outcomes.filter(({ job: { run } }) => run.name === name && run.points === points);
      const values = endingsOf(ours).map((ending) => ending[key]);
      return [values.length === 0 ? 'ended' : spread(values), knownText(publishedFigure(problem, name, points))];
    }),
  ]);
  return table(['points', ...Object.values(columns).flatMap((name) => [name, 'paper'])], rows);
}

async function main() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    options: {
      points: text('10,20,30,40,50'),
      seeds: text('3'),
      shard: { type: 'string' },
      threads: text('1'),
      out: text('runs/poisoning-study'),
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const device = Device.cpu({ threads: Number(values.threads) });
  const made = async ({ folder, options }, shard) => {
    const asked = study.instead?.(options) ?? study;
    return completeStudy(asked, asked.validate(options), join(values.out, folder), device, shard);
  };
  if (values.shard) {
    for (const part of partsOf(values)) await made(part, parseShard(values.shard));
    return device.dispose();
  }
  const parts = [];
  let seconds = 0;
  const pictures = [];
  for (const [attack, { title, key }] of Object.entries(attacks)) {
    const most = await made(withMostPoints(attack, values.seeds));
    const fewer = values.points === '' ? [] : (await made(withFewerPoints(attack, values.points))).outcomes;
    const outcomes = [...most.outcomes, ...fewer];
    seconds += outcomes.reduce((sum, each) => sum + each.seconds, 0);
    const clean = endingsOf(most.outcomes.filter(({ job }) => job.run.name === 'none'));
    const poisoned = outcomes.filter(({ job }) => job.run.name !== 'none');
    parts.push(
      `### ${title}`,
      tableFive(most.settings.problem, key, poisoned),
      `Without poison: ${spread(clean.map((ending) => ending[key]))}. 60 points: mean ± standard deviation of ${values.seeds} seeds; the others one seed.`,
    );
    pictures.push(...study.charts(most).attack.charts);
  }
  const rows = [];
  for (const entry of ablation) {
    const { name, paper } = entry;
    const { outcomes } = await made(ablated(entry));
    seconds += outcomes.reduce((sum, each) => sum + each.seconds, 0);
    const [ending] = endingsOf(outcomes);
    const away = outcomes.some(({ measured }) => hasRunAway('penalty', measured)) ? 'v has run away' : '';
    rows.push([
      name,
      ending?.accuracy.toFixed(2) ?? 'ended',
      paper,
      ending?.response.toFixed(3) ?? '',
      outcomes.some(({ failure }) => failure !== undefined) ? 'ended with DIVERGED' : away,
    ]);
  }
  const steps = [];
  for (const count of lowerSteps) {
    const { outcomes } = await made(withSteps(count));
    seconds += outcomes.reduce((sum, each) => sum + each.seconds, 0);
    const cells = ['approxGrad', 'penalty'].flatMap((name) => {
      const [outcome] = outcomes.filter(({ job }) => job.run.name === name);
      const { ending } = outcome.measured;
      return [ending?.accuracy.toFixed(2) ?? 'ended', durationOf(outcome).toFixed(0)];
    });
    steps.push([String(count), ...cells]);
  }
  const compared = [];
  const figures = [];
  for (const attack of rightLabels) {
    const { data, from, to } = attack;
    const results = await made(withRightLabels(attack));
    seconds += results.outcomes.reduce((sum, each) => sum + each.seconds, 0);
    if (figures.length === 0) {
      figures.push(...figureThree(results));
      if (values.write)
        await publishPicture(
          'clean-label',
          study.instead(withRightLabels(attack).options).charts(results).success.charts,
        );
    }
    compared.push([
      `${data}, ${from} as ${to}`,
      percent(results.outcomes[0].measured.accuracy),
      ...['copy', 'splitting', 'penalty'].map((method) => percent(takenBy(method, results))),
    ]);
  }
  device.dispose();
  const page = [
    `Measured on ${processor()}, ${threadsText(values.threads)}, Node ${process.versions.node}: ${formatDuration(seconds)} in all; load average ${os.loadavg()[0].toFixed(1)} at the end.`,
    ...parts,
    '### Ablation: 60 points, untargeted, one seed',
    table(['Penalty with', 'test accuracy, %', 'paper, %', 'f(u, v*)', ''], rows),
    '### Steps of v for one of u: 60 points, untargeted, one seed',
    table(['T', 'ApproxGrad, %', 'ms per iteration', 'Penalty, %', 'ms per iteration'], steps),
    '### Right labels: eights taken for threes because of one point',
    ...figures,
    'Within half of the mean distance between targets and bases, on these and other data:',
    table(
      ['', 'test accuracy without poison, %', 'a copy with the wrong label, %', 'Feature collision, %', 'Penalty, %'],
      compared,
    ),
  ].join('\n\n');
  console.log(page);
  if (!values.write) return;
  await publishPicture('poisoning', pictures);
  await publish(new URL('../docs/poisoning.md', import.meta.url), 'measured', page);
}

await main();
