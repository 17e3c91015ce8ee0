import { join } from 'node:path';
import { BilevelError } from '../../errors.js';
import { readBytes } from '../files.js';
import { listClasses } from '../sources/image-folder.js';
import type { ReadTexts } from './text-table.js';

/** Longest text, and most of all of them, in bytes. */
const textLimit = 2 ** 24;
const totalLimit = 2 ** 30;

/** A file for each text in a folder for each class. @throws as loadTexts */
export async function readTextFolder(folder: string, stripHeaders: boolean): Promise<ReadTexts> {
  const found = await listClasses(folder, { accepts: (file) => !file.startsWith('.'), what: 'texts' });
  if (found.length < 2) throw new BilevelError('INVALID_DATA', `${folder} has texts of one class alone.`);
  const texts: string[] = [];
  let total = 0;
  for (const file of found.flatMap(({ files }) => files)) {
    const path = join(folder, file);
    const bytes = await readBytes(path, textLimit);
    total += bytes.length;
    if (total > totalLimit)
      throw new BilevelError('LIMIT_EXCEEDED', `${folder} has more than ${totalLimit} bytes of texts.`);
    const text = decode(bytes);
    texts.push(stripHeaders ? withoutHeaders(text) : text);
  }
  return {
    texts,
    labels: Int32Array.from(found.flatMap(({ files }, label) => files.map(() => label))),
    classes: found.map(({ name }) => name),
  };
}

/** UTF-8, or what texts of the last century are in where it is none. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** What follows the first empty line; nothing of a text that has none. */
function withoutHeaders(text: string): string {
  const end = /\r?\n\r?\n/.exec(text);
  return end === null ? '' : text.slice(end.index + end[0].length);
}
