import { adviseName, BilevelError, describe } from '../errors.js';

/** What a program asks of any object by itself, as `await` and `JSON.stringify` do. */
const asked = new Set(['then', 'toJSON', 'constructor', 'valueOf', 'toString', 'hasOwnProperty']);

/**
 * A record whose unknown members are errors and not undefined, so that a misspelt name is found where it is written.
 * @param kind what its members are: "There is no KIND NAME"
 * @param of what they belong to, behind the name
 */
export function named<T extends object>(members: T, kind: string, of = ''): T {
  return new Proxy(Object.freeze(members), {
    get(target, name) {
      if (typeof name === 'string' && !Object.hasOwn(target, name) && !asked.has(name)) {
        const advice = adviseName(name, Object.keys(target));
        throw new BilevelError('INVALID_ARGUMENT', `There is no ${kind} ${describe(name)}${of}. ${advice}`);
      }
      return Reflect.get(target, name);
    },
  });
}
