import { readFile } from 'node:fs/promises';
import test from 'ava';
import { studiesFor } from '../../lib/tasks/index.js';
import { bilevel } from '../support/command-line.js';

const page = new URL('../../../docs/cli.md', import.meta.url);

for (const command of [
  'check',
  'devices',
  'doctor',
  'inspect',
  'merge',
  'methods',
  'review',
  ...studiesFor().map(({ name }) => name),
]) {
  test(`docs/cli.md shows what bilevel ${command} --help prints`, async (t) => {
    const section = (await readFile(page, 'utf8')).split(`## bilevel ${command}\n`)[1] ?? '';
    const shown = /```text\n(.*?)\n```/s.exec(section)?.[1];
    t.is(shown, (await bilevel(command, '--help')).stdout.trimEnd());
  });
}
