import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A message of a protocol buffer as it lies in bytes: values by field number. */
type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  /** Whether what came before counts only up to this step. */
  readonly restarts: boolean;
  readonly values: readonly ReadValue[];
}

export interface ReadValue {
  readonly tag: string;
  readonly scalar?: number;
  readonly histogram?: {
    readonly min: number;
    readonly max: number;
    readonly count: number;
    readonly buckets: number[];
  };
  readonly image?: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly png: Uint8Array;
  };
  readonly hyperparameters?: Readonly<Record<string, number | string | boolean>>;
  readonly description?: string;
  /** 1 for success, 2 for failure. */
  readonly ended?: number;
}

/** CRC-32C bit by bit, as the standard defines it. */
export function checksum(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

function masked(bytes: Uint8Array): number {
  const crc = BigInt(checksum(bytes));
  const turned = ((crc >> 15n) | (crc << 17n)) & 0xffff_ffffn;
  return Number((turned + 0xa282_ead8n) & 0xffff_ffffn);
}

/** The event files of a folder in order, each as its events; a file that is not whole is an error. */
export async function readEvents(folder: string): Promise<ReadEvent[][]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('events.out.tfevents.'));
  return Promise.all(names.toSorted().map(async (name) => eventsOf(await readFile(join(folder, name)))));
}

export function eventsOf(file: Uint8Array): ReadEvent[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== masked(file.subarray(at, at + 8))) throw new Error(`length at ${at}`);
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== masked(data)) throw new Error(`data at ${at}`);
    events.push(eventOf(data));
    at += length + 16;
  }
  return events;
}

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const take = (length: number): Uint8Array => {
    at += length;
    if (at > bytes.length) throw new Error('a field runs past the end of its message');
    return bytes.subarray(at - length, at);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(take(1)[0] ?? 0);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const read: Readonly<Record<number, () => bigint | Uint8Array>> = {
      0: varint,
      1: () => take(8),
      2: () => take(Number(varint())),
      5: () => take(4),
    };
    const value = read[tag & 7]?.();
    if (value === undefined) throw new Error(`wire type ${tag & 7}`);
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

const bytesIn = (fields: Fields, number: number): Uint8Array[] =>
  (fields.get(number) ?? []).filter((value) => typeof value !== 'bigint');
const integer = (fields: Fields, number: number): number => Number(fields.get(number)?.[0] ?? 0n);
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const double = (bytes: Uint8Array | undefined, at = 0): number =>
  bytes === undefined ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getFloat64(at, true);

function eventOf(data: Uint8Array): ReadEvent {
  const fields = fieldsOf(data);
  const [version] = bytesIn(fields, 3);
  return {
    wallTime: double(bytesIn(fields, 1)[0]),
    step: integer(fields, 2),
    ...(version && { fileVersion: text(version) }),
    restarts: bytesIn(fields, 7).some((log) => integer(fieldsOf(log), 1) === 1),
    values: bytesIn(fields, 5).flatMap((summary) => bytesIn(fieldsOf(summary), 1).map(readValue)),
  };
}

function readValue(bytes: Uint8Array): ReadValue {
  const fields = fieldsOf(bytes);
  const [scalar, image, histogram, metadata] = [2, 4, 5, 9].map((number) => bytesIn(fields, number)[0]);
  const told = fieldsOf(metadata ?? new Uint8Array());
  const [[plugin], [description]] = [bytesIn(told, 1), bytesIn(told, 3)];
  return {
    tag: text(bytesIn(fields, 1)[0]),
    ...(scalar && { scalar: new DataView(scalar.buffer, scalar.byteOffset).getFloat32(0, true) }),
    ...(image && { image: imageOf(fieldsOf(image)) }),
    ...(histogram && { histogram: histogramOf(fieldsOf(histogram)) }),
    ...(description && { description: text(description) }),
    ...(plugin && !description && sessionOf(fieldsOf(plugin))),
  };
}

const imageOf = (fields: Fields): NonNullable<ReadValue['image']> => ({
  ...{ height: integer(fields, 1), width: integer(fields, 2), channels: integer(fields, 3) },
  png: bytesIn(fields, 4)[0] ?? new Uint8Array(),
});

function histogramOf(fields: Fields): NonNullable<ReadValue['histogram']> {
  const [limits, counts] = [6, 7].map((number) => bytesIn(fields, number)[0] ?? new Uint8Array());
  if (limits?.length !== counts?.length) throw new Error('as many limits as buckets');
  const buckets = Array.from({ length: (counts?.length ?? 0) / 8 }, (_, index) => double(counts, 8 * index));
  const [min = 0, max = 0, count = 0] = [1, 2, 3].map((number) => double(bytesIn(fields, number)[0]));
  return { min, max, count, buckets };
}

/** What the plugin hparams is told. */
function sessionOf(plugin: Fields): Partial<ReadValue> {
  if (text(bytesIn(plugin, 1)[0]) !== 'hparams') throw new Error('an unknown plugin');
  const content = fieldsOf(bytesIn(plugin, 2)[0] ?? new Uint8Array());
  const [[start], [end]] = [bytesIn(content, 3), bytesIn(content, 4)];
  const entries = start === undefined ? [] : bytesIn(fieldsOf(start), 1).map(fieldsOf);
  return {
    ...(start && {
      hyperparameters: Object.fromEntries(
        entries.map((entry) => {
          const value = fieldsOf(bytesIn(entry, 2)[0] ?? new Uint8Array());
          const [number, string] = [bytesIn(value, 2)[0], bytesIn(value, 3)[0]];
          const read = number ? double(number) : string ? text(string) : integer(value, 4) === 1;
          return [text(bytesIn(entry, 1)[0]), read];
        }),
      ),
    }),
    ...(end && { ended: integer(fieldsOf(end), 1) }),
  };
}

/** What remains of a curve where files that go on replace what those of before tell of their first step and later. */
export function curveOf(files: readonly (readonly ReadEvent[])[], tag: string): [step: number, value: number][] {
  const points: [number, number][] = [];
  for (const { step, restarts, values } of files.flat()) {
    if (restarts) points.splice(0, points.length, ...points.filter(([other]) => other < step));
    for (const { tag: other, scalar } of values) if (other === tag && scalar !== undefined) points.push([step, scalar]);
  }
  return points;
}
