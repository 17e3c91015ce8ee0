import { readFile } from 'node:fs/promises';
import test from 'ava';
import {
  bindingAccess,
  bufferKinds,
  dtypeCodes,
  formatVersion,
  opcodes,
  outputModes,
  tapeOps,
} from '../../lib/encoded.js';
import { loadAddon } from '../../lib/engine/addon.js';

test('both languages have the same lists of codes', (t) => {
  t.deepEqual(loadAddon().format, {
    version: formatVersion,
    dtypes: dtypeCodes,
    bufferKinds,
    access: bindingAccess,
    opcodes,
    tapeOps,
    outputModes,
  });
});

test('docs/program-format.md describes every instruction and every operation of the tape', async (t) => {
  const page = await readFile('docs/program-format.md', 'utf8');
  const headings = page.split('\n').filter((line) => line.startsWith('## '));
  const operations = page.split('\n').map((line) => /^\| ([^|]+) \|/.exec(line)?.[1] ?? '');
  const isNamed = (lines: readonly string[], name: string) => lines.some((line) => line.match(/\w+/g)?.includes(name));
  for (const opcode of opcodes) t.true(isNamed(headings, opcode), opcode);
  for (const op of tapeOps) t.true(isNamed(operations, op), op);
});
