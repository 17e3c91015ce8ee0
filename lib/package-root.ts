import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BilevelError } from './errors.js';

/**
 * The folder of the package: the nearest one above this file that holds a package.json, as the compiled files lie
 * deeper than the sources.
 * @throws NOT_FOUND when there is none, as in a bundle that left it behind
 */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  let folder = start;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new BilevelError('NOT_FOUND', `There is no package.json in ${start} or above it.`);
    }
    folder = parent;
  }
  return folder;
}
