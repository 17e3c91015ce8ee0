import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { RunFolder } from '../lib/report/run-folder.js';
import { Tensor } from '../lib/tensor.js';

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const configuration = { data: 'mnist', seed: 0, penalty: { gamma: 0.01, sizes: [5000, 5000] }, unset: undefined };
const state = (value: number, step: number) => ({
  tensors: new Map([['v/w', Tensor.from([value, value])]]),
  values: { step },
});

test('a run starts in a new folder, is interrupted, and goes on from its checkpoint', (t) =>
  withFolder(async (parent) => {
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
  withFolder(async (path) => {
    const folder = await RunFolder.create(path, configuration);
    await folder.appendMetrics({ step: 1 });
    await folder.close();
    const resumed = await RunFolder.resume(path, configuration);
    t.is(resumed.state, undefined);
    t.deepEqual(await resumed.folder.readMetrics(), []);
    await resumed.folder.close();
  }));

test('a checkpoint that cannot be written leaves the one before', (t) =>
  withFolder(async (path) => {
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
  withFolder(async (path) => {
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
  }));

test('a folder with anything in it is not taken for a new run', (t) =>
  withFolder(async (path) => {
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
  withFolder(async (path) => {
    const folder = await RunFolder.create(path, configuration);
    await folder.appendMetrics({ step: 1 });
    await folder.saveState(state(1, 1));
    await folder.close();
    const resume = () => RunFolder.resume(path, configuration);
    await truncate(join(path, 'metrics.jsonl'), 3);
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /metrics\.jsonl has lost lines/ });
    await writeFile(join(path, 'metrics.jsonl'), '{"step":1\n'.padStart(11));
    const { folder: torn } = await resume();
    await t.throwsAsync(torn.readMetrics(), {
      code: 'INVALID_FILE',
      message: /Line 1 of .*metrics\.jsonl is not JSON/,
    });
    await torn.close();
    await truncate(join(path, 'state.safetensors'), 40);
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /state\.safetensors/ });
    await writeFile(join(path, 'config.json'), '[]');
    await t.throwsAsync(resume(), { code: 'INVALID_FILE', message: /config\.json is not a JSON object/ });
  }));

test('importance is written as npy and as a table', (t) =>
  withFolder(async (path) => {
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
