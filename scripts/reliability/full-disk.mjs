// A disk that is full from one operation on, for every operation that a run makes: an error that says so, and once
// there is space again the run goes on and ends as if nothing had happened.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { goOn, resultsOf, start } from './run.mjs';

const preload = new URL('./full-disk.preload.mjs', import.meta.url).href;

/** @returns how many operations a run makes, how many of them were tried, and those after which something was wrong */
export async function fillDisk({ parent, expected }, { stride }) {
  const [folder, count] = [join(parent, 'full'), join(parent, 'count')];
  const undisturbed = await start(folder, { preload, env: { COUNT_TO: count } }).ended;
  if (undisturbed.status !== 0) throw new Error(`The counted run ends with ${undisturbed.status}.`);
  const figures = { operations: Number(await readFile(count, 'utf8')), tried: 0, wrong: [] };
  for (let at = 1; at <= figures.operations; at += stride) {
    await rm(folder, { recursive: true, force: true });
    figures.tried++;
    const { status, stdout } = await start(folder, { preload, env: { FAIL_AT: String(at) } }).ended;
    const error = status === 1 ? JSON.parse(stdout).error : undefined;
    if (error?.code !== 'IO_ERROR' || !error.message.includes('disk is full')) {
      figures.wrong.push(`operation ${at}: status ${status}, ${stdout}`);
      continue;
    }
    const after = await goOn(folder).ended;
    if (after.status !== 0) figures.wrong.push(`operation ${at}: goes on with status ${after.status}, ${after.stdout}`);
    else if ((await resultsOf(folder)) !== expected) figures.wrong.push(`operation ${at}: ends with other results`);
  }
  return figures;
}
