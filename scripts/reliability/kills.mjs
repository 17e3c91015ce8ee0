// kill -9 at random points: what is left goes on, and ends as if nothing had happened.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../dist/lib/data/random.js';
import { goOn, resultsOf } from './run.mjs';

/** @returns how many processes were killed, how many runs ended, and those that ended in another way */
export async function killRuns({ parent, expected, ms }, { count, seed }) {
  const random = Random.fromSeed(seed, 'kills');
  const figures = { killed: 0, resumed: 0, ended: 0, wrong: [] };
  const folder = join(parent, 'killed');
  while (figures.killed < count) {
    await rm(folder, { recursive: true, force: true });
    // Up to three kills of one run, anywhere from the start of its process to what is usually its end.
    for (let kills = 1 + random.integer(3); kills > 0 && figures.killed < count; kills--) {
      const { child, ended } = goOn(folder);
      await Promise.race([sleep(random.uniform() * ms), ended]);
      child.kill('SIGKILL');
      if ((await ended).status === 'SIGKILL') figures.killed++;
    }
    const { status, stdout, stderr } = await goOn(folder).ended;
    figures.resumed++;
    if (status !== 0) figures.wrong.push(`goes on with status ${status}: ${stdout}${stderr}`);
    else if ((await resultsOf(folder)) !== expected) figures.wrong.push('ends with other results');
    else figures.ended++;
  }
  return figures;
}
