import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BilevelError, invalidArgument, isError } from '../errors.js';
import { printable } from '../printable.js';

/** Largest file that is read into memory, in bytes, unless the caller sets its own limit. */
export const defaultFileLimit = 2 ** 31 - 1;

/** The system's code of an error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'permission denied; choose a folder you may write to or change its permissions',
  EPERM: 'permission denied; choose a folder you may write to or change its permissions',
  EROFS: 'the file system is read-only; choose another folder',
  ENOSPC: 'the disk is full; free some space or choose another disk',
  EDQUOT: 'the disk quota is used up; free some space or choose another disk',
  EFBIG: 'the file would exceed the size limit of the process or the file system',
  EEXIST: 'a file is in the way; choose another name',
  ENOTDIR: 'a part of the path is a file where a folder is needed',
  EISDIR: 'the path is a folder where a file is needed',
};

/** The failure of the system as an error of the package; `action` completes "Cannot ... path". */
export function ioError(action: string, file: string, cause: unknown): BilevelError {
  const code = codeOf(cause);
  const path = printable(file);
  if (code === 'ENOENT')
    return new BilevelError('NOT_FOUND', `Cannot ${action} ${path}: no such file or folder.`, { cause });
  const reason = (code && remedies[code]) ?? (isError(cause) ? cause.message : String(cause));
  return new BilevelError('IO_ERROR', `Cannot ${action} ${path}: ${reason}.`, { cause });
}

/**
 * Runs a file operation; `action` completes "Cannot ... path" when it fails.
 * @throws NOT_FOUND for a missing file, IO_ERROR for any other failure of the system, with what to do where that is
 *   known
 */
export async function attempt<T>(action: string, path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw error instanceof BilevelError ? error : ioError(action, path, error);
  }
}

/**
 * The whole file. Devices, pipes and sockets are refused: they may have no end.
 * @throws NOT_FOUND when there is none, INVALID_FILE when it is no regular file, LIMIT_EXCEEDED above `limit` bytes
 *   (checked before memory is taken), IO_ERROR
 */
export async function readBytes(path: string, limit = defaultFileLimit): Promise<Uint8Array> {
  if (typeof path !== 'string') throw invalidArgument('the path', 'a text', path);
  return attempt('read', path, async () => {
    // Without this flag opening a pipe waits for somebody who writes to it. Windows has neither.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await handle.stat();
      // A folder fails when it is read, with a reason that is known.
      if (!status.isFile() && !status.isDirectory()) {
        throw new BilevelError('INVALID_FILE', `${path} is a device, a pipe or a socket; only files are read.`);
      }
      return await readToEnd(handle, status.size, path, limit);
    } finally {
      await handle.close();
    }
  });
}

/** Some files, as those of /proc, hold more than their size says, and others grow while they are read. */
async function readToEnd(handle: FileHandle, size: number, path: string, limit: number): Promise<Uint8Array> {
  const tooLarge = (bytes: string): BilevelError =>
    new BilevelError('LIMIT_EXCEEDED', `${path} has ${bytes} bytes; at most ${limit} are read.`);
  if (size > limit) throw tooLarge(String(size));
  let bytes = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    if (filled === bytes.length) {
      const more = new Uint8Array(growth);
      const { bytesRead } = await handle.read(more, 0, growth);
      if (bytesRead === 0) return bytes;
      if (filled + bytesRead > limit) throw tooLarge(`more than ${limit}`);
      const larger = new Uint8Array(Math.min(limit, Math.max(filled + bytesRead, 2 * filled)));
      larger.set(bytes);
      larger.set(more.subarray(0, bytesRead), filled);
      bytes = larger;
      filled += bytesRead;
    } else {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled);
      if (bytesRead === 0) return bytes.slice(0, filled);
      filled += bytesRead;
    }
  }
}

/** Bytes that are asked for behind the end that a file's size says. */
const growth = 65_536;

/** @throws INVALID_ARGUMENT for an empty name, which the system takes for the current folder */
export function checkFolderName(folder: string): void {
  if (folder === '') {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      'Expected the name of a folder but received "". Write . for the current one.',
    );
  }
}

/**
 * Creates the folder and its parents where missing.
 * @throws INVALID_ARGUMENT for an empty name; IO_ERROR naming the folder
 */
export async function ensureFolder(folder: string): Promise<void> {
  checkFolderName(folder);
  await attempt('create the folder', folder, () => makeFolder(resolve(folder)));
}

/**
 * Creates a folder that nobody has: `name`, or where there is one `name-2`, and so on.
 * @throws IO_ERROR naming the folder
 */
export async function createFolder(name: string): Promise<string> {
  await ensureFolder(dirname(name));
  for (let next = 1; ; next += 1) {
    const folder = next === 1 ? name : `${name}-${next}`;
    const isNew = await attempt('create the folder', folder, () =>
      mkdir(folder).then(
        () => true,
        (error) => {
          if (codeOf(error) !== 'EEXIST') throw error;
          return false;
        },
      ),
    );
    if (isNew) return folder;
  }
}

/** Removes a folder in which there is nothing. @throws IO_ERROR naming the folder */
export async function removeIfEmpty(folder: string): Promise<void> {
  await attempt('remove the folder', folder, async () => {
    if ((await readdir(folder)).length === 0) await rmdir(folder);
  });
}

/**
 * Node's own recursive mkdir never ends where a parent exists but takes no folders, as /proc does. Other processes may
 * make the same folders meanwhile: only a refusal after the parent was seen says that the parent takes none.
 */
async function makeFolder(folder: string): Promise<void> {
  const refusal = await refusalOf(folder);
  if (refusal === undefined) return;
  const parent = dirname(folder);
  if (!existsSync(parent)) await makeFolder(parent);
  const cause = await refusalOf(folder);
  if (cause === undefined) return;
  throw new BilevelError('IO_ERROR', `Cannot create the folder ${folder}: ${parent} takes no folders.`, { cause });
}

/** The error of a folder whose parent is missing or takes none; undefined where the folder is there or is made now. */
async function refusalOf(folder: string): Promise<unknown> {
  try {
    await mkdir(folder);
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined;
    if (codeOf(error) !== 'ENOENT') throw error;
    return error;
  }
}

/** Makes a rename in the folder durable. Windows neither allows nor needs it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const temporaryName = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** Whether a file is one that {@link writeFileAtomic} left behind because its process died. */
export const isTemporary = (name: string): boolean => temporaryName.test(name);

/**
 * Replaces the file in one step: after a crash, a full disk or any failure the path holds either the old or the new
 * content, whole. The content goes to a temporary file in the same folder first, is flushed, and is then renamed.
 * @throws IO_ERROR naming the path and what to do; the temporary file is removed.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  await throughTemporary(path, (temporary) => writeFlushed(temporary, content), rename);
}

/** Replaces a file by a copy of another one, in one step, as {@link writeFileAtomic}. @throws NOT_FOUND, IO_ERROR */
export async function copyFileAtomic(from: string, path: string): Promise<void> {
  const copy = async (temporary: string): Promise<void> => {
    await attempt('copy', from, () => copyFile(from, temporary));
    const handle = await open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  await throughTemporary(path, copy, rename);
}

/**
 * Writes a file that is not there, whole. Of several that do so at once one succeeds.
 * @returns false where there is one, which stays as it is
 * @throws IO_ERROR
 */
export async function writeNewFile(path: string, content: Uint8Array | string): Promise<boolean> {
  try {
    await throughTemporary(path, (temporary) => writeFlushed(temporary, content), link);
    return true;
  } catch (error) {
    const code = codeOf(isError(error) ? error.cause : error);
    if (code === 'EEXIST') return false;
    // File systems without links, such as those over object stores.
    if (code === undefined || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
  }
  if (existsSync(path)) return false;
  await writeFileAtomic(path, content);
  return true;
}

async function writeFlushed(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a file beside its place, puts it there, and makes that durable.
 * @param make writes the temporary file
 * @param put brings it to its place
 */
async function throughTemporary(
  path: string,
  make: (temporary: string) => Promise<void>,
  put: (temporary: string, path: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  await attempt('write', path, async () => {
    try {
      await make(temporary).catch((error: unknown) => {
        // Writing creates the file, so what is missing is the folder: for the caller that is a failed write.
        if (codeOf(error) !== 'ENOENT') throw error;
        throw new BilevelError('IO_ERROR', `Cannot write ${path}: its folder does not exist.`, { cause: error });
      });
      await put(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(folder);
  });
}
