import type { Phase } from '../machine/phase.js';
import { NonFiniteError, quantityOf } from './non-finite.js';

/** What an iteration is called in messages. */
export interface Place {
  /** What is being solved: `ITD`. */
  readonly title: string;
  /** Counted from 1. */
  readonly iteration: number;
}

/** @throws NON_FINITE naming the output of a phase that has an element that is not finite, and where it arose */
export function checkFinite(phase: Phase, name: string, repetitions: number, { title, iteration }: Place): void {
  const position = phase.findNonFinite(name);
  if (position === undefined) return;
  const values = phase.output(name);
  const value = values[position] ?? Number.NaN;
  const step = phase.keepsEveryStep(name) && Math.floor((position * repetitions) / values.length) + 1;
  const details = { quantity: quantityOf(name), value, iteration, phase: phase.name };
  throw new NonFiniteError(step && repetitions > 1 ? { ...details, step } : details, title);
}
