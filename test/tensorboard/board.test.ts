import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { decode } from 'fast-png';
import { Tensor, tensorBoard } from '../../lib/public/index.js';
import { testDevice } from '../support/devices.js';
import { openSmall } from '../support/solvers/runs.js';
import { withTemporary } from '../support/temporary.js';
import { checksum, eventsOf, type ReadValue, readEvents } from '../support/tensorboard.js';

const device = testDevice();
test.after.always(() => device.dispose());

test('the checksum of the reader is CRC-32C', (t) => {
  t.is(checksum(new TextEncoder().encode('123456789')), 0xe306_9283);
});

test('an event file has curves, histograms, images and hyperparameters, and says how the run ended', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'a', 'b');
    const hyperparameters = {
      rate: 0.1,
      seed: 0,
      deep: { on: true, off: false },
      name: 'größer',
      sizes: [3, 4],
      none: '',
    };
    const board = await tensorBoard(folder, { hyperparameters });
    board.report({ iteration: 3, f: 1.5, response: { f: 2, status: 'converged' }, passed: true, missing: undefined });
    board.scalars({ method: 'grid', accuracy: Number.NaN, infinite: -Infinity, list: [1, 2, 3], empty: [] }, 4);
    board.scalars({}, 4);
    board.histogram('u', Tensor.from([0, 1, 1, 4]), 5);
    board.histogram('same', [7n, 7n, Number.NaN], 5);
    board.histogram('nothing', [Number.NaN], 5);
    board.image('grey', Tensor.from([0, 1, 0.5, 0, 0, 0], [1, 2, 3]), 2 ** 40);
    board.image('told', Tensor.from([0, 1], [1, 1, 2]), 6, 'of *two*');
    board.image('batch', Tensor.from(new Float32Array(24).fill(1), [2, 3, 2, 2]), 6);
    board.close();
    board.close();
    const [events = [], ...others] = await readEvents(folder);
    t.deepEqual(others, []);
    t.is(board.path, join(folder, (await readdir(folder))[0] ?? ''));
    t.deepEqual([events[0]?.fileVersion, events[0]?.values], ['brain.Event:2', []]);
    t.true(events.every(({ wallTime }) => Math.abs(wallTime - Date.now() / 1000) < 3600));
    t.deepEqual(
      events.filter(({ restarts }) => restarts).map(({ step }) => step),
      [3],
    );
    const told = events.flatMap(({ step, values }) => values.map((value) => ({ step, ...value })));
    const found = (tag: string): (ReadValue & { step: number }) | undefined => told.find((value) => value.tag === tag);
    t.deepEqual(
      told.map(({ step, tag }) => `${step} ${tag}`),
      [
        ...['0 _hparams_/session_start_info', '3 f', '3 response/f', '3 passed', '4 grid/accuracy', '4 grid/infinite'],
        ...[
          '4 grid/list',
          '5 u',
          '5 same',
          `${2 ** 40} grey`,
          '6 told',
          '6 batch/0',
          '6 batch/1',
          '0 _hparams_/session_end_info',
        ],
      ],
    );
    t.deepEqual(found('_hparams_/session_start_info')?.hyperparameters, {
      ...{ rate: 0.1, seed: 0, 'deep.on': true, 'deep.off': false, name: 'größer', sizes: '3, 4' },
    });
    t.is(found('_hparams_/session_end_info')?.ended, 1);
    t.deepEqual(
      ['f', 'response/f', 'passed', 'grid/accuracy', 'grid/infinite'].map((tag) => found(tag)?.scalar),
      [1.5, 2, 1, Number.NaN, -Infinity],
    );
    const { buckets = [], ...u } = found('u')?.histogram ?? {};
    t.deepEqual(u, { min: 0, max: 4, count: 4 });
    t.deepEqual(
      [buckets.length, buckets[0], buckets[15], buckets[59], buckets.reduce((a, b) => a + b)],
      [60, 1, 2, 1, 4],
    );
    t.deepEqual(found('same')?.histogram, { min: 7, max: 7, count: 2, buckets: [2] });
    const grey = found('grey')?.image;
    t.like(grey, { height: 2, width: 3, channels: 1 });
    t.deepEqual([...decode(grey?.png ?? new Uint8Array()).data], [0, 255, 128, 0, 0, 0]);
    t.is(found('told')?.description, 'of *two*');
    t.is(found('grey')?.description, undefined);
    t.like(found('batch/1')?.image, { height: 2, width: 2, channels: 3 });
  }));

test('a run that goes on has a file behind those of before, which stay as they are', (t) =>
  withTemporary(async (folder) => {
    const later = `events.out.tfevents.${Math.floor(Date.now() / 1000) + 50}.elsewhere.1.0`;
    await writeFile(join(folder, 'other.txt'), 'text');
    using first = await tensorBoard(folder);
    first.scalars({ f: 1 }, 1);
    const before = await readFile(first.path);
    await writeFile(join(folder, later), before);
    // While the file of before is still open, as after a process that hangs.
    using second = await tensorBoard(folder, { hyperparameters: { rate: 1 } });
    second.scalars({ f: 2 }, 2);
    second.scalars({ f: 3 }, 3);
    second.close('failure');
    t.deepEqual(await readFile(first.path), before);
    t.deepEqual(await readFile(join(folder, later)), before);
    const names = (await readdir(folder)).toSorted();
    t.deepEqual(names.indexOf(second.path.slice(folder.length + 1)), 2);
    const events = eventsOf(await readFile(second.path));
    t.deepEqual(
      events.map(({ step, restarts, values }) => [step, restarts, values.map(({ ended, scalar }) => ended ?? scalar)]),
      [
        [0, false, []],
        [0, false, [undefined]],
        [2, true, []],
        [2, false, [2]],
        [3, false, [3]],
        [0, false, [2]],
      ],
    );
    t.throws(() => second.scalars({ f: 4 }, 4), { code: 'DISPOSED' });
  }));

test('the reports of a solver are curves of the values that it reported', (t) =>
  withTemporary(async (folder) => {
    using solver = openSmall('penalty', { device, evaluateEvery: 2, response: { maxSteps: 5 } });
    const state = solver.init();
    using board = await tensorBoard(folder, { hyperparameters: solver.configuration });
    const expected: [number, number][] = [];
    for await (const report of solver.run({ state, iterations: 4 })) {
      board.report(report);
      for (const [name, tensor] of Object.entries(state.v)) board.histogram(`v/${name}`, tensor, report.iteration);
      expected.push([report.iteration, Math.fround(report.f)]);
    }
    const [events = []] = await readEvents(folder);
    const told = events.flatMap(({ step, values }) => values.map((value) => ({ step, ...value })));
    t.deepEqual(
      told.filter(({ tag }) => tag === 'f').map(({ step, scalar }) => [step, scalar]),
      expected,
    );
    t.is(told.filter(({ tag }) => tag === 'response/f').length, 2);
    t.is(told.find(({ hyperparameters }) => hyperparameters)?.hyperparameters?.['the method'], 'penalty');
  }));

test('what cannot be written is refused by name, and the file stays whole', (t) =>
  withTemporary(async (folder) => {
    await writeFile(join(folder, 'file'), '');
    await t.throwsAsync(tensorBoard(''), { code: 'INVALID_ARGUMENT', message: /folder/ });
    await t.throwsAsync(tensorBoard(join(folder, 'file')), { code: 'IO_ERROR', message: /file/ });
    await t.throwsAsync(tensorBoard(folder, { hyperparameter: {} } as never), { code: 'UNKNOWN_OPTION' });
    await t.throwsAsync(tensorBoard(folder, { hyperparameters: [] as never }), { message: /hyperparameters/ });
    using board = await tensorBoard(folder);
    const wrong: [() => void, RegExp][] = [
      [() => board.report({} as never), /step/],
      [() => board.scalars({ f: 1 }, -1), /step/],
      [() => board.scalars({ f: 1 }, 0.5), /step/],
      [() => board.scalars([1] as never, 1), /values/],
      [() => board.histogram('', [1], 1), /name/],
      [() => board.histogram('h', 1 as never, 1), /values/],
      [() => board.image('i', Tensor.zeros([4, 4]), 1), /float32\[4, 4\]/],
      [() => board.image('i', Tensor.zeros([1, 0, 4]), 1), /image/],
      [() => board.image('i', Uint8Array.of(1, 2), 1), /PNG/],
      [() => board.image('i', [[1]] as never, 1), /Tensor/],
      [() => board.close('done' as never), /outcome/],
    ];
    for (const [write, message] of wrong) t.throws(write, { code: 'INVALID_ARGUMENT', message });
    t.is(eventsOf(await readFile(board.path)).length, 1);
  }));
