import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parseCsv } from '../../lib/data/tables/csv-table.js';
import { type CleaningProgress, type CleanLabelsSettings, cleanLabels, openReview } from '../../lib/public/tasks.js';
import { flowerTable } from '../support/data-files.js';
import { testDevice } from '../support/devices.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** A table of flowers, of which each twentieth is called a tulip. */
async function writeFlowers(folder: string): Promise<CleanLabelsSettings> {
  const data = join(folder, 'flowers.csv');
  const lines = flowerTable(40).trimEnd().split('\n');
  const wrong = lines.map((line, index) => (index % 20 === 1 ? line.replace(/\w+$/, 'tulip') : line));
  await writeFile(data, `${wrong.join('\n')}\n`);
  return { data, label: 'species', trainSteps: 100 };
}

const rowsOf = async (path: string): Promise<number> => parseCsv(await readFile(path)).size;

test('a cleaning tells how far it is, and its review writes decisions and what they make of the table', (t) =>
  withTemporary(async (folder) => {
    const settings = await writeFlowers(folder);
    const told: CleaningProgress[] = [];
    const out = join(folder, 'run');
    const result = await cleanLabels(settings, { out, device, onProgress: (progress) => told.push(progress) });
    t.is(result.samples, 120);
    t.deepEqual(result.classes, ['lily', 'rose', 'tulip']);
    t.true((await readFile(result.report, 'utf8')).includes('Suspicious labels'));
    const rounds = told.flatMap((each) => (each.stage === 'round' ? [`${each.round} of ${each.rounds}`] : []));
    t.deepEqual(rounds, ['1 of 3', '2 of 3', '3 of 3']);
    const trainings = told.filter((each) => each.stage === 'training');
    t.true(trainings.every(({ step, steps, cost }) => step > 0 && step <= steps && Number.isFinite(cost)));
    t.is(trainings[0]?.training, 1);
    t.true(trainings.every(({ training }, index) => training - (trainings[index - 1]?.training ?? 1) <= 1));

    const review = await openReview(out);
    t.is(review.samples.length, result.suspicious);
    const [first, second, third] = review.samples.map(({ index }) => index);
    if (first === undefined || second === undefined || third === undefined) return t.fail('too few are suspicious');
    t.is(await rowsOf(result.files.cleaned), result.samples - result.suspicious);
    await review.decide(first, { decision: 'keep' });
    await review.decide(second, { decision: 'fix', label: 0 });
    await review.decide(third, { decision: 'fix', label: 1 });
    await review.decide(third, undefined);
    const { cleaned, judged } = await review.save();
    t.deepEqual({ cleaned, judged }, result.files);
    t.is(await rowsOf(cleaned), result.samples - result.suspicious + 2);

    const again = await openReview(out, { count: 2 });
    t.is(again.samples.length, 2);
    t.deepEqual(again.decision(second), { decision: 'fix', label: 0 });
    const all = await openReview(out);
    t.deepEqual(
      all.samples
        .slice(-2)
        .map(({ index }) => index)
        .toSorted(),
      [first, second].toSorted(),
      'decided ones come last',
    );
    for (const decision of [{ decision: 'fix', label: 3 }, { decision: 'burn' }, {}]) {
      await t.throwsAsync(review.decide(first, decision as never), { code: 'INVALID_ARGUMENT' });
    }
    await t.throwsAsync(review.decide(-1, { decision: 'drop' }), { code: 'INVALID_ARGUMENT', message: /index/ });
  }));

test('a cleaning that is stopped keeps its rounds, and goes on to the same result', (t) =>
  withTemporary(async (folder) => {
    const settings = await writeFlowers(folder);
    const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
    const controller = new AbortController();
    const onProgress = ({ stage }: CleaningProgress): void => {
      if (stage === 'round') controller.abort();
    };
    const cleaning = cleanLabels(settings, { out: stopped, device, signal: controller.signal, onProgress });
    await t.throwsAsync(cleaning, { code: 'ABORTED', message: /resume/ });
    await t.throwsAsync(openReview(stopped), { code: 'NOT_FOUND', message: /not ended/ });
    await t.throwsAsync(cleanLabels(settings, { out: stopped, device }), { code: 'INVALID_ARGUMENT' });
    const rounds: number[] = [];
    const tell = (each: CleaningProgress): void => void (each.stage === 'round' && rounds.push(each.round));
    await cleanLabels(settings, { out: stopped, device, resume: true, onProgress: tell });
    t.deepEqual(rounds, [2, 3]);
    await cleanLabels(settings, { out: whole, device });
    t.is(await readFile(join(stopped, 'judged.csv'), 'utf8'), await readFile(join(whole, 'judged.csv'), 'utf8'));
  }));

test('data to experiment with and unknown settings are refused before anything is written', async (t) => {
  const out = join('no', 'such', 'folder');
  for (const [settings, code, message] of [
    [{ data: 'mnist' }, 'INVALID_ARGUMENT', /data/],
    [{}, 'INVALID_ARGUMENT', /data/],
    [{ data: 'flowers.csv', noise: 0.5 }, 'INVALID_ARGUMENT', /noise/],
    [{ data: 'no-such.csv' }, 'NOT_FOUND', /no-such/],
  ] as const) {
    await t.throwsAsync(cleanLabels(settings as never, { out, device }), { code, message });
  }
  await t.throwsAsync(openReview(out), { code: 'NOT_FOUND' });
});
