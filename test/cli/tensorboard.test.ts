import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decode } from 'fast-png';
import { bilevel, errorOf, interrupted, metricsLines, smallRun } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';
import { curveOf, type ReadValue, readEvents } from '../support/tensorboard.js';

const metrics = async (folder: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(folder, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** An image of the most suspicious samples in rows of 10, and a table of what is known of each. */
async function checkSheet(t: ExecutionContext, out: string, sheet: ReadValue | undefined): Promise<void> {
  const rows = (await readFile(join(out, 'importance.csv'), 'utf8')).trimEnd().split('\n').slice(1);
  const samples = rows.map((row) => row.split(',')).toSorted((a, b) => Number(a.at(-1)) - Number(b.at(-1)));
  const shown = Math.min(50, samples.length);
  t.like(sheet?.image, { width: 10 * 29 - 1, height: Math.ceil(shown / 10) * 29 - 1, channels: 1 });
  const { data, width } = decode(sheet?.image?.png ?? new Uint8Array());
  t.true(Array.from({ length: 28 }, (_, line) => data[line * width + 28]).every((grey) => grey === 128));
  t.true(Array.from({ length: 28 * 28 }, (_, at) => data[Math.floor(at / 28) * width + 29 + (at % 28)]).some(Boolean));
  const lines = sheet?.description?.match(/^\| \d.*$/gm) ?? [];
  t.is(lines.length, shown);
  t.true(lines[0]?.startsWith(`| 1.1 | ${samples[0]?.[0]} | `), lines[0]);
  t.true(lines[11]?.startsWith('| 2.2 | '));
}

test('the runs of a study write event files of their own, which say what their metrics do', (t) =>
  withTemporary(async (parent) => {
    const [out, logs] = [join(parent, 'results'), join(parent, 'logs')];
    const run = ['synthetic', '--problems', 'P1', '--methods', 'penalty,gd', '--T', '1', '--iterations', '20'];
    const { status, stderr } = await bilevel(...run, '--out', out, '--tensorboard', logs);
    t.is(status, 0, stderr);
    for (const [job, method] of [
      ['P1-penalty-T1', 'penalty'],
      ['P1-gd-T1', 'gd'],
    ] as const) {
      const files = await readEvents(join(logs, 'results', job));
      t.is(files.length, 1);
      const values = files.flat().flatMap(({ step, values }) => values.map((value) => ({ step, ...value })));
      t.like(values[0]?.hyperparameters, { method, lowerSteps: 1, problem: 'P1' });
      t.is(values.at(-1)?.ended, 1);
      const steps = (tag: string) => values.filter((value) => value.tag === tag).map(({ step }) => step);
      t.deepEqual(steps('iteration/distances'), [0, 10, 20]);
      t.deepEqual(steps('u/u'), [0, 20]);
      t.deepEqual(steps('iteration'), []);
      const [first] = await metrics(join(out, job));
      const distances = values.find(({ tag }) => tag === 'iteration/distances')?.histogram;
      t.is(distances?.count, 20);
      t.is(distances?.max, Math.max(...(first as { distances: number[] }).distances));
    }
    // What has ended is read, and tells nothing again.
    t.is((await bilevel('synthetic', '--resume', out)).status, 0);
    t.is((await readEvents(join(logs, 'results', 'P1-gd-T1'))).length, 1);
    const silent = await bilevel(...run, '--out', join(parent, 'silent'), '--tensorboard', '--no-tensorboard');
    t.is(silent.status, 0, silent.stderr);
    t.false(existsSync(join(parent, 'silent', 'tensorboard')));
    const empty = await bilevel(...run, '--out', join(parent, 'other'), '--tensorboard=', '--json');
    t.is(errorOf(empty).code, 'INVALID_ARGUMENT');
  }));

test('the events of a killed run are whole, and the run that goes on continues its curves', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'run');
    const run = ['denoise', ...smallRun, '--epochs', '60', '--no-baselines', '--tensorboard', '--out', out];
    const reached = async (): Promise<boolean> => (await metricsLines(out)) >= 7;
    t.is((await interrupted([...run, '--checkpoint-seconds', '0.05'], reached, 'SIGKILL')).status, null);
    const logs = join(out, 'tensorboard');
    const before = await readEvents(logs);
    t.true(curveOf(before, 'iteration/f').length >= 7);
    t.is((await bilevel('denoise', '--resume', out)).status, 0);
    const files = await readEvents(logs);
    t.is(files.length, 2);
    t.deepEqual(files[0], before[0]);
    const rows = (await metrics(out)).filter(({ f }) => typeof f === 'number');
    t.is(rows.length, 120);
    t.deepEqual(
      curveOf(files, 'iteration/f'),
      rows.map(({ iteration, f }) => [iteration, Math.fround(f as number)]),
    );
    t.is(files[1]?.at(-1)?.values[0]?.ended, 1);
    const sheets = files.flat().flatMap(({ values }) => values.filter(({ image }) => image !== undefined));
    t.deepEqual(
      sheets.map(({ tag }) => tag),
      ['Most suspicious samples'],
    );
    await checkSheet(t, out, sheets[0]);
  }));

test('the images of the page of a study are among its events', (t) =>
  withTemporary(async (parent) => {
    const small = ['--points', '2', '--train', '50', '--validation', '50', '--iterations', '2', '--methods', 'penalty'];
    const out = join(parent, 'out');
    const told = await bilevel('poison', ...small, '--out', out, '--tensorboard');
    t.is(told.status, 0, told.stderr);
    const [events = []] = await readEvents(join(out, 'tensorboard'));
    const images = events.flatMap(({ values }) => values);
    t.is(images.length, 4);
    for (const { tag, image } of images) {
      t.regex(tag, /^Poison of Penalty\/[12]\.[12] /);
      t.like(image, { height: 28, width: 28, channels: 1 });
    }
  }));
