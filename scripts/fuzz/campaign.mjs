import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mutant } from './mutant.mjs';
import { targets } from './targets.mjs';

const child = fileURLToPath(new URL('./child.mjs', import.meta.url));
/**
 * A mutant that takes longer hangs: far above what the child allows of the processor's time, for machines with other
 * work.
 */
const hangMs = 60_000;
/** Memory that a child may ask for: far above what it needs, far below what would take the machine along. */
const addressSpaceKiB = 24 * 2 ** 20;

/** One child from mutant `from` on; resolves with the mutant at which the next one has to begin. */
function runChild(job, onOutcome, onFault) {
  const node = [process.execPath, '--max-old-space-size=1024', child, JSON.stringify(job)];
  const [command, ...args] =
    process.platform === 'win32' ? node : ['sh', '-c', `ulimit -v ${addressSpaceKiB}; exec "$@"`, 'sh', ...node];
  const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve) => {
    let [at, next, errors, hangs] = [job.from, undefined, '', false];
    const watch = setTimeout(() => {
      hangs = true;
      started.kill('SIGKILL');
    }, hangMs);
    started.stderr.setEncoding('utf8').on('data', (text) => {
      errors = (errors + text).slice(0, 1500);
    });
    const lines = createInterface({ input: started.stdout });
    lines.on('line', (line) => {
      const message = JSON.parse(line);
      watch.refresh();
      if (message.begins !== undefined) at = message.begins;
      else if (message.ends !== undefined) onOutcome(message.ends);
      else if (message.fault !== undefined) onFault(message.index, message.fault);
      else next = message.next;
    });
    started.on('close', (code, signal) => {
      clearTimeout(watch);
      if (next !== undefined) return resolve(next);
      const how = hangs
        ? `it hangs for ${hangMs / 1000} s`
        : `the process ends with ${signal ?? code}: ${errors.trim()}`;
      onOutcome('fault');
      onFault(at, how);
      resolve(at + 1);
    });
  });
}

/**
 * Tries mutants of a target until the time is over or so many were tried; keeps the files of those that are faults.
 * @returns how many were tried, with what outcomes, and the faults: each with its file
 */
export async function campaign(
  name,
  { seed, mutants = Number.MAX_SAFE_INTEGER, seconds = Number.MAX_SAFE_INTEGER, out },
) {
  const target = targets[name];
  const seeds = await target.seeds();
  const faults = [];
  const counts = {};
  const until = Date.now() + 1000 * seconds;
  const kept = [];
  let next = 0;
  while (next < mutants && Date.now() < until) {
    const job = { name, seed, from: next, to: mutants, until };
    const onOutcome = (outcome) => {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    };
    next = await runChild(job, onOutcome, (index, reason) => {
      const file = join(out, `${name}-${seed}-${index}`);
      faults.push({ index, reason, file });
      kept.push(mkdir(out, { recursive: true }).then(() => writeFile(file, mutant(name, target, seeds, seed, index))));
    });
  }
  await Promise.all(kept);
  return { name, seeds: seeds.length, tried: next, counts, faults };
}
