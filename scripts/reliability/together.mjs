// Several processes in one folder at the same time: one goes on, the others are told so.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { goOn, resultsOf } from './run.mjs';

/**
 * @returns how many rounds there were, in how many of them one process alone went on to the right end, and the others
 */
export async function runTogether({ parent, expected, ms }, { rounds, processes }) {
  const folder = join(parent, 'together');
  const figures = { rounds: 0, right: 0, wrong: [] };
  for (; figures.rounds < rounds; figures.rounds++) {
    await rm(folder, { recursive: true, force: true });
    const first = goOn(folder);
    await sleep(ms / 2);
    first.child.kill('SIGKILL');
    await first.ended;
    const all = await Promise.all(Array.from({ length: processes }, () => goOn(folder).ended));
    const winners = all.filter(({ status }) => status === 0);
    const refused = all.filter(
      ({ status, stdout }) =>
        status === 1 && ['FOLDER_IN_USE', 'INVALID_ARGUMENT'].includes(JSON.parse(stdout).error.code),
    );
    if (winners.length < 1 || winners.length + refused.length < processes) {
      figures.wrong.push(all.map(({ status, stdout }) => `${status} ${stdout}`).join('; '));
    } else if ((await resultsOf(folder)) !== expected) {
      figures.wrong.push('ends with other results');
    } else {
      figures.right++;
    }
  }
  return figures;
}
