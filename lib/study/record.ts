import { BilevelError, isRecord } from '../errors.js';

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
