import { invalidArgument } from '../errors.js';

/** Sizes of a sample as a command line has them: `1,28,28`. @throws INVALID_ARGUMENT */
export function parseSizes(text: string): number[] {
  const sizes = text.split(',').map((size) => (/^\s*\d+\s*$/.test(size) ? Number(size) : Number.NaN));
  if (sizes.some(Number.isNaN)) throw invalidArgument('the option shape', 'sizes with commas between them', text);
  return sizes;
}
