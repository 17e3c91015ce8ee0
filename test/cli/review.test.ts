import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readDecisions } from '../../lib/review/index.js';
import { bilevel, errorOf, main, smallRun } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

test('the suspicious samples of a run are served, lightest first, and a killed review has lost nothing', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    t.is((await bilevel('denoise', ...smallRun, '--no-baselines', '--out', folder)).status, 0);
    const child = spawn(process.execPath, [main, 'review', folder, '--count', '20', '--below', '0.9', '--json']);
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const { url, decisions, samples } = JSON.parse(line);
    t.is(samples, 20);
    t.is(decisions, join(folder, 'decisions.csv'));
    const told = (await (await fetch(`${url}samples`)).json()) as { samples: { index: number; weight: number }[] };
    const weights = told.samples.map(({ weight }) => weight);
    t.deepEqual(
      weights,
      weights.toSorted((a, b) => a - b),
    );
    const [first] = told.samples;
    t.regex((await (await fetch(`${url}samples/${first?.index}`)).json()) as string, /^data:image\/png;base64,/);
    const body = JSON.stringify({ index: first?.index, decision: 'keep' });
    const headers = { 'content-type': 'application/json' };
    t.is((await fetch(`${url}decisions`, { method: 'POST', headers, body })).status, 204);
    child.kill('SIGKILL');
    await once(child, 'close');
    t.deepEqual([...(await readDecisions(decisions))], [[first?.index, { decision: 'keep' }]]);

    const port = String(new URL(url).port);
    const again = spawn(process.execPath, [main, 'review', folder, '--port', port, '--json']);
    await once(again.stdout, 'data');
    t.is(errorOf(await bilevel('review', folder, '--port', port, '--json')).code, 'IO_ERROR');
    again.kill('SIGINT');
    const [status] = await once(again, 'close');
    t.is(status, 0);
  }));

test('what holds no run is refused', async (t) => {
  await withTemporary(async (folder) => {
    const { code, message } = errorOf(await bilevel('review', folder, '--json'));
    t.is(code, 'NOT_FOUND');
    t.regex(message, /holds no run of bilevel denoise/);
  });
  await withTemporary(async (folder) => {
    await writeFile(join(folder, 'config.json'), '{"task":{"data":"mnist"}}');
    t.regex(errorOf(await bilevel('review', folder, '--json')).message, /the run has not ended.*--resume/);
    const header = 'index,given_label,predicted_label,weight\n';
    for (const rows of ['1,2,3\n', '1,2,x,0.1\n', '1,2,3,-1\n', '1,2,3,"0.1\n', '90000,2,3,0.1\n']) {
      await writeFile(join(folder, 'importance.csv'), header + rows);
      t.is(errorOf(await bilevel('review', folder, '--json')).code, 'INVALID_FILE', rows);
    }
  });
  t.is(errorOf(await bilevel('review', 'x', '--port', '70000', '--json')).code, 'INVALID_ARGUMENT');
});
