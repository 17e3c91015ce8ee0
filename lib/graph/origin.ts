import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFolder } from '../package-root.js';

/** What a node was made for, so that a message can name it. */
export type Origin =
  /** An operation in a function of the user, which is called `part` (the cost g); with its place in the user's file. */
  | { readonly kind: 'written'; readonly part: string; readonly site: Site }
  /** A node of a model file, and what its network was applied in. */
  | { readonly kind: 'model'; readonly label: string; readonly within: Origin | undefined }
  /** The derivative of another node. */
  | { readonly kind: 'derivative'; readonly of: Traced };

/** Of a node as much as an origin tells. */
export interface Traced {
  readonly op: string;
  readonly origin: Origin | undefined;
}

/** A place in the source that V8 keeps as it is and formats when it is asked for. */
export interface Site {
  readonly stack?: string;
}

let scope: (() => Origin | undefined) | undefined;

/** The origin of a node that is made now. */
export function currentOrigin(): Origin | undefined {
  return scope?.();
}

/** Runs `body`, in which new nodes are of the origin that `origin` returns for each of them. */
export function withOrigin<T>(origin: () => Origin | undefined, body: () => T): T {
  const outer = scope;
  scope = origin;
  try {
    return body();
  } finally {
    scope = outer;
  }
}

/** Runs a function of the user that writes a graph, and takes note of where it makes each node. */
export function writtenIn<T>(part: string, body: () => T): T {
  return withOrigin(() => {
    const site: Site = {};
    // Frames of this room are left out as far as they are known, so that the stack's limit is spent on the user's.
    Error.captureStackTrace(site, currentOrigin);
    return { kind: 'written', part, site };
  }, body);
}

/** Where the package's own code lies, and by source maps seems to lie; nowhere in a bundle. */
const ownFolders = ownFolder ? [join(ownFolder, 'dist', 'lib', sep), join(ownFolder, 'lib', sep)] : [];

/**
 * `file:line:column` of the innermost call that is not the package's own, relative to the working folder; undefined
 * when the stack does not reach it.
 */
export function placeOf({ stack = '' }: Site): string | undefined {
  for (const line of stack.split('\n').slice(1)) {
    const [, place] = /\(?((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+:\d+)\)?$/.exec(line) ?? [];
    if (place === undefined) continue;
    const path = place.startsWith('file:') ? fromUrl(place) : place;
    if (ownFolders.some((folder) => path.startsWith(folder))) continue;
    const shorter = relative(process.cwd(), path);
    return shorter.startsWith('..') ? path : shorter;
  }
  return undefined;
}

function fromUrl(place: string): string {
  const [, url = place, position = ''] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? [];
  return `${fileURLToPath(url)}${position}`;
}
