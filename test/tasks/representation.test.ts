import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { dot } from '../../lib/numbers.js';
import type { SavedState } from '../../lib/solvers/index.js';
import type { Rows as Lines } from '../../lib/study/index.js';
import {
  conclusion,
  lossAt,
  type RepresentationRun,
  type RepresentationSettings,
  type RunCurve,
  readLosses,
  reportedSteps,
  representationStudy,
  runCurves,
  type StudyReport,
  studies,
  studyNames,
  validateSettings,
} from '../../lib/tasks/representation/index.js';
import { drawInstance, type Rows } from '../../lib/tasks/representation/instance.js';
import { studyMethodNames } from '../../lib/tasks/representation/methods.js';
import { bilevel, errorOf, interrupted, metricsLines } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { solveDense } from '../support/solvers/dense.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const tiny = { features: 3, embedding: 4, hidden: 5, samples: 12, iterations: 4 };
const instance = { ...tiny, regularizer: 0.1, seed: 7 };

const rowsOf = ({ x, y }: Rows): { x: number[][]; y: number[] } => {
  const width = x.shape[1] ?? 0;
  const values = x.toArray();
  return { x: y.toArray().map((_, row) => values.slice(row * width, (row + 1) * width)), y: y.toArray() };
};

const signal = new AbortController().signal;

async function begin(
  settings: RepresentationSettings,
  position: number,
  state?: SavedState,
): Promise<RepresentationRun> {
  const job = representationStudy.jobs(settings)[position];
  if (job === undefined) throw new RangeError(`There is no job ${position}.`);
  const instance = await representationStudy.load(job, device);
  const saved = state && { state, rows: [] };
  const resources = { device, signal, report: () => undefined };
  return (await representationStudy.run(job, instance, resources, saved)) as RepresentationRun;
}

async function reportsOf(run: RepresentationRun, limit = Number.POSITIVE_INFINITY): Promise<StudyReport[]> {
  const reports: StudyReport[] = [];
  if (limit === 0) return reports;
  for await (const { row } of run.steps()) {
    reports.push(row);
    if (reports.length === limit) break;
  }
  return reports;
}

test('the targets of both levels are one linear function of the rows, with noise of deviation 0.1', async (t) => {
  const drawn = await drawInstance({ ...instance, model: 'linear', features: 4, samples: 3000 }, device);
  const fits = [drawn.lower, drawn.upper].map((rows) => {
    const { x, y } = rowsOf(rows);
    const normal = [0, 1, 2, 3].map((i) =>
      [0, 1, 2, 3].map((j) => x.reduce((sum, r) => sum + (r[i] ?? 0) * (r[j] ?? 0), 0)),
    );
    const right = [0, 1, 2, 3].map((i) => x.reduce((sum, r, row) => sum + (r[i] ?? 0) * (y[row] ?? 0), 0));
    const slope = solveDense(normal, right);
    const squares = x.reduce((sum, r, row) => sum + ((y[row] ?? 0) - dot(r, slope)) ** 2, 0);
    return { slope, deviation: Math.sqrt(squares / (y.length - 4)) };
  });
  for (const { slope, deviation } of fits) {
    t.true(Math.abs(deviation - 0.1) < 0.006, `${deviation}`);
    for (const [index, value] of slope.entries()) t.true(Math.abs(value - (fits[0]?.slope[index] ?? 0)) < 0.02);
  }
  t.notDeepEqual(drawn.lower.x.toArray(), drawn.upper.x.toArray());
});

test('an instance is its seed', async (t) => {
  const draw = (seed: number) => drawInstance({ ...instance, model: 'sigmoid', seed }, device);
  const [a, b, c] = [await draw(1), await draw(1), await draw(2)];
  t.deepEqual([...a.lower.y.data], [...b.lower.y.data]);
  t.deepEqual(a.start.matrices.H2?.toArray(), b.start.matrices.H2?.toArray());
  t.notDeepEqual([...a.lower.y.data], [...c.lower.y.data]);
  t.deepEqual(a.start.matrices.H1?.shape, [3, 5]);
  t.deepEqual(a.start.matrices.H2?.shape, [5, 4]);
});

test('the direct gradient follows the experiment written out in float64: T plain steps from one start, then Adam', async (t) => {
  const settings = validateSettings({ study: 'small', methods: 'gd', ...tiny, seed: 7 });
  using run = await begin(settings, 0);
  const reports = await reportsOf(run);
  const { start, lower, upper } = await drawInstance({ ...instance, model: 'linear' }, device);
  const [rate, lowerRate, steps, reg] = [0.05, 1e-3, 20, 0.1];
  const flat = start.matrices.H1?.toArray() ?? [];
  let h = [0, 1, 2].map((i) => flat.slice(4 * i, 4 * i + 4));
  const first = h.map((row) => row.map(() => 0));
  const [mean, meanSquare] = [structuredClone(first), structuredClone(first)];
  const embed = (x: readonly number[]) =>
    [0, 1, 2, 3].map((j) =>
      dot(
        x,
        h.map((row) => row[j] ?? 0),
      ),
    );
  for (const [k, report] of reports.entries()) {
    let w = start.head.toArray();
    for (let step = 0; step < steps; step++) {
      const { x, y } = rowsOf(lower);
      const slope = w.map((value) => reg * value);
      for (const [row, features] of x.entries()) {
        const z = embed(features);
        const rest = (dot(z, w) - (y[row] ?? 0)) / y.length;
        for (const [j, value] of z.entries()) slope[j] = (slope[j] ?? 0) + rest * value;
      }
      w = w.map((value, j) => value - lowerRate * (slope[j] ?? 0));
    }
    const { x, y } = rowsOf(upper);
    const rests = x.map((features, row) => dot(embed(features), w) - (y[row] ?? 0));
    const f = dot(rests, rests) / (2 * y.length);
    t.true(Math.abs(report.f - f) < 1e-5 * f, `step ${k}: ${report.f}, not ${f}`);
    t.is(report.step, k);
    h = h.map((row, i) =>
      row.map((value, j) => {
        const slope =
          (dot(
            rests,
            x.map((features) => features[i] ?? 0),
          ) *
            (w[j] ?? 0)) /
          y.length;
        const m = 0.9 * (mean[i]?.[j] ?? 0) + 0.1 * slope;
        const s = 0.999 * (meanSquare[i]?.[j] ?? 0) + 0.001 * slope ** 2;
        (mean[i] as number[])[j] = m;
        (meanSquare[i] as number[])[j] = s;
        const correction = Math.sqrt(1 - 0.999 ** (k + 1)) / (1 - 0.9 ** (k + 1));
        return value - (rate * correction * m) / (Math.sqrt(s) + 1e-8);
      }),
    );
  }
});

for (const study of ['small', 'network'] as const) {
  test(`${study}: every method makes every step, starts at the same loss, and a stopped run goes on as if it had not`, async (t) => {
    const settings = validateSettings({ study, ...tiny, instances: 2 });
    const count = representationStudy.jobs(settings).length;
    t.is(count, 2 * studyMethodNames.length);
    const whole: StudyReport[][] = [];
    for (let position = 0; position < count; position++) {
      using run = await begin(settings, position);
      whole.push(await reportsOf(run));
    }
    const expected = whole.flat();
    t.is(expected.length, count * tiny.iterations);
    const starts = expected.filter(({ step, lowerSteps, instance }) => step === 0 && lowerSteps < 30 && instance === 1);
    for (const { f } of starts) t.true(Math.abs(f - (starts[0]?.f ?? 0)) < 1e-5 * f);
    const withoutTime = (reports: readonly StudyReport[]) => reports.map(({ wallMs: _, ...report }) => report);
    for (const [position, steps] of [
      [0, 4],
      [3, 1],
      [studyMethodNames.length + 1, 2],
    ] as const) {
      using first = await begin(settings, position);
      const made = await reportsOf(first, steps);
      const { tensors, values } = first.save();
      const copies = new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()]));
      using second = await begin(settings, position, { tensors: copies, values: structuredClone(values) });
      t.deepEqual(
        withoutTime([...made, ...(await reportsOf(second))]),
        withoutTime(whole[position] ?? []),
        `job ${position} stopped after ${steps}`,
      );
    }
  });
}

test('a state of something else is refused', async (t) => {
  const settings = validateSettings(tiny);
  for (const values of [null, {}, { configuration: { method: 'x' } }, { configuration: {}, counters: {} }]) {
    await t.throwsAsync(begin(settings, 0, { tensors: new Map(), values }), { code: 'STATE_MISMATCH' });
  }
  using other = await begin(settings, 1);
  await t.throwsAsync(begin(settings, 0, other.save()), { code: 'STATE_MISMATCH' });
});

test('settings are those of the study, and figures of others belong to it only when nothing is changed', (t) => {
  for (const study of studyNames) {
    const settings = validateSettings({ study });
    t.like(settings, { ...studies[study].sizes, study, asPublished: true });
    t.false(validateSettings({ study, samples: 7 }).asPublished);
    t.is(reportedSteps(settings).at(-1), settings.iterations - 1);
  }
  t.deepEqual(reportedSteps(validateSettings({ iterations: 41 })), [0, 30, 40]);
  t.deepEqual(reportedSteps(validateSettings({ iterations: 1 })), [0]);
  t.deepEqual(
    validateSettings({ methods: 'gd, hozog' }).runs.map(({ method }) => method),
    ['gd', 'hozog'],
  );
  const unknown = { code: 'INVALID_ARGUMENT', message: /methods of representation.*received "adam"/ };
  t.throws(() => validateSettings({ methods: 'gd,adam' }), unknown);
  t.throws(() => validateSettings({ study: 'steps', methods: 'aidCg' }), {
    message: /names of gd, pzoboUnit separated/,
  });
});

test('curves come from the metrics, whole or not at all', (t) => {
  const settings = validateSettings({ study: 'steps', methods: 'gd', iterations: 2 });
  const rowsOf = (instance: number, lowerSteps: number): Lines =>
    [0, 1].map((step) => ({ step, f: instance * lowerSteps * 0.1 ** step, wallMs: 500 }));
  const ended = [1, 2].flatMap((instance) =>
    settings.runs.map((run) => ({ run, ...readLosses('T', 2, rowsOf(instance, run.lowerSteps)) })),
  );
  const curves = runCurves(settings, ended);
  t.deepEqual(
    curves.map(({ title }) => title),
    [10, 20, 40].map((steps) => `direct gradient alone, T = ${steps}`),
  );
  t.deepEqual(curves[1]?.losses, [
    [20, 2],
    [40, 4],
  ]);
  t.deepEqual(curves[1]?.seconds, [1, 1]);
  const { loss, share } = lossAt(curves[1] as RunCurve, 1);
  t.is(loss, 3);
  t.true(Math.abs(share - 0.1) < 1e-12);
  t.is(runCurves(settings, ended.slice(0, 2)).length, 2);
  const whole = rowsOf(1, 40);
  for (const rows of [whole.slice(0, -1), whole.slice(1), [...whole, ...whole]]) {
    t.throws(() => readLosses('T = 40', 2, rows), { code: 'INVALID_FILE', message: /T = 40/ });
  }
});

test('the conclusion is what the losses say', (t) => {
  const settings = validateSettings({ iterations: 32 });
  const curve = (method: 'gd' | 'pzoboUnit' | 'pzoboGaussian', factor: number): RunCurve => ({
    ...{
      method,
      title: method,
      lowerSteps: 20,
      upperLearningRate: 0.1,
      seconds: [1],
      published: undefined,
      rerun: undefined,
    },
    losses: [Array.from({ length: 32 }, (_, step) => 2 ** -step * factor ** (step / 31))],
  });
  const direct = curve('gd', 1);
  const same = conclusion(settings, [direct, curve('pzoboUnit', 1.2), curve('pzoboGaussian', 1000)]);
  t.regex(same[0] ?? '', /pzoboUnit: .* after 30, 31 steps are within a factor of 1\.2 of .* which explains the curve/);
  t.regex(same[1] ?? '', /After 31 steps .*: pzoboGaussian: 1000\./);
  const other = conclusion(settings, [direct, curve('pzoboUnit', 0.1)]);
  t.regex(other[0] ?? '', /differ by up to a factor of 10 .* does not explain the curve/);
  t.deepEqual(conclusion(settings, [curve('pzoboUnit', 1)]), []);

  // Where the loss jumps on one instance, it is named, and the curves are compared on the other.
  const jump = (each: RunCurve): RunCurve => ({
    ...each,
    losses: [...each.losses, (each.losses[0] ?? []).map((loss, step) => (step === 20 ? 1e6 : loss))],
  });
  const [steady, named, ...more] = conclusion(settings, [jump(direct), jump(curve('pzoboUnit', 1.2))]);
  t.is(steady, same[0]);
  t.regex(named ?? '', /^gd: on 1 of 2 instances the loss rises to more than ten times an earlier one\.$/);
  t.is(more.length, 1);
});

const small = ['--features', '4', '--embedding', '6', '--samples', '20', '--threads', '1'];

test('the command leaves its results in its folder and prints them', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const run = ['representation', ...small, '--iterations', '40', '--instances', '2', '--methods', 'gd,pzoboUnit'];
    const { status, stdout } = await bilevel(...run, '--out', folder, '--json');
    t.is(status, 0);
    const { study, instances, runs, conclusion: sentences } = JSON.parse(stdout);
    t.deepEqual([study, instances, runs.length, sentences.length], ['small', 2, 2, 1]);
    t.deepEqual(
      runs[0].losses.map(({ step }: { step: number }) => step),
      [0, 30, 39],
    );
    t.is(runs[0].losses[0].share, 1);
    t.is(runs[0].losses[0].published, undefined);
    t.true(runs[0].seconds.mean > 0);
    t.deepEqual((await readdir(folder)).toSorted(), [
      'gd-T20',
      'losses.svg',
      'pzoboUnit-T20',
      'report.html',
      'study.json',
    ]);
    const jobs = ['gd', 'pzoboUnit'].flatMap((method) =>
      [0, 1].map((k) => join(folder, `${method}-T20/instance-${k}`)),
    );
    for (const job of jobs) {
      t.deepEqual((await readdir(job)).toSorted(), ['config.json', 'metrics.jsonl', 'state.safetensors']);
      t.is(await metricsLines(job), 40);
    }
    const [line = ''] = (await readFile(join(jobs[0] ?? '', 'metrics.jsonl'), 'utf8')).split('\n');
    t.like(JSON.parse(line), { instance: 0, method: 'gd', lowerSteps: 20, step: 0, fGradients: 1, gGradients: 20 });
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    t.regex(page, /<svg/);
    t.regex(page, /direct gradient alone<\/th><td class="text">ours<\/td>/);
    const again = await bilevel(...run, '--out', folder, '--resume');
    t.is(again.status, 0);
    t.regex(again.stdout, /^PZOBO, released code +ours +\d/m);
    t.notRegex(again.stdout, /NaN|undefined|published/);
  }));

test('a stopped command goes on where it was', (t) =>
  withTemporary(async (parent) => {
    const run = ['representation', ...small, '--iterations', '1200', '--methods', 'gd,pzoboGaussian', '--json'];
    const [folder, other] = [join(parent, 'stopped'), join(parent, 'whole')];
    const second = join(folder, 'pzoboGaussian-T20', 'instance-0');
    const stopped = await interrupted([...run, '--out', folder], async () => (await metricsLines(second)) > 50);
    t.is(stopped.status, 130);
    t.true(JSON.parse(stopped.stdout).resume.endsWith(`--resume ${folder}`));
    const resumed = await bilevel(...run, '--out', folder, '--resume');
    const whole = await bilevel(...run, '--out', other);
    const losses = ({ stdout }: { stdout: string }) =>
      JSON.parse(stdout).runs.map((each: { losses: object }) => each.losses);
    t.deepEqual(losses(resumed), losses(whole));
    const wrong = await bilevel(...run, '--seed', '1', '--out', folder, '--resume');
    t.is(errorOf(wrong).code, 'STATE_MISMATCH');
    t.is(errorOf(await bilevel('representation', '--resume', '--json')).code, 'INVALID_ARGUMENT');
  }));
