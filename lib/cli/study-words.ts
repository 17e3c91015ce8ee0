import { parseArgs } from 'node:util';

/** The task that the words of a command line name: the options of a comparison are those of its task. */
export function taskIn(words: readonly string[]): string | undefined {
  const { task } = parseArgs({ args: [...words], strict: false, options: { task: { type: 'string' } } }).values;
  return typeof task === 'string' ? task : undefined;
}
