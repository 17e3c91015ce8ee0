import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder, readBytes, writeFileAtomic } from '../data/files.js';
import { BilevelError } from '../errors.js';
import { printableJson } from '../printable.js';
import { parseRecord } from './record.js';

const recordFile = 'study.json';

/** How a study was begun, which stands in its folder so that `--resume` needs nothing else. */
export interface Begun {
  /** The study's command. */
  readonly command: string;
  /** The words that followed it, without those that say where and how: --out, --resume, --shard, --json. */
  readonly options: readonly string[];
}

/** Writes study.json into the folder of a study. @throws IO_ERROR */
export async function writeBegun(folder: string, begun: Begun): Promise<void> {
  await ensureFolder(folder);
  await writeFileAtomic(join(folder, recordFile), `${printableJson(begun, 2)}\n`);
}

/**
 * Reads study.json from the folder of a study.
 * @throws NOT_FOUND when there is none, INVALID_FILE when it is not what `writeBegun` writes; IO_ERROR
 */
export async function readBegun(folder: string): Promise<Begun> {
  const path = join(folder, recordFile);
  if (!existsSync(path)) {
    throw new BilevelError(
      'NOT_FOUND',
      `${folder} holds no ${recordFile}, which says how a study was begun. Check the folder; for a run without that file give ` +
        `its options with --out ${folder} --resume.`,
    );
  }
  const { command, options } = parseRecord(new TextDecoder().decode(await readBytes(path)), path);
  if (typeof command === 'string' && Array.isArray(options) && options.every((word) => typeof word === 'string')) {
    return { command, options };
  }
  throw new BilevelError('INVALID_FILE', `${path} does not say by which command and options a study was begun.`);
}
