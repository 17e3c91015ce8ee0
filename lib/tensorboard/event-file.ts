import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { attempt, codeOf, ensureFolder, ioError } from '../data/files.js';
import { BilevelError } from '../errors.js';
import { recordOf } from './record.js';
import { type Event, EventSchema } from './schema/event_pb.js';

/** What names of event files begin with, for TensorBoard to find them. */
export const eventFilePrefix = 'events.out.tfevents.';

/** Event files by when they were begun, in seconds since 1970: TensorBoard reads those of a folder in order of name. */
const fileName = /^events\.out\.tfevents\.(\d{10})\./;
const host = hostname().replace(/[^\w-]/g, '-') || 'unknown';

/** What an event says, without its time. */
export type Told = Omit<Event, 'wallTime' | '$typeName' | '$unknown'>;

/**
 * A file of events, which begins anew and is only ever appended to, by whole records: what is written is the system's
 * before the call returns, so a process that dies loses nothing, and a file that cannot grow ends with a whole record.
 */
export class EventFile {
  readonly path: string;
  #descriptor: number | undefined;
  #bytes = 0;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** A new file behind those that the folder has, which is made where it is missing. @throws IO_ERROR */
  static async create(folder: string): Promise<EventFile> {
    await ensureFolder(folder);
    const names = await attempt('list', folder, () => readdir(folder));
    const begun = names.flatMap((name) => fileName.exec(name)?.[1] ?? []).map(Number);
    // Of two files of one second the later one could be the first by name.
    const second = Math.max(Math.floor(Date.now() / 1000), ...begun.map((other) => other + 1));
    for (let attempts = 0; ; attempts++) {
      const path = join(folder, `${eventFilePrefix}${second}.${host}.${process.pid}.${attempts}`);
      try {
        const file = new EventFile(path, openSync(path, 'wx'));
        file.append([{ step: 0n, what: { case: 'fileVersion', value: 'brain.Event:2' } }]);
        return file;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error instanceof BilevelError ? error : ioError('write', path, error);
      }
    }
  }

  /** @throws IO_ERROR, and the file is as before; DISPOSED when it was closed */
  append(events: readonly Told[]): void {
    if (this.#descriptor === undefined) {
      throw new BilevelError('DISPOSED', `${this.path} was closed. Open another file to write more.`);
    }
    const wallTime = Date.now() / 1000;
    const records = events.map((event) =>
      recordOf(toBinary(EventSchema, Object.assign(create(EventSchema), event, { wallTime }))),
    );
    const bytes = Buffer.concat(records);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
      this.#bytes += bytes.length;
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#bytes);
      throw ioError('write', this.path, error);
    }
  }

  get isOpen(): boolean {
    return this.#descriptor !== undefined;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
