import { printableJson } from '../printable.js';

/** A name from a file as shown in messages: quoted, and cut where a hostile file would make the message endless. */
export function quote(name = ''): string {
  return printableJson(name.length > 200 ? `${name.slice(0, 197)}...` : name);
}
