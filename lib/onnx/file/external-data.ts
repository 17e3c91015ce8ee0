import { open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { attempt } from '../../data/files.js';
import { BilevelError } from '../../errors.js';
import { quote } from '../quote.js';
import type { OnnxModel } from './decode.js';
import { checkLimit, type OnnxLimits } from './limits.js';
import { type TensorProto, TensorProto_DataLocation } from './schema/onnx_pb.js';
import { embed } from './stored-tensor.js';

/** Where the data of one tensor are: `length` bytes from `offset` of a file beside the model. */
interface ExternalReference {
  readonly location: string;
  readonly offset: number;
  /** Undefined means to the end of the file. */
  readonly length: number | undefined;
}

function isExternal(proto: TensorProto): boolean {
  return proto.dataLocation === TensorProto_DataLocation.EXTERNAL;
}

/**
 * Reads the data that tensors keep in other files and puts them into the messages. This is the only way from a model
 * file to another file: the other file must lie in the model's folder after links are resolved.
 * @param folder the model's folder, or undefined for a model that came as bytes, which may not refer to files.
 * @throws INVALID_FILE for a location outside the folder or a range outside the file, NOT_FOUND, LIMIT_EXCEEDED.
 */
export async function embedExternalData(
  { graph }: OnnxModel,
  folder: string | undefined,
  limits: OnnxLimits,
): Promise<void> {
  const attributes = graph.node.flatMap(({ attribute }) => attribute.flatMap(({ t }) => (t === undefined ? [] : [t])));
  let total = 0;
  for (const proto of [...graph.initializer, ...attributes].filter(isExternal)) {
    const what = `The external data of tensor ${quote(proto.name)}`;
    if (folder === undefined) {
      throw new BilevelError(
        'INVALID_FILE',
        `${what} cannot be read, because the model was given as bytes; load it by its path instead.`,
      );
    }
    const reference = readReference(proto, what);
    const file = await locate(reference.location, folder, what);
    const { size } = await attempt('read', file, () => stat(file));
    const length = reference.length ?? size - reference.offset;
    if (length < 0 || reference.offset + length > size) {
      throw new BilevelError(
        'INVALID_FILE',
        `${what} is said to be bytes ${reference.offset} to ${reference.offset + length} of ` +
          `${quote(reference.location)}, which has ${size} bytes.`,
      );
    }
    total += length;
    checkLimit(limits, 'parameterBytes', total, 'The size of all external data');
    embed(proto, await attempt('read', file, () => readRange(file, reference.offset, length)));
  }
}

function readReference(proto: TensorProto, what: string): ExternalReference {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const readInteger = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new BilevelError('INVALID_FILE', `${what} has the ${key} ${quote(text)}, which is not a byte count.`);
  };
  const location = entries.get('location');
  if (location === undefined || location === '' || location.includes('\0')) {
    throw new BilevelError('INVALID_FILE', `${what} names no file.`);
  }
  return { location, offset: readInteger('offset') ?? 0, length: readInteger('length') };
}

/** The real path of `location`, refused unless it stays in `folder`: both as written and after resolving links. */
async function locate(location: string, folder: string, what: string): Promise<string> {
  const named = quote(location);
  const parts = location.split(/[\\/]/);
  if (path.posix.isAbsolute(location) || path.win32.isAbsolute(location) || parts.includes('..')) {
    throw new BilevelError(
      'INVALID_FILE',
      `${what} is at ${named}, outside the model's folder: such files are not read.`,
    );
  }
  const root = await realpath(folder);
  const wanted = path.join(root, ...parts);
  const real = await attempt('read', wanted, () => realpath(wanted));
  if (!real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) {
    throw new BilevelError('INVALID_FILE', `${what} is at ${named}, a link that leads out of the model's folder.`);
  }
  const status = await attempt('read', real, () => stat(real));
  if (!status.isFile()) throw new BilevelError('INVALID_FILE', `${what} is at ${named}, which is not a file.`);
  return real;
}

async function readRange(file: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) throw new BilevelError('INVALID_FILE', `${file} became shorter while it was read.`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
