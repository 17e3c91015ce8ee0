import { BilevelError, checkRecord, describe, invalidArgument } from '../../errors.js';
import type { Cursor, Sampler } from './sampler.js';

/** Refuses what is no sampler. @throws INVALID_ARGUMENT */
export function checkSampler(sampler: Sampler): void {
  checkRecord(sampler, 'sampler of a feed');
  if (typeof sampler.description !== 'string' || typeof sampler.start !== 'function') {
    throw invalidArgument('sampler of a feed', 'one of samplers, or an object with description and start,', sampler);
  }
}

/** A cursor whose rows are looked at before they are used. */
export function checkedCursor(feed: string, sampler: Sampler, size: number, batch: number, cursor: Cursor): Cursor {
  const whose = `the sampler of the feed ${feed}`;
  const isCursor = typeof cursor === 'object' && cursor !== null && 'state' in cursor;
  if (!isCursor || typeof cursor.next !== 'function' || typeof cursor.restore !== 'function') {
    throw invalidArgument(`what start of ${whose} returns`, 'an object with next, state and restore', cursor);
  }
  return {
    next() {
      const rows = cursor.next();
      const length = typeof rows === 'object' && rows !== null ? rows.length : undefined;
      if (length !== batch) throw invalidArgument(`the rows that ${whose} draws`, `${batch} row numbers`, rows);
      for (let position = 0; position < batch; position++) {
        const row = rows[position];
        if (Number.isInteger(row) && Number(row) >= 0 && Number(row) < size) continue;
        throw invalidArgument(`row ${position} that ${whose} draws`, `an integer from 0 to ${size - 1}`, row);
      }
      if (sampler.distinct === true && new Set(Array.from(rows)).size < batch) {
        throw new BilevelError(
          'INVALID_ARGUMENT',
          `${whose} says that its rows are distinct but drew ${describe(rows)}.`,
        );
      }
      return rows;
    },
    get state() {
      return cursor.state;
    },
    restore: (state) => cursor.restore(state),
  };
}
