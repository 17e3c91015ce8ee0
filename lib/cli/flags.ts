import { type Command, Option as Flag, InvalidArgumentError } from 'commander';
import { BilevelError } from '../errors.js';
import { describeOption, type Option, type OptionTable, parseOption } from '../options.js';
import { formatSchedule } from '../schedules/index.js';

/** `lowerSteps` is given as `--lower-steps`. */
function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function defaultText(option: Option): string {
  return option.kind === 'schedule'
    ? formatSchedule(option.default).replace(/^constant\((.*)\)$/, '$1')
    : String(option.default);
}

/**
 * Adds a flag for every option of a table. Values are parsed and checked by the table; a flag that is not given stays
 * undefined, so that the defaults are decided in one place.
 */
export function addTableFlags(command: Command, table: OptionTable, group: string): Command {
  for (const [key, option] of Object.entries(table)) {
    const negated = option.kind === 'boolean' && option.default;
    const value = option.kind === 'boolean' ? '' : ` <${option.kind}>`;
    const text = negated ? option.text.replace(/^Whether /, 'Turns off whether ') : option.text;
    const flag = new Flag(`--${negated ? 'no-' : ''}${flagName(key)}${value}`, helpText(text, option)).helpGroup(group);
    if (option.kind !== 'boolean') {
      flag.argParser((given: string) => {
        try {
          return parseOption(option, given, `--${flagName(key)}`);
        } catch (error) {
          if (error instanceof BilevelError) throw new InvalidArgumentError(error.message);
          throw error;
        }
      });
    }
    command.addOption(negated ? flag.default(undefined) : flag);
  }
  return command;
}

function helpText(text: string, option: Option): string {
  if (option.kind === 'boolean') return text;
  const values = option.kind === 'text' ? '' : `${describeOption(option)}; `;
  return `${text} (${values}default ${defaultText(option)})`;
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
