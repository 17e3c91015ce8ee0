import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { mergeStudy, readBegun, runStudy, type Source } from '../../lib/study/index.js';
import { withoutTimes } from '../../lib/study/read-run.js';
import { syntheticStudy } from '../../lib/tasks/synthetic/study.js';
import { testDevice } from '../support/devices.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const runs = ['P1-gd-T1', 'P1-gd-T2', 'P2-gd-T1', 'P2-gd-T2'];
const options = { trials: 2, iterations: 20, problems: 'P1,P2', methods: 'gd', T: '1,2' };
const settingsOf = (changes = {}) => syntheticStudy.validate({ ...options, ...changes });

/** Makes a part of the study. */
async function make(out: string, index: number, count: number, changes = {}, resume = false): Promise<void> {
  const begun = { command: 'synthetic', options: [JSON.stringify(changes)], version: '0.1.0' };
  await runStudy(syntheticStudy, settingsOf(changes), { out, begun, shard: { index, count }, resume, device });
}

async function merge(out: string, ...folders: readonly string[]) {
  const sources = await Promise.all(folders.map(async (folder) => ({ folder, record: await readBegun(folder) })));
  return mergeStudy(syntheticStudy, settingsOf(), out, sources as [Source, ...Source[]]);
}

/** What was measured in all runs, but times. */
const measuredIn = ({ results }: Awaited<ReturnType<typeof merge>>): unknown =>
  withoutTimes(results.outcomes.map(({ measured: { medianMilliseconds: _, ...rest } }) => rest));

/** Two parts of a study, made once, and what the whole study measures. */
const made: { folder: string; whole: unknown } = { folder: '', whole: undefined };
test.before(async () => {
  made.folder = await mkdtemp(join(tmpdir(), 'bilevel-merge-'));
  for (const index of [1, 2]) await make(join(made.folder, `part-${index}`), index, 2);
  const { results } = await runStudy(syntheticStudy, settingsOf(), { out: join(made.folder, 'whole'), device });
  made.whole = measuredIn({ results, gaps: [] });
});
test.after.always(() => rm(made.folder, { recursive: true, force: true }));

/** Copies of the parts, which may be spoiled. */
const withParts = (use: (out: string, a: string, b: string, parent: string) => Promise<void>): Promise<void> =>
  withTemporary(async (parent) => {
    await cp(made.folder, parent, { recursive: true });
    await use(join(parent, 'out'), join(parent, 'part-1'), join(parent, 'part-2'), parent);
  });

test('parts are merged to the whole study, and stay as they are', (t) =>
  withParts(async (out, a, b) => {
    const content = () => Promise.all([a, b].map((folder) => readdir(folder, { recursive: true })));
    const before = await content();
    const merged = await merge(out, a, b);
    t.deepEqual(merged.gaps, []);
    t.deepEqual(measuredIn(merged), made.whole);
    t.deepEqual(await content(), before);
    t.deepEqual(measuredIn(await merge(out, out)), made.whole);
  }));

test('what runs have shown TensorBoard is merged in place of what an unfinished run has', (t) =>
  withParts(async (out, a, b) => {
    const eventsOf = (folder: string) => join(folder, 'tensorboard', 'P2-gd-T1');
    const [events, others] = ['events.out.tfevents.2.host.1.0', 'events.out.tfevents.1.host.1.0'];
    const [source = a] = [a, b].filter((folder) => existsSync(join(folder, 'P2-gd-T1')));
    for (const [folder, name] of [
      [eventsOf(source), events],
      [eventsOf(out), others],
    ] as const) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), name);
    }
    await merge(out, a, b);
    t.deepEqual(await readdir(eventsOf(out)), [events]);
    t.is(await readFile(join(eventsOf(out), events), 'utf8'), events);
    t.deepEqual(await readdir(join(out, 'tensorboard')), ['P2-gd-T1']);
  }));

test('a merge that was killed between two files is made again', (t) =>
  withParts(async (out, a, b) => {
    await merge(out, a, b);
    await rm(join(out, 'P2-gd-T1', 'config.json'));
    await writeFile(join(out, 'P2-gd-T1', 'metrics.jsonl'), '{"iter');
    t.deepEqual(measuredIn(await merge(out, out, a, b)), made.whole);
  }));

test('a run that had not ended where the parts are merged is replaced by the one that has', (t) =>
  withParts(async (out, a, b) => {
    await merge(out, a, b);
    await rm(join(out, 'P2-gd-T1', 'state.safetensors'));
    t.like((await merge(out, out)).gaps, [{ run: 'P2-gd-T1', state: 'begun', resume: out }]);
    t.deepEqual(measuredIn(await merge(out, out, a, b)), made.whole);
  }));

test('runs that nobody began are told with the folder of their part, else that of the whole', (t) =>
  withParts(async (out, a, b) => {
    t.deepEqual(
      (await merge(out, a)).gaps,
      ['P1-gd-T2', 'P2-gd-T2'].map((run) => ({
        ...{ run, state: 'missing' as const, folders: [], resume: out, shard: { index: 2, count: 2 } },
      })),
    );
    await rm(join(b, 'P2-gd-T2'), { recursive: true });
    t.like((await merge(out, a, b)).gaps, [{ run: 'P2-gd-T2', state: 'missing', resume: b }]);
  }));

test('parts of parts make the whole, too', (t) =>
  withParts(async (out, a, _, parent) => {
    const quarters = [join(parent, 'quarter-2'), join(parent, 'quarter-4')] as const;
    await make(quarters[0], 2, 4);
    t.like((await merge(out, a, quarters[0])).gaps, [{ run: 'P2-gd-T2', shard: { index: 2, count: 2 } }]);
    await make(quarters[1], 4, 4);
    t.deepEqual(measuredIn(await merge(out, a, ...quarters)), made.whole);
  }));

test('a run that ended in two folders is taken once, unless its results differ', (t) =>
  withParts(async (out, a, b, parent) => {
    const again = join(parent, 'again');
    // With other times.
    await make(again, 3, 4);
    t.deepEqual(measuredIn(await merge(out, a, b, again)), made.whole);
    for (const file of ['state.safetensors', 'metrics.jsonl']) {
      await cp(join(b, 'P1-gd-T2', file), join(again, 'P2-gd-T1', file));
    }
    const folders = [a, again].map((folder) => join(folder, 'P2-gd-T1'));
    const merged = await merge(join(parent, 'new'), a, b, again);
    t.like(merged.gaps, [{ run: 'P2-gd-T1', state: 'different', folders }]);
    t.is(merged.results.outcomes.length, 3);
  }));

test('a damaged run is named, the others are copied, and a whole copy of it elsewhere is taken', (t) =>
  withParts(async (out, a, b, parent) => {
    const kept = join(parent, 'kept');
    await cp(b, kept, { recursive: true });
    await truncate(join(b, 'P2-gd-T2', 'metrics.jsonl'), 10);
    const { gaps } = await merge(out, a, b);
    t.like(gaps, [{ run: 'P2-gd-T2', state: 'damaged', folders: [join(b, 'P2-gd-T2')] }]);
    t.regex(gaps[0]?.reason ?? '', /metrics\.jsonl has lost lines/);
    t.deepEqual((await readdir(out)).toSorted(), [...runs.slice(0, 3), 'study.json']);
    await writeFile(join(b, 'P1-gd-T2', 'config.json'), '{');
    t.regex((await merge(join(parent, 'new'), a, b)).gaps[0]?.reason ?? '', /config\.json is not JSON/);
    t.deepEqual(measuredIn(await merge(out, out, a, b, kept)), made.whole);
  }));

test('parts of different studies are refused, with what differs', (t) =>
  withParts(async (out, a, b, parent) => {
    const refused = async (folder: string, message: RegExp): Promise<void> => {
      await t.throwsAsync(merge(out, a, folder), { code: 'STATE_MISMATCH', message });
      t.false(existsSync(out));
    };
    const other = join(parent, 'other');
    await make(other, 2, 2, { T: '1,3' });
    await refused(other, /no parts of one study: it was begun there by "bilevel synthetic .*" and here by ".*1,3.*"/);
    await t.throwsAsync(merge(out, other), { message: /are not those that its options stand for/ });
    const text = await readFile(join(b, 'study.json'), 'utf8');
    for (const [key, value, message] of [
      ['version', '0.0.9', /version is 0\.1\.0 there and 0\.0\.9 here/],
      ['precision', 'bf16', /precision is float32 there and bf16 here/],
    ] as const) {
      await writeFile(join(b, 'study.json'), JSON.stringify({ ...JSON.parse(text), [key]: value }));
      await refused(b, message);
    }
    await writeFile(join(b, 'study.json'), text);
    const configuration = join(b, 'P1-gd-T2', 'config.json');
    const own = JSON.parse(await readFile(configuration, 'utf8'));
    await writeFile(configuration, JSON.stringify({ ...own, iterations: 30 }));
    await refused(b, /holds a run of another configuration: iterations is 30 there and 20 here/);
    await writeFile(configuration, JSON.stringify({ ...own, files: { 'labels.csv': 'bb' } }));
    const first = join(a, 'P1-gd-T1', 'config.json');
    const record = JSON.parse(await readFile(first, 'utf8'));
    await writeFile(first, JSON.stringify({ ...record, files: { 'labels.csv': 'aa' } }));
    await refused(b, /read different files of the name labels\.csv/);
  }));

test('a run that its method could not do is merged with the reason', (t) =>
  withParts(async (out, a, b) => {
    const run = join(a, 'P1-gd-T1');
    await rm(join(run, 'state.safetensors'));
    await writeFile(join(run, 'failure.json'), JSON.stringify({ failure: 'It ran away.', seconds: 2 }));
    const { results, gaps } = await merge(out, a, b);
    t.deepEqual(gaps, []);
    t.like(results.outcomes[0], { failure: 'It ran away.', seconds: 2 });
    await writeFile(join(run, 'failure.json'), '{}');
    t.like((await merge(join(a, 'new'), a, b)).gaps, [{ state: 'damaged' }]);
  }));

test('parts in one folder have the same options and the same number of parts', (t) =>
  withParts(async (_, a) => {
    const mismatch = { code: 'STATE_MISMATCH' };
    await t.throwsAsync(make(a, 2, 2, { T: '1,3' }), { ...mismatch, message: /begun there by .* and here by ".*1,3/ });
    await t.throwsAsync(make(a, 2, 3, {}, true), { ...mismatch, message: /shards is 2 there and 3 here/ });
    await t.throwsAsync(make(a, 1, 2), { code: 'INVALID_ARGUMENT', message: /already holds a run/ });
    t.deepEqual((await readdir(a)).filter((name) => runs.includes(name)).toSorted(), [runs[0], runs[2]]);
    // The same options in other words.
    await make(a, 2, 2, { T: '1, 2' });
    t.deepEqual(measuredIn(await merge(a, a)), made.whole);
  }));

test('parts that begin at once in one folder are one study, also where one has nothing to do', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'shared');
    await Promise.all([1, 2, 3, 4, 5].map((index) => make(out, index, 5)));
    t.deepEqual(measuredIn(await merge(out, out)), made.whole);
  }));
