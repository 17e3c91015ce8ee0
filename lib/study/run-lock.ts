import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from '../data/files.js';
import { BilevelError, isError } from '../errors.js';

/**
 * One process at a time for a folder, also where processes die. Each announces itself by a file whose name says who it
 * is, and then looks for others: whoever finds one that lives gives way, so two never go on together. Files of the dead
 * are removed by whoever meets them.
 */

const lockName = /^\.lock\.([\w-]+)\.(\d+)\.(\d+)\.[0-9a-f]{12}$/;
const host = hostname().replace(/[^\w-]/g, '-') || 'unknown';
/** How often a lock says that its process lives; of processes on other machines nothing else can be seen. */
const heartbeatMs = 15_000;
const silentMs = 4 * heartbeatMs;
/** How long the first of several that come together waits for the others to give way. */
const patienceMs = 1000;

export const isLock = (name: string): boolean => lockName.test(name);

/**
 * Takes the lock of a folder.
 * @returns what gives it back
 * @throws FOLDER_IN_USE while another process, or another part of this one, has it; IO_ERROR
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const own = `.lock.${host}.${process.pid}.${startOf(process.pid)}.${randomBytes(6).toString('hex')}`;
  const path = join(folder, own);
  await attempt('write', path, async () => (await open(path, 'wx')).close());
  const release = (): Promise<void> => attempt('remove', path, () => rm(path, { force: true }));
  try {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const others = await livingOthers(folder, own);
      const [first] = others;
      if (first === undefined) break;
      if (first < own || performance.now() > deadline) throw inUse(folder, first);
      await sleep(10);
    }
  } catch (error) {
    await release();
    throw error;
  }
  const heartbeat = setInterval(() => {
    writeFile(path, '.').catch(() => 'a folder that is gone needs no lock');
  }, heartbeatMs);
  heartbeat.unref();
  return () => {
    clearInterval(heartbeat);
    return release();
  };
}

/** Whether processes that died, and none that lives, hold a folder. @throws IO_ERROR */
export async function isAbandoned(folder: string): Promise<boolean> {
  const wereThere = (await attempt('list', folder, () => readdir(folder))).some(isLock);
  return wereThere && (await livingOthers(folder, '')).length === 0;
}

/** Locks of others that live, in order; those of the dead are removed. */
async function livingOthers(folder: string, own: string): Promise<string[]> {
  const names = await attempt('list', folder, () => readdir(folder));
  const living: string[] = [];
  for (const name of names.filter(isLock).toSorted()) {
    if (name === own) continue;
    if (await lives(folder, name, own)) living.push(name);
    else await attempt('remove', join(folder, name), () => rm(join(folder, name), { force: true }));
  }
  return living;
}

async function lives(folder: string, name: string, own: string): Promise<boolean> {
  const [, where, pid, start] = lockName.exec(name) ?? [];
  if (where === host) return isRunning(Number(pid)) && startOf(Number(pid)) === start;
  // By the clock of the machine that keeps the files.
  const [theirs, ours] = await Promise.all([name, own].map((each) => stat(join(folder, each)).catch(() => undefined)));
  return theirs !== undefined && ours !== undefined && ours.mtimeMs - theirs.mtimeMs < silentMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    return isError(error) && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process began, in ticks of its machine, where the system tells: a number may be given to a later process. */
function startOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before these fields is in parentheses and may hold anything.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}

function inUse(folder: string, name: string): BilevelError {
  const [, where, pid] = lockName.exec(name) ?? [];
  const remedy = where === host ? '' : ` Where it has ended, this is noticed within ${silentMs / 1000} seconds.`;
  return new BilevelError(
    'FOLDER_IN_USE',
    `${folder} is in use by process ${pid} on ${where}. Wait for its end, or choose another folder.${remedy}`,
  );
}
