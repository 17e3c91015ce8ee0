import { type Command, Option as Flag, InvalidArgumentError } from 'commander';
import { BilevelError } from '../errors.js';
import { describeOption, type Option, type OptionTable, parseOption, valueText } from '../options.js';
import type { NamedDefaults } from '../study/index.js';

/** `lowerSteps` is given as `--lower-steps`, and `T` as `--T`. */
export function flagName(key: string): string {
  return key.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Adds a flag for every option of a table. Values are parsed and checked by the table; a flag that is not given stays
 * undefined, so that the defaults are decided in one place.
 * @param defaults values that stand in for the table's defaults in the help, the first ones without their name
 */
export function addTableFlags(
  command: Command,
  table: OptionTable,
  group: string,
  defaults: readonly NamedDefaults[],
): Command {
  for (const [key, option] of Object.entries(table)) {
    const negated = isOn(key, option, defaults);
    const value = option.kind === 'boolean' ? '' : ` <${option.kind}>`;
    const flag = new Flag(
      `--${negated ? 'no-' : ''}${flagName(key)}${value}`,
      helpText(key, option, defaults),
    ).helpGroup(group);
    if (option.kind !== 'boolean') {
      flag.argParser(checked((given: string) => parseOption(option, given, `--${flagName(key)}`)));
    }
    command.addOption(flag);
    // A switch can be turned either way, so that a line overrides a file.
    if (option.kind === 'boolean') command.addOption(new Flag(`--${negated ? '' : 'no-'}${flagName(key)}`).hideHelp());
    // Commander takes a flag --no-x that is not given for x.
    if (negated) command.setOptionValue(key, undefined);
  }
  return command;
}

/** A parser whose errors are those of the command line. */
export function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof BilevelError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** Whether an option is a switch that is on unless it is turned off. */
function isOn(key: string, option: Option, [usual]: readonly NamedDefaults[]): boolean {
  return option.kind === 'boolean' && Boolean(usual?.values[key] ?? option.default);
}

function helpText(key: string, option: Option, defaults: readonly NamedDefaults[]): string {
  if (option.kind === 'boolean') {
    return option.text.replace(/^Whether /, `Turns this ${isOn(key, option, defaults) ? 'off' : 'on'}: `);
  }
  if (option.kind === 'text' && option.default === '') return option.text;
  const allowed = option.kind === 'text' ? '' : `${describeOption(option)}; `;
  const [usual, ...others] = defaults.map(({ name, values }) => ({
    name,
    text: valueText(values[key] ?? option.default),
  }));
  const differing = others.filter(({ text }) => text !== usual?.text).map(({ name, text }) => `; with ${name} ${text}`);
  return `${option.text} (${allowed}default ${usual?.text}${differing.join('')})`;
}

/** The options of a table that were given as flags. */
export function givenOptions(flags: Readonly<Record<string, unknown>>, table: OptionTable): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(flags).filter(([key, value]) => value !== undefined && Object.hasOwn(table, key)),
  );
}

/** A flag's argument as a positive integer. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a positive integer.');
  return value;
}

/** A flag's argument as a number that is zero or more. */
export function parseNonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError('Expected a number that is zero or more.');
  }
  return value;
}

/** A flag's argument as a list: words with commas between them. */
export function parseList(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

/** A flag's argument as sizes by name: `length=16,height=32`. */
export function parseSizes(text: string): Record<string, number> {
  return Object.fromEntries(
    parseList(text).map((entry) => {
      const at = entry.lastIndexOf('=');
      if (at < 1) throw new InvalidArgumentError('Expected NAME=INTEGER, with commas between several.');
      return [entry.slice(0, at), parsePositive(entry.slice(at + 1))];
    }),
  );
}
