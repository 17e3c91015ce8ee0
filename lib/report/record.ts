import { BilevelError } from '../errors.js';

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param source what the text is, for messages. @throws INVALID_FILE when it is not a JSON object */
export function parseRecord(text: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BilevelError('INVALID_FILE', `${source} is not JSON.`, { cause });
  }
  if (!isRecord(value)) throw new BilevelError('INVALID_FILE', `${source} is not a JSON object.`);
  return value;
}
