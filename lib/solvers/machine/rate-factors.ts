import { adviseName, BilevelError, describe } from '../../errors.js';
import type { Factors } from '../../options.js';

/**
 * The factor of each variable: that of its name, else of the first pattern that fits it, else 1.
 * @throws INVALID_ARGUMENT for a name or pattern that fits no variable
 */
export function factorsOf(names: readonly string[], factors: Factors, option: string): readonly number[] {
  const given = Object.entries(factors);
  for (const [pattern] of given) {
    if (names.some((name) => fits(pattern, name))) continue;
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `${option} names ${describe(pattern)}, which fits no variable. ${adviseName(pattern, names)}`,
    );
  }
  return names.map((name) => {
    const own = given.find(([pattern]) => pattern === name) ?? given.find(([pattern]) => fits(pattern, name));
    return own?.[1] ?? 1;
  });
}

/** Whether a name is a pattern, in which `*` stands for any text. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let position = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return position <= name.length - last.length;
}
