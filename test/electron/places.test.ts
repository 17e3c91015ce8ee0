import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import {
  type Display,
  type Ended,
  hasElectron,
  inElectron,
  installApp,
  openDisplay,
  packApp,
  startApp,
} from '../support/electron.js';

/** The package in each kind of process that Electron offers it, from a folder and from an archive. */

const app = resolve('test/electron/app');
const places = ['main', 'utility', 'worker'] as const;
const packings = ['folder', 'app.asar'] as const;

let temporary: string;
let display: Display;
/** What the works come to in Node. */
let expected: { readonly training: unknown; readonly misfortunes: { readonly allocations: object } };
/** What a run comes to that makes as many iterations as one that was ended. */
let resumed: (file: string) => Promise<{ readonly iterations: number; readonly kept: string; readonly again: string }>;

test.before(async () => {
  if (!hasElectron) return;
  temporary = await mkdtemp(join(tmpdir(), 'bilevel-electron-'));
  display = await openDisplay();
  await installApp(app, join(temporary, 'folder'));
  await packApp(join(temporary, 'folder'), join(temporary, 'app.asar'));
  const { works } = await import(join(app, 'work.mjs'));
  expected = { training: await works.training(), misfortunes: await works.misfortunes() };
  resumed = works.resumed;
});

test.after.always(async () => {
  if (!hasElectron) return;
  display.close();
  await rm(temporary, { recursive: true });
});

function start(packing: string, place: string, work: string, variables: Record<string, string> = {}): Promise<Ended> {
  const chosen = { BILEVEL_WORK: work, BILEVEL_PLACE: place };
  return startApp(join(temporary, packing), display, { ...chosen, ...variables }).ended;
}

const told = ({ lines, stderr }: Ended): unknown => (lines.length === 0 ? stderr : JSON.parse(lines.at(-1) ?? ''));

for (const packing of packings) {
  for (const place of places) {
    inElectron(`a run in ${place} from ${packing} gives the numbers of Node`, async (t) => {
      const ended = await start(packing, place, 'training');
      t.deepEqual(told(ended), { result: expected.training });
      t.is(ended.status, 0);
    });
  }
}

for (const place of places) {
  inElectron(`errors, an abort and too large sizes in ${place} leave what they leave in Node`, async (t) => {
    const ended = await start('folder', place, 'misfortunes');
    const { misfortunes } = expected;
    t.like(misfortunes, { allocations: { tensor: 'LIMIT_EXCEEDED', twoGibibytes: 'none', program: 'none' } });
    // A thread of Node has Node's own limits; elsewhere Electron gives JavaScript less than 2 GiB in one piece.
    const twoGibibytes = place === 'worker' ? 'none' : 'LIMIT_EXCEEDED';
    const result = { ...misfortunes, allocations: { ...misfortunes.allocations, twoGibibytes } };
    t.deepEqual(told(ended), { result });
    t.is(ended.status, 0);
  });

  inElectron(
    `an app that quits in the middle of a run in ${place} ends by itself; what it kept is whole`,
    async (t) => {
      const file = join(temporary, `${place}.safetensors`);
      const ended = await start('folder', place, 'endless', { BILEVEL_STATE: file });
      t.deepEqual(told(ended), { running: true });
      t.deepEqual([ended.status, ended.signal], [0, null]);
      const { iterations, kept, again } = await resumed(file);
      t.true(iterations >= 2);
      t.is(kept, again);
    },
  );
}

inElectron('a preload script without a sandbox lacks shared memory, unless the app asks for it', async (t) => {
  const usual = await start('folder', 'preload', 'sharing');
  t.deepEqual(told(usual), { result: 'DEVICE_UNAVAILABLE' });
  const asked = await start('folder', 'preload', 'sharing', { BILEVEL_SHARED: 'yes' });
  t.deepEqual(told(asked), { result: 'none' });
});
