import { BilevelError, invalidArgument } from '../errors.js';

/** Which task of how many it is, counted from 1. */
interface Task {
  readonly index: number;
  readonly count: number;
}

/** How the environment of a task tells which one of an array it is, by names of variables. */
interface Scheduler {
  readonly name: string;
  readonly index: string;
  /** What the index is in a task of no array. */
  readonly none?: string;
  /** The least and the greatest index of the array, and how far it is from one to the next, 1 where nothing tells. */
  readonly first?: string;
  readonly last?: string;
  readonly step?: string;
  readonly count?: string;
  /** Where indices begin when the number of tasks is given. */
  readonly base: 0 | 1;
}

const schedulers: readonly Scheduler[] = [
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    first: 'SLURM_ARRAY_TASK_MIN',
    last: 'SLURM_ARRAY_TASK_MAX',
    step: 'SLURM_ARRAY_TASK_STEP',
    count: 'SLURM_ARRAY_TASK_COUNT',
    base: 1,
  },
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', base: 0 },
  { name: 'PBS', index: 'PBS_ARRAY_INDEX', base: 1 },
  {
    name: 'Grid Engine',
    index: 'SGE_TASK_ID',
    none: 'undefined',
    first: 'SGE_TASK_FIRST',
    last: 'SGE_TASK_LAST',
    step: 'SGE_TASK_STEPSIZE',
    base: 1,
  },
  { name: 'LSF', index: 'LSB_JOBINDEX', none: '0', base: 1 },
];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The part of a task of an array.
 * @param count the number of parts, where it is given; else the scheduler has to tell of the whole array
 * @throws INVALID_ARGUMENT naming the variable, what it should be and what it is
 */
export function shardOfTask(environment: Environment, count: number | undefined): Task {
  const scheduler = schedulerOf(environment);
  const index = readNumber(environment, scheduler.index);
  return count === undefined ? partOfArray(environment, scheduler, index) : partOf(scheduler, index, count);
}

function schedulerOf(environment: Environment): Scheduler {
  const present = schedulers.filter(({ index, none = '' }) => !['', none].includes(environment[index] ?? ''));
  const [found, other] = present;
  if (found === undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `Expected a task of an array for --shard auto, but none of ${schedulers.map(({ index }) => index).join(', ')} is set. Name the part: --shard 1/4.`,
    );
  }
  if (other !== undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `Expected one scheduler for --shard auto, but both ${found.index} and ${other.index} are set. Name the part: --shard 1/4.`,
    );
  }
  return found;
}

/** With the number of parts given, tasks that are run again alone are the same parts as in the whole array. */
function partOf({ name, index: variable, base }: Scheduler, index: number, count: number): Task {
  const last = count - 1 + base;
  if (index < base || index > last) {
    throw invalidArgument(variable, `an array of ${name} from ${base} to ${last} for --shard auto/${count}`, index);
  }
  return { index: index - base + 1, count };
}

/** An array that begins at 0 or 1 and lacks nothing: others are a part of one, of which the rest cannot be known. */
function partOfArray(environment: Environment, scheduler: Scheduler, index: number): Task {
  const { name, first, last, step, count } = scheduler;
  if (first === undefined || last === undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `${name} does not tell a task how many there are. Write it behind: --shard auto/8 for an array from ${scheduler.base}.`,
    );
  }
  const [from, to] = [readNumber(environment, first), readNumber(environment, last)];
  const by = step !== undefined && environment[step] !== undefined ? readNumber(environment, step) : 1;
  const parts = (to - from) / by + 1;
  const remedy = 'For some tasks of an array alone, write the part, as in --shard 3/8.';
  if (from > 1) throw incomplete(first, 'an array that begins at 0 or 1', from, remedy);
  if (!Number.isInteger(parts) || parts < 1) {
    throw incomplete(last, `an array that ends some steps of ${by} behind ${from}`, to, remedy);
  }
  if (count !== undefined && environment[count] !== undefined && readNumber(environment, count) !== parts) {
    throw incomplete(count, `an array of all ${parts} tasks`, readNumber(environment, count), remedy);
  }
  const place = (index - from) / by;
  if (!Number.isInteger(place) || place < 0 || place >= parts) {
    throw incomplete(scheduler.index, `a task from ${from} to ${to}`, index, remedy);
  }
  return { index: place + 1, count: parts };
}

function readNumber(environment: Environment, variable: string): number {
  const text = environment[variable] ?? '';
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument(variable, 'a whole number', text);
  return Number(text);
}

function incomplete(variable: string, expected: string, received: number, remedy: string): BilevelError {
  return new BilevelError('INVALID_ARGUMENT', `${invalidArgument(variable, expected, received).message} ${remedy}`);
}
