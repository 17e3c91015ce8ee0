import { setImmediate } from 'node:timers/promises';
import {
  BackgroundCompiler,
  type CompileOptions,
  compileCached,
  compileCachedBy,
  optionsFor,
  type ProgramSpec,
} from '../../compile/index.js';
import type { Device } from '../../engine/index.js';
import { aborted } from '../../errors.js';
import { topologicalOrder } from '../../graph/index.js';
import type { Stated } from './stated-step.js';

/** How far a construction is. */
export interface CompileProgress {
  /** Name of the phase whose program is there now. */
  readonly phase: string;
  /** Programs that are there, and all that there are to be. */
  readonly compiled: number;
  readonly programs: number;
}

const optionsOf = ({ compileOptions }: Stated, device: Device): CompileOptions => ({
  ...compileOptions,
  ...optionsFor(device),
});

/** Compiles steps on this thread. @throws as `compile` */
export function compileStated(steps: readonly Stated[], device: Device): void {
  for (const stated of steps) stated.load(device, compileCached(stated.step, optionsOf(stated, device)));
}

/** Graphs of so many nodes are compiled in less time than it takes to start a thread. */
export const smallGraph = 1000;

export interface Course {
  /** What is stopped by the signal, for its message: `The construction of the solver`. */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  /** Steps whose graphs have at most so many nodes are compiled on this thread; 0 by default. */
  readonly small?: number;
  readonly onProgress?: ((progress: CompileProgress) => void) | undefined;
}

/**
 * Compiles steps on another thread, program by program, with turns of the event loop between them.
 * @throws as `compile`; ABORTED
 */
export async function compileStatedElsewhere(
  steps: readonly Stated[],
  device: Device,
  { what, signal, small = 0, onProgress }: Course,
): Promise<void> {
  using compiler = new BackgroundCompiler(signal);
  try {
    for (const [index, stated] of steps.entries()) {
      // What is read and loaded for a program takes this thread's time, so the event loop has a turn between two of
      // them.
      await setImmediate(undefined, { signal });
      if (small > 0 && sizeOf(stated.step) <= small) compileStated([stated], device);
      else stated.load(device, await compileCachedBy(compiler, stated.step, optionsOf(stated, device)));
      onProgress?.({ phase: stated.name, compiled: index + 1, programs: steps.length });
    }
  } catch (error) {
    throw signal?.aborted ? aborted(`${what} was stopped`, signal.reason) : error;
  }
}

function sizeOf({ outputs = {}, perStepOutputs = {}, updates = [] }: ProgramSpec): number {
  return topologicalOrder([...Object.values(outputs), ...Object.values(perStepOutputs), ...updates.flat()]).length;
}
