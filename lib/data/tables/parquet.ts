import { types } from 'node:util';
import * as zlib from 'node:zlib';
import {
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaElement,
  snappyUncompress,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { BilevelError, isError } from '../../errors.js';
import { contentLimit } from '../unpack.js';
import { type Column, checkTableSize } from './table.js';

/** What a Parquet file holds, as plain data. */
export interface ParquetContent {
  readonly columns: readonly Column[];
  readonly size: number;
}

/** Memory for what is unpacked is taken here, after the size that the file says has been looked at. */
const sized =
  (unpack: (input: Uint8Array, output: number) => Uint8Array) =>
  (input: Uint8Array, output: number): Uint8Array => {
    if (!(output >= 0 && output <= contentLimit)) throw new RangeError(`a page of ${output} bytes`);
    return unpack(input, output);
  };

type Unpack = (input: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

const byNode = (unpack: Unpack) => sized((input, output) => unpack(input, { maxOutputLength: Math.max(1, output) }));

/** Node 22.15 and newer. */
const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Unpack };

/** Every way of packing that Node brings along, and Snappy. */
const compressors: Compressors = {
  SNAPPY: sized((input, output) => {
    const unpacked = new Uint8Array(output);
    snappyUncompress(input, unpacked);
    return unpacked;
  }),
  GZIP: byNode(zlib.gunzipSync),
  BROTLI: byNode(zlib.brotliDecompressSync),
  ...(zstdDecompressSync && { ZSTD: byNode(zstdDecompressSync) }),
};

/**
 * Decodes a Parquet file of flat columns. Files that are made to do harm may ask for more memory than there is: see
 * {@link readParquet}, which decodes in a thread that has its own.
 * @throws INVALID_FILE, LIMIT_EXCEEDED
 */
export async function parseParquet(bytes: Uint8Array, source: string): Promise<ParquetContent> {
  try {
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    const elements = flatColumns(metadata, source);
    const size = Number(metadata.num_rows);
    checkTableSize(source, elements.length, size);
    checkChunks(metadata, bytes, elements.length, source);
    const cells = await readCells(bytes, metadata, elements, size);
    return {
      columns: elements.map((element, index) => ({
        name: element.name,
        cells: cells[index] ?? [],
        kind: kindOf(element),
      })),
      size,
    };
  } catch (error) {
    if (error instanceof BilevelError) throw error;
    throw damaged(source, isError(error) ? error.message : String(error), error);
  }
}

const damaged = (source: string, reason: string, cause?: unknown): BilevelError =>
  new BilevelError('INVALID_FILE', `${source} is not a Parquet file that can be read: ${reason}.`, { cause });

/** The columns, none of which may hold lists or records. */
function flatColumns(metadata: FileMetaData, source: string): SchemaElement[] {
  return parquetSchema(metadata).children.map(({ element, children }) => {
    if (children.length === 0 && element.repetition_type !== 'REPEATED') return element;
    throw damaged(source, `its column ${JSON.stringify(element.name)} holds lists or records, not one value a row`);
  });
}

/** Looks at every size that the file gives before something is done by it. */
function checkChunks(metadata: FileMetaData, bytes: Uint8Array, columns: number, source: string): void {
  let rows = 0n;
  let unpacked = 0;
  for (const group of metadata.row_groups) {
    rows += group.num_rows;
    if (group.columns.length !== columns) throw damaged(source, 'a group of rows lacks columns');
    for (const { meta_data: chunk, file_path: elsewhere } of group.columns) {
      if (chunk === undefined || elsewhere) throw damaged(source, 'a column lies in another file');
      if (chunk.codec !== 'UNCOMPRESSED' && compressors[chunk.codec] === undefined) {
        const advice = chunk.codec === 'ZSTD' ? 'use Node.js 22.15 or newer, or ' : '';
        throw damaged(source, `it is packed by ${chunk.codec}; ${advice}write it packed by Snappy`);
      }
      const starts = [chunk.data_page_offset, chunk.dictionary_page_offset ?? chunk.data_page_offset].map(Number);
      const start = Math.min(...starts);
      const end = start + Number(chunk.total_compressed_size);
      if (!(start >= 0 && end >= start && end <= bytes.length)) throw damaged(source, 'a column lies beyond its end');
      unpacked += checkPages(bytes.subarray(start, end), Number(group.num_rows), source);
      if (unpacked > contentLimit) {
        throw new BilevelError('LIMIT_EXCEEDED', `${source} unpacks to more than ${contentLimit} bytes.`);
      }
    }
  }
  if (rows !== metadata.num_rows) throw damaged(source, `it announces ${metadata.num_rows} rows but has ${rows}`);
}

/** Unpacked bytes of the pages of one column, of which none may have more values than there are rows. */
function checkPages(chunk: Uint8Array, rows: number, source: string): number {
  const reader = { view: new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength), offset: 0 };
  let unpacked = 0;
  while (reader.offset < chunk.length - 1) {
    const page = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: size } = page;
    if (!(packed >= 0 && reader.offset + packed <= chunk.length && size >= 0)) {
      throw damaged(source, 'a page lies beyond the end of its column');
    }
    const { num_values: values = 0 } =
      page.data_page_header ?? page.data_page_header_v2 ?? page.dictionary_page_header ?? {};
    const most = page.dictionary_page_header === undefined ? rows : Math.max(rows, 8 * size);
    if (!(values >= 0 && values <= most)) throw damaged(source, `a page announces ${values} values`);
    unpacked += size;
    reader.offset += packed;
  }
  return unpacked;
}

/** The cells by column. */
async function readCells(
  bytes: Uint8Array,
  metadata: FileMetaData,
  elements: readonly SchemaElement[],
  size: number,
): Promise<string[][]> {
  const cells = elements.map(() => new Array<string>(size).fill(''));
  const positions = new Map(elements.map(({ name }, index) => [name, index]));
  const file = {
    byteLength: bytes.byteLength,
    slice: (start: number, end?: number) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  await parquetRead({
    file,
    metadata,
    compressors,
    geoparquet: false,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const index = positions.get(columnName) ?? 0;
      const textOf = elements[index]?.type === 'FLOAT' ? shortFloat : textOfValue;
      const column = cells[index] ?? [];
      for (let row = 0; row < columnData.length; row++) {
        if (rowStart + row < size) column[rowStart + row] = textOf(columnData[row]);
      }
    },
  });
  return cells;
}

function kindOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): 'number' | 'text' | 'date' {
  const time = `${converted} ${logical?.type}`;
  if (/DATE|TIME|INTERVAL/.test(time) || type === 'INT96') return 'date';
  if (/DECIMAL/.test(time)) return 'number';
  return type === 'INT32' || type === 'INT64' || type === 'FLOAT' || type === 'DOUBLE' ? 'number' : 'text';
}

/** A value as a text file would have it; what is no number is nothing. */
function textOfValue(value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? '' : value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The shortest digits that stand for the same number of 32 bits. */
function shortFloat(value: unknown): string {
  const number = Number(value ?? Number.NaN);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(number.toPrecision(digits));
    if (Math.fround(short) === number) return textOfValue(short);
  }
  return textOfValue(number);
}
