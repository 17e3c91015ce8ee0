// Writes lib/solvers/method-options.ts, in which every option of every method has a comment that editors show, from the
// tables of the methods: node scripts/method-options.mjs. A test tells when it has to be run again.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeOption, valueText } from '../dist/lib/options.js';
import { methods } from '../dist/lib/solvers/index.js';
import { minimizeOptions } from '../dist/lib/solvers/minimize.js';
import { adaptOptions } from '../dist/lib/solvers/response/adapt.js';
import { searchOptions } from '../dist/lib/solvers/response/respond.js';

/** How often an option has to be the same to be written once for all. */
const often = 3;
const width = 120;

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function wrap(text, indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`.trim();
    if (lines.at(-1) !== '' && indent.length + line.length > width) lines.push(word);
    else lines[lines.length - 1] = line;
  }
  return lines.map((line) => `${indent}${line}`).join('\n');
}

const typeOf = (option) =>
  ({
    number: 'number',
    integer: 'number',
    boolean: 'boolean',
    text: 'string',
    schedule: 'number | Schedule | ScheduleFunction',
    factors: 'Readonly<Record<string, number>>',
  })[option.kind] ?? option.values.map((value) => `'${value}'`).join(' | ');

/** An option as a member of an interface. */
function member(key, option) {
  const { source } = option;
  const isTold = option.kind === 'choice' || option.kind === 'boolean';
  const meaning = isTold ? option.text : `${option.text} ${capital(describeOption(option))}.`;
  const standard = `@defaultValue ${option.kind === 'choice' ? `'${option.default}'` : valueText(option.default)}${source ? `: ${source}` : ''}`;
  return `  /**\n${wrap(meaning, '   * ')}\n${wrap(standard, '   * ')}\n   */\n  readonly ${key}?: ${typeOf(option)} | undefined;\n`;
}

const membersOf = (table) => Object.entries(table).map(([key, option]) => [key, member(key, option)]);

/** What is the same in many tables, by key: the most frequent form of each. */
function sharedMembers(tables) {
  const counts = new Map();
  for (const [key, text] of tables.flatMap(membersOf)) {
    const forms = counts.get(key) ?? new Map();
    counts.set(key, forms.set(text, (forms.get(text) ?? 0) + 1));
  }
  return new Map(
    [...counts].flatMap(([key, forms]) => {
      const [text, count] = [...forms].reduce((most, form) => (form[1] > most[1] ? form : most));
      return count >= often ? [[key, text]] : [];
    }),
  );
}

function interfaceOf(name, comment, table, shared) {
  const members = membersOf(table);
  const same = members.filter(([key, text]) => shared.get(key) === text).map(([key]) => key);
  const own = members.filter(([key]) => !same.includes(key)).map(([, text]) => text);
  const keys = same.map((key) => `'${key}'`).join(' | ');
  const parent = same.length === 0 ? '' : ` extends Pick<SharedOptions, ${keys}>`;
  return `/** ${comment} */\nexport interface ${name}${parent} {${own.length === 0 ? '' : `\n${own.join('\n')}`}}\n`;
}

/** The whole file. */
export function methodOptionsText() {
  const ofMethods = Object.entries(methods);
  const shared = sharedMembers(ofMethods.map(([, { options }]) => options));
  const nameOf = (method) => `${capital(method)}Options`;
  const ofMethod = ([name, { title, summary, source }]) => {
    const page = `docs/methods/${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`;
    const comment = wrap(`${title} (${source}). ${summary} ${page} has its equations and options.`, '   * ');
    return `  /**\n${comment}\n   */\n  readonly ${name}: ${nameOf(name)};\n`;
  };
  return [
    `// Written by scripts/method-options.mjs from the tables of the methods' options.\n`,
    `import type { Schedule, ScheduleFunction } from '../schedules/index.js';\n`,
    `/** Options that many methods have alike. */\nexport interface SharedOptions {\n${[...shared.values()].join('\n')}}\n`,
    ...ofMethods.map(([name, { title, options }]) =>
      interfaceOf(nameOf(name), `Options of ${title}.`, options, shared),
    ),
    interfaceOf('MinimizeOptions', 'Options of `minimize`.', minimizeOptions, shared),
    interfaceOf('AdaptationOptions', 'How `adapt` moves v.', adaptOptions, shared),
    interfaceOf('SearchOptions', 'How exactly `respond` finds v*.', searchOptions, shared),
    `/** Options of every method, by its name. */\nexport interface OptionsByMethod {\n${ofMethods.map(ofMethod).join('\n')}}\n`,
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const path = fileURLToPath(new URL('../lib/solvers/method-options.ts', import.meta.url));
  await writeFile(path, methodOptionsText());
  execFileSync('npx', ['biome', 'check', '--write', path], { stdio: 'inherit' });
}
