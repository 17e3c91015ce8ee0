import { BilevelError } from '../errors.js';
import type { Gap } from '../study/merge.js';

/** A run that is missing, with the command line that makes it. */
export interface ToldGap extends Gap {
  readonly command: string;
}

/** Most runs that a message lists; `details` has all. */
const mostListed = 40;

/** Runs of a study are missing, or cannot be taken: which, why, and what to do. */
export class IncompleteError extends BilevelError {
  readonly details: { readonly gaps: readonly ToldGap[] };

  /** @param ended how many runs the folder has */
  constructor(folder: string, gaps: readonly ToldGap[], ended: number) {
    const shown = gaps.slice(0, mostListed).map((gap) => `  ${describe(gap)}`);
    const more = gaps.length > shown.length ? [`  and ${gaps.length - shown.length} more`] : [];
    const commands = new Set(gaps.flatMap(({ state, command }) => (state === 'different' ? [] : [`  ${command}`])));
    const remedy = commands.size === 0 ? [] : ['They are made by:', ...commands, 'Then merge again.'];
    const head = `${gaps.length} of ${gaps.length + ended} runs are not in ${folder}:`;
    super('INCOMPLETE', [head, ...shown, ...more, ...remedy].join('\n'));
    this.details = { gaps };
  }
}

function describe({ run, state, folders, reason }: Gap): string {
  const name = run === '' ? 'The run' : run;
  if (state === 'missing') return `${name} has not begun.`;
  if (state === 'begun') return `${name} has begun in ${folders.join(' and ')} and not ended.`;
  if (state === 'damaged')
    return `${name} is damaged: ${reason} Remove ${folders.join(' and ')} before it is made again.`;
  return `${name} has different results in ${folders.join(' and ')}. Find out why, and merge without one of them.`;
}
