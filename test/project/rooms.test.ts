import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs the import rule over a folder that holds `files` and returns its exit status and report. */
async function checkImports(files: Record<string, string>): Promise<{ status: number; report: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-rooms-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const config = join(root, '.dependency-cruiser.mjs');
    return await new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [cruiser, '--config', config, '--output-type', 'err', 'lib'],
        { cwd: folder },
        (_error, stdout, stderr) => resolve({ status: child.exitCode ?? -1, report: stdout + stderr }),
      );
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const modules = {
  'lib/errors.ts': 'export const code = 1;',
  'lib/graph/node.ts': "export { code } from '../errors.js';",
  'lib/engine/binding.ts': 'export type N = number;',
  'lib/engine/device.ts': "export type { N as Device } from './binding.js';",
};

test('imports that point downward are accepted', async (t) => {
  const { status, report } = await checkImports({
    ...modules,
    'lib/optimizers/sgd.ts': "export { code } from '../graph/node.js';",
  });
  t.is(status, 0, report);
});

test('every kind of wrong import is reported', async (t) => {
  const wrong = [
    { rule: 'room-schedules', file: 'lib/schedules/wrong.ts', text: "export { code } from '../graph/node.js';" },
    { rule: 'room-graph', file: 'lib/graph/wrong.ts', text: "export type { Device } from '../engine/device.js';" },
    {
      rule: 'one-typed-boundary',
      file: 'lib/solvers/wrong.ts',
      text: "export type { N } from '../engine/binding.js';",
    },
    { rule: 'known-room', file: 'lib/elsewhere/wrong.ts', text: "export { code } from '../errors.js';" },
    { rule: 'common-imports-no-room', file: 'lib/tensor.ts', text: "export { code } from './graph/node.js';" },
    { rule: 'no-circles', file: 'lib/data/one.ts', text: "export type { B as A } from './other.js';" },
    { rule: 'resolvable', file: 'lib/data/wrong.ts', text: "export { code } from './nowhere.js';" },
  ];
  const files = Object.fromEntries(wrong.map(({ file, text }) => [file, text]));
  const other = { 'lib/data/other.ts': "export type { A as B } from './one.js';" };
  const { status, report } = await checkImports({ ...modules, ...other, ...files });
  t.not(status, 0);
  for (const { rule, file } of wrong) t.regex(report, new RegExp(`${rule}: ${file}`));
});

/** The table of the import rule: rooms by name, each with those that it may import. */
async function roomTable(): Promise<Record<string, string[]>> {
  const { rooms } = await import(pathToFileURL(join(root, '.dependency-cruiser.mjs')).href);
  return rooms;
}

test('the architecture page lists every room with what it may import', async (t) => {
  const page = await readFile(join(root, 'docs/architecture.md'), 'utf8');
  const entries = await readdir(join(root, 'lib'), { withFileTypes: true });
  const folders = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const table = await roomTable();
  for (const room of folders) t.true(Object.hasOwn(table, room), `lib/${room} is not in the table`);
  for (const [room, allowed] of Object.entries(table)) {
    const place = folders.has(room) ? `lib/${room}/` : `lib/${room}.ts`;
    const row = page.split('\n').find((line) => line.startsWith(`| ${place} |`));
    t.is(row?.split('|')[3]?.trim(), allowed.join(', ').replace('*', 'all') || '–', place);
  }
});

test('every right to import is used', async (t) => {
  const names = (await readdir(join(root, 'lib'), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const roomOf = (file: string): string => file.split(sep)[0]?.replace(/\.[jt]s$/, '') ?? '';
  const used = new Set<string>();
  for (const name of names) {
    const text = await readFile(join(root, 'lib', name), 'utf8');
    for (const [, path = ''] of text.matchAll(/(?:from|import)\s*\(?'(\.[^']*)'/g)) {
      used.add(`${roomOf(name)} imports ${roomOf(join(dirname(name), path))}`);
    }
  }
  const rights = Object.entries(await roomTable()).flatMap(([room, allowed]) =>
    allowed.filter((name) => name !== '*').map((name) => `${room} imports ${name}`),
  );
  t.true(rights.length > 0);
  t.deepEqual(
    rights.filter((right) => !used.has(right)),
    [],
  );
});
