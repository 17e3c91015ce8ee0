import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { attempt } from '../data/files.js';
import { BilevelError, isRecord } from '../errors.js';

/** What files say, by their paths: SHA-256 of their bytes. */
export type Fingerprints = Readonly<Record<string, string>>;

/** Those of the files among the paths; a folder and what is not there have none. @throws IO_ERROR */
export async function fingerprintsOf(paths: readonly string[]): Promise<Fingerprints> {
  const found: Record<string, string> = {};
  for (const path of paths) {
    const isFile = await stat(path).then(
      (status) => status.isFile(),
      () => false,
    );
    if (!isFile) continue;
    const hash = createHash('sha256');
    await attempt('read', path, () => pipeline(createReadStream(path), hash));
    found[path] = hash.digest('hex');
  }
  return found;
}

/** @throws STATE_MISMATCH naming the files that say something else than `before`, which comes from a file itself */
export function checkUnchanged(folder: string, before: unknown, now: Fingerprints): void {
  if (!isRecord(before)) return;
  const changed = Object.entries(now).flatMap(([path, hash]) =>
    Object.hasOwn(before, path) && before[path] !== hash ? [path] : [],
  );
  if (changed.length === 0) return;
  throw new BilevelError(
    'STATE_MISMATCH',
    `${changed.join(' and ')} changed since the run in ${folder} was begun. Put back what was there, or begin a run in another folder.`,
  );
}
