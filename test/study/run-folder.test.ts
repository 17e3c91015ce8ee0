import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { BilevelError } from '../../lib/errors.js';
import { fingerprintsOf } from '../../lib/study/fingerprints.js';
import { RunFolder } from '../../lib/study/run-folder.js';
import { Tensor } from '../../lib/tensor.js';
import { withTemporary } from '../support/temporary.js';

const configuration = { data: 'mnist', seed: 0, penalty: { gamma: 0.01, sizes: [5000, 5000] }, unset: undefined };
const state = (value: number, step: number) => ({
  tensors: new Map([['v/w', Tensor.from([value, value])]]),
  values: { step },
});

test('a run starts in a new folder, is interrupted, and goes on from its checkpoint', (t) =>
  withTemporary(async (parent) => {
    const path = join(parent, 'runs', 'a');
    const folder = await RunFolder.create(path, configuration);
    await folder.appendMetrics({ step: 1, f: 0.5 });
    await folder.appendMetrics({ step: 2, f: Number.NaN });
    await folder.saveState(state(2, 2));
    await folder.appendMetrics({ step: 3, f: 0.3 });
    await folder.close();
    await appendFile(join(path, 'metrics.jsonl'), '{"step": 4, "f'); // the process died while it wrote

    const resumed = await RunFolder.resume(path, configuration);
    t.deepEqual(resumed.state?.values, { step: 2 });
    t.deepEqual(resumed.state?.tensors.get('v/w')?.toArray(), [2, 2]);
    await resumed.folder.appendMetrics({ step: 3, f: 0.25 });
    t.deepEqual(await resumed.folder.readMetrics(), [
      { step: 1, f: 0.5 },
      { step: 2, f: null },
      { step: 3, f: 0.25 },
    ]);
    await resumed.folder.saveState(state(3, 3));
    await resumed.folder.close();
    const again = await RunFolder.resume(path, configuration);
    t.deepEqual(again.state?.values, { step: 3 });
    t.is((await again.folder.readMetrics()).length, 3);
    await again.folder.close();
    t.deepEqual((await readdir(path)).toSorted(), ['config.json', 'metrics.jsonl', 'state.safetensors']);
  }));

test('a run without a checkpoint starts again from nothing', (t) =>
  withTemporary(async (path) => {
    const folder = await RunFolder.create(path, configuration);
    await folder.appendMetrics({ step: 1 });
    await folder.close();
    const resumed = await RunFolder.resume(path, configuration);
    t.is(resumed.state, undefined);
    t.deepEqual(await resumed.folder.readMetrics(), []);
    await resumed.folder.close();
  }));

test('a checkpoint that cannot be written leaves the one before', (t) =>
  withTemporary(async (path) => {
    const folder = await RunFolder.create(path, configuration);
    await folder.saveState(state(1, 1));
    const broken = { tensors: state(2, 2).tensors, values: { step: 2n } }; // JSON refuses a bigint
    await t.throwsAsync(folder.saveState(broken));
    await folder.close();
    const resumed = await RunFolder.resume(path, configuration);
    t.deepEqual(resumed.state?.values, { step: 1 });
    t.deepEqual(resumed.state?.tensors.get('v/w')?.toArray(), [1, 1]);
    await resumed.folder.close();
  }));

test('another configuration is refused with every key that differs, and the folder stays as it was', (t) =>
  withTemporary(async (path) => {
    await (await RunFolder.create(path, configuration)).close();
    const before = await readFile(join(path, 'config.json'), 'utf8');
    const other = { ...configuration, seed: 1, penalty: { gamma: 0.01, sizes: [5000, 1000] }, epochs: 3 };
    await t.throwsAsync(RunFolder.resume(path, other), {
      code: 'STATE_MISMATCH',
      message:
        /seed is 0 there and 1 here; penalty\.sizes is \[5000,5000\] there and \[5000,1000\] here; epochs is absent there and 3 here\./,
    });
    t.is(await readFile(join(path, 'config.json'), 'utf8'), before);
    const reordered = { seed: 0, penalty: { sizes: [5000, 5000], gamma: 0.01 }, data: 'mnist' };
    await (await RunFolder.resume(path, reordered)).folder.close();
    // As when the folder was begun before there was the option, which has not been given.
    await (await RunFolder.resume(path, { ...configuration, augment: '' })).folder.close();
    await t.throwsAsync(RunFolder.resume(path, { ...configuration, augment: 'flip' }), {
      code: 'STATE_MISMATCH',
      message: /augment is absent there and "flip" here/,
    });
  }));

test('files that changed since the run was begun are named, and those that are gone or new are not', (t) =>
  withTemporary(async (parent) => {
    const [path, a, b] = [join(parent, 'run'), join(parent, 'a.csv'), join(parent, 'b.csv')];
    await writeFile(a, '1');
    await writeFile(b, '2');
    const now = () => fingerprintsOf([a, b, parent, join(parent, 'none')]);
    const begun = await now();
    t.deepEqual(Object.keys(begun), [a, b]);
    await (await RunFolder.create(path, configuration, begun)).close();
    await (await RunFolder.resume(path, configuration, await now())).folder.close();
    await writeFile(b, '3');
    await t.throwsAsync(RunFolder.resume(path, configuration, await now()), {
      code: 'STATE_MISMATCH',
      message: `${b} changed since the run in ${path} was begun. Put back what was there, or begin a run in another folder.`,
    });
    await rm(b);
    await (await RunFolder.resume(path, configuration, await now())).folder.close();
    await writeFile(b, '3');
    await t.throwsAsync(RunFolder.resume(path, configuration, await now()), { code: 'STATE_MISMATCH' });
  }));

test('a folder with anything in it is not taken for a new run', (t) =>
  withTemporary(async (path) => {
    await writeFile(join(path, 'thesis.tex'), '');
    await t.throwsAsync(RunFolder.create(path, {}), { code: 'INVALID_ARGUMENT', message: /empty folder/ });
    await t.throwsAsync(RunFolder.resume(path, {}), { code: 'NOT_FOUND', message: /config\.json/ });
    t.deepEqual(await readdir(path), ['thesis.tex']);
    const run = join(path, 'run');
    await (await RunFolder.create(run, {})).close();
    await t.throwsAsync(RunFolder.create(run, {}), { code: 'INVALID_ARGUMENT', message: /already holds a run/ });
    await t.throwsAsync(RunFolder.create(join(path, 'thesis.tex'), {}), { code: 'IO_ERROR' });
    await t.throwsAsync(RunFolder.create(join(path, 'thesis.tex', 'run'), {}), { code: 'IO_ERROR' });
  }));

test('damaged files are named', (t) =>
  withTemporary(async (path) => {
    const folder = await RunFolder.create(path, configuration);
    await folder.appendMetrics({ step: 1 });
    await folder.saveState(state(1, 1));
    await folder.close();
    const resume = () => RunFolder.resume(path, configuration);
    await truncate(join(path, 'metrics.jsonl'), 3);
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /metrics\.jsonl has lost lines/ });
    await writeFile(join(path, 'metrics.jsonl'), '{"step":1\n'.padStart(11));
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /metrics\.jsonl is not as it was written/ });
    await truncate(join(path, 'state.safetensors'), 40);
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /state\.safetensors/ });
    await writeFile(join(path, 'config.json'), '[]');
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /config\.json is not a JSON object/ });
  }));

test('no bit of a checkpoint or of its metrics can change without notice', (t) =>
  withTemporary(async (path) => {
    const folder = await RunFolder.create(path, configuration);
    await folder.appendMetrics({ step: 1, f: 0.5 });
    const tensors = new Map<string, Tensor>([
      ['v/w', Tensor.from([1, -2, 3])],
      ['count', Tensor.from([1n, 2n])],
      ['mask', Tensor.from([1, 0, 1], [3], 'bool')],
    ]);
    await folder.saveState({ tensors, values: { step: 1, rate: 0.125 } });
    await folder.close();
    for (const name of ['state.safetensors', 'metrics.jsonl']) {
      const file = join(path, name);
      const whole = await readFile(file);
      const accepted: string[] = [];
      for (let bit = 0; bit < 8 * whole.length; bit += 31) {
        const damaged = Buffer.from(whole);
        damaged[bit >> 3] = Number(damaged[bit >> 3]) ^ (1 << (bit & 7));
        await writeFile(file, damaged);
        try {
          const resumed = await RunFolder.resume(path, configuration);
          accepted.push(
            JSON.stringify(resumed.state?.values),
            ...(await resumed.folder.readMetrics()).map((row) => JSON.stringify(row)),
          );
          t.deepEqual(resumed.state?.tensors, tensors, `${name}, bit ${bit}`);
          await resumed.folder.close();
        } catch (error) {
          if (!(error instanceof BilevelError)) throw error;
          t.true(['INVALID_FILE', 'LIMIT_EXCEEDED'].includes(error.code), `${name}, bit ${bit}: ${error.message}`);
        }
      }
      // White space of the header may change to other white space; what it says may not.
      t.true(new Set(accepted).size <= 2, accepted.join(' '));
      await writeFile(file, whole);
    }
  }));

test('a folder belongs to one process at a time', (t) =>
  withTemporary(async (path) => {
    const first = await RunFolder.create(path, configuration);
    const resume = async (): Promise<RunFolder> => (await RunFolder.resume(path, configuration)).folder;
    await t.throwsAsync(resume(), { code: 'FOLDER_IN_USE', message: new RegExp(`by process ${process.pid} on `) });
    await first.close();
    const together = await Promise.allSettled([resume(), resume(), resume()]);
    const winners = together.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    t.is(winners.length, 1);
    for (const outcome of together) {
      if (outcome.status === 'rejected') t.is(outcome.reason.code, 'FOLDER_IN_USE');
    }
    await winners[0]?.close();
    t.deepEqual((await readdir(path)).toSorted(), ['config.json', 'metrics.jsonl']);
  }));

test('a process that was killed keeps no folder', (t) =>
  withTemporary(async (path) => {
    await (await RunFolder.create(path, configuration)).close();
    const module = new URL('../../lib/study/run-folder.js', import.meta.url).href;
    const script = `
      const { RunFolder } = await import(${JSON.stringify(module)});
      await RunFolder.resume(${JSON.stringify(path)}, ${JSON.stringify(configuration)});
      console.log('taken');
      setInterval(() => 0, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { timeout: 60_000 });
    await once(child.stdout, 'data');
    await t.throwsAsync(RunFolder.resume(path, configuration), {
      code: 'FOLDER_IN_USE',
      message: new RegExp(`by process ${child.pid} on `),
    });
    child.kill('SIGKILL');
    await once(child, 'close');
    await (await RunFolder.resume(path, configuration)).folder.close();

    // Of a process on another machine only the silence is seen.
    const foreign = join(path, '.lock.elsewhere.1.2.0123456789ab');
    await writeFile(foreign, '');
    await t.throwsAsync(RunFolder.resume(path, configuration), { code: 'FOLDER_IN_USE', message: /on elsewhere\./ });
    const longAgo = Date.now() / 1000 - 100;
    await utimes(foreign, longAgo, longAgo);
    await (await RunFolder.resume(path, configuration)).folder.close();
    t.deepEqual((await readdir(path)).toSorted(), ['config.json', 'metrics.jsonl']);
  }));

test('what a process that died was writing is no obstacle, neither to start nor to go on', (t) =>
  withTemporary(async (parent) => {
    const path = join(parent, 'run');
    await mkdir(path);
    await writeFile(join(path, '.config.json.0123456789ab.tmp'), '{"half');
    await (await RunFolder.create(path, configuration)).close();
    await writeFile(join(path, '.state.safetensors.0123456789ab.tmp'), 'half');
    await writeFile(join(path, '.notes.0123456789ab.tmp'), 'not ours');
    await (await RunFolder.resume(path, configuration)).folder.close();
    t.deepEqual((await readdir(path)).toSorted(), ['.notes.0123456789ab.tmp', 'config.json', 'metrics.jsonl']);
  }));

test('importance is written as npy and as a table', (t) =>
  withTemporary(async (path) => {
    const folder = await RunFolder.create(path, {});
    const importance = { rows: [7, 9], weights: [0.25, 1], given: [3n, 1n], predicted: [8n, 1n], actual: [8n, 1n] };
    await folder.writeImportance(importance);
    t.is(
      await readFile(join(path, 'importance.csv'), 'utf8'),
      'index,given_label,predicted_label,true_label,weight\n7,3,8,8,0.25\n9,1,1,1,1\n',
    );
    const npy = await readFile(join(path, 'importance.npy'));
    t.deepEqual([npy.readFloatLE(npy.length - 8), npy.readFloatLE(npy.length - 4)], [0.25, 1]);
    await t.throwsAsync(folder.writeImportance({ ...importance, predicted: [1n] }), {
      code: 'INVALID_ARGUMENT',
      message: /importance\.predicted/,
    });
    await folder.close();
  }));
