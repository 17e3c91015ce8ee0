import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BilevelError } from './errors.js';

/** This file's path in the package. The code of it that a bundler has put into another file lies elsewhere. */
const ownPlace = join(sep, 'dist', 'lib', 'package-root.js');

/** Bundles in CommonJS have no such URL. */
const ownUrl: string | undefined = import.meta.url;
const ownFile = ownUrl?.startsWith('file:') ? fileURLToPath(ownUrl) : undefined;

/** The folder of the package, by its name and never guessed; undefined where this code does not lie in it. */
export const ownFolder = findOwnFolder();

/**
 * The folder of the package.
 * @throws NOT_FOUND when a bundler has taken the code out of it, with how to leave it there
 */
export function packageRoot(): string {
  if (ownFolder !== undefined) return ownFolder;
  throw new BilevelError(
    'NOT_FOUND',
    `The code of bilevel runs from ${ownFile ?? 'a bundle'}, away from the other files of its package: a native addon, ` +
      'threads and networks. Keep the package external, so that it is imported from node_modules: with esbuild ' +
      '`--external:bilevel`; with Vite or Rollup `external: [/^bilevel(\\/|$)/]` in `build.rollupOptions`, and for a ' +
      "server `ssr: { external: ['bilevel'] }`; with webpack `externals: [/^bilevel(\\/|$)/], externalsType: " +
      "'commonjs'`; with Next.js `serverExternalPackages: ['bilevel']`. docs/installing.md says more.",
  );
}

/** The URL of a compiled file by its path in lib/, for threads. @throws NOT_FOUND as packageRoot does */
export function compiledFile(path: string): URL {
  return pathToFileURL(join(packageRoot(), 'dist', 'lib', path));
}

function findOwnFolder(): string | undefined {
  if (!ownFile?.endsWith(ownPlace)) return undefined;
  const folder = ownFile.slice(0, -ownPlace.length);
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
    return name === 'bilevel' ? folder : undefined;
  } catch {
    return undefined;
  }
}
