import test from 'ava';
import { BilevelError } from '../../lib/errors.js';
import * as data from '../../lib/public/data.js';
import * as engine from '../../lib/public/engine.js';
import * as graph from '../../lib/public/graph.js';
import * as index from '../../lib/public/index.js';
import * as tasks from '../../lib/public/tasks.js';
import * as tfjs from '../../lib/public/tfjs.js';
import { withTemporary } from '../support/temporary.js';

const odd = [undefined, null, {}, [], 3, -1, 'x', Symbol('s'), () => undefined, Number.NaN, true, 1n, [null], { a: 1 }];
const third = [undefined, null, {}, 3, 'x'];

type Call = (...given: readonly unknown[]) => unknown;

/** All functions of an entry by name: its own, static ones of its classes, and those of its records. */
function functionsOf(entry: object): (readonly [name: string, call: Call])[] {
  const isClass = (value: unknown): boolean => String(value).startsWith('class ');
  return Object.entries(entry).flatMap(([name, value]) => {
    const own: [string, Call][] = typeof value === 'function' && !isClass(value) ? [[name, value as Call]] : [];
    const inside = typeof value === 'function' || typeof value === 'object' ? Object.getOwnPropertyNames(value) : [];
    const members = inside.flatMap((key): [string, Call][] => {
      const member: unknown = value[key];
      if (typeof member !== 'function' || key === 'prototype' || isClass(member)) return [];
      return [[`${name}.${key}`, (...given) => Reflect.apply(member, value, given)]];
    });
    return [...own, ...members];
  });
}

const describe = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : typeof value === 'bigint' ? `${value}n` : String(value);

for (const [name, entry] of Object.entries({ index, graph, engine, data, tasks, tfjs })) {
  test.serial(`${name}: odd arguments are taken or refused with an error that has a code`, (t) =>
    // Where 'x' is a path, it is one in an empty folder.
    withTemporary(async (folder) => {
      const home = process.cwd();
      process.chdir(folder);
      const foreign = new Map<string, string>();
      for (const [called, call] of functionsOf(entry)) {
        for (const first of odd) {
          for (const second of odd) {
            for (const last of third) {
              try {
                const result = await call(first, second, last);
                if (typeof result === 'object' && result !== null && Symbol.dispose in result) {
                  (result as Disposable)[Symbol.dispose]();
                }
              } catch (error) {
                if (error instanceof BilevelError) continue;
                foreign.set(called, `${String(error)} for ${[first, second, last].map(describe).join(', ')}`);
              }
            }
          }
        }
      }
      process.chdir(home);
      t.deepEqual(Object.fromEntries(foreign), {});
    }),
  );
}
