import { readFile } from 'node:fs/promises';
import test from 'ava';
import type { Option } from '../../../lib/options.js';
import { complexityOf, findMethod, methodNames } from '../../../lib/solvers/index.js';

const pageOf = (name: string): Promise<string> =>
  readFile(`docs/methods/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`, 'utf8');

/** Cells of the rows of a page's tables; a bar within a cell is escaped. */
const rowsOf = (page: string): string[][] =>
  page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

/** Numbers may be written as fractions: `powerLaw(0.1, 1/3)`. */
const numberOf = (text: string): number => {
  const [over = Number.NaN, under = 1] = text.split('/').map(Number);
  return over / under;
};

/** What a page says of a default: a text, a number, or a schedule's name and numbers. */
function written(text: string): unknown {
  const [, name, parameters = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  if (name !== undefined) return [name, ...parameters.split(',').map((each) => numberOf(each.trim()))];
  if (text === '{}') return {};
  const choice = /^`'(.*)'`$/.exec(text)?.[1];
  return choice ?? (text === 'true' || text === 'false' ? text === 'true' : numberOf(text));
}

function defaultOf(option: Option): unknown {
  if (option.kind !== 'schedule') return option.default;
  const { name, parameters } = option.default;
  return name === 'constant' ? parameters[0] : [name, ...parameters];
}

for (const name of methodNames) {
  test(`${name}: the defaults on its page are those of its table`, async (t) => {
    const table = findMethod(name).options;
    const rows = rowsOf(await pageOf(name));
    const first = rows.findIndex(([option, value]) => option === 'option' && value === 'default');
    const left = new Set(Object.keys(table));
    for (const [options = '', defaults = ''] of rows.slice(first + 2)) {
      const names = [...options.matchAll(/`(\w+)`/g)].map(([, each = '']) => each);
      const values = defaults.replace(/ both$/, '').split(/, (?![^(]*\))/);
      for (const [position, each] of names.entries()) {
        const option = table[each];
        if (option === undefined || !left.delete(each)) continue;
        const value = values.length === 1 ? values[0] : values[position];
        // The number that stands for all steps follows another option.
        if (value === 'all') t.true(option.default === table.lowerSteps?.default);
        else t.deepEqual(written(value ?? ''), defaultOf(option), each);
      }
    }
    t.deepEqual([...left], [], 'options without a row');
  });

  test(`${name}: the index of methods has the formulas of its evaluations`, async (t) => {
    const rows = rowsOf(await readFile('docs/methods.md', 'utf8'));
    const row = rows.find(([method, , , , , , page]) => method === `\`${name}\`` && page !== undefined);
    const { formulas } = complexityOf(findMethod(name));
    for (const [position, formula] of Object.values(formulas).entries()) {
      const cell = row?.[position + 1] ?? '';
      if (formula === undefined) t.regex(cell, /^0 to \d?Q−\d$/, 'a random number');
      // Where K follows T unless it is given, the page names it all the same.
      else t.is(name === 'rmd' ? cell.replace('K', 'T') : cell, formula);
    }
  });
}
