import type { EncodedProgram } from '../../../lib/encoded.js';
import { Tensor } from '../../../lib/tensor.js';
import { ProgramEncoder } from './program-encoder.js';

/** total += row + twice x, with twice x computed once a run; shapes [2], `row` per step. */
export function accumulator(): EncodedProgram {
  const program = new ProgramEncoder();
  const x = program.binding('x', [2], 'read');
  const row = program.binding('row', [2], 'read', 'float32', true);
  const total = program.binding('total', [2], 'readWrite');
  const [doubled, sum] = [program.arena(2), program.arena(2)];
  program.prologue('fused', 1, 1, 0, 2, 1, x, 0, 1, 1, 18, 1, 0, 0, 0, 0, 1, 0, 1, doubled, 0, 1);
  return program.elementwise('add', 2, [row, doubled], sum).elementwise('add', 2, [total, sum], total).encode();
}

/** `count` counts the steps; each multiplies two matrices first, which takes about a millisecond. */
export function busyCounter(size = 256): EncodedProgram {
  const program = new ProgramEncoder();
  const count = program.binding('count', [2], 'readWrite');
  const one = program.constant([1, 1]);
  const [a, b, c] = [program.arena(size * size), program.arena(size * size), program.arena(size * size)];
  program.body('matmul', 1, size, size, size, 0, 0, a, 0, b, 0, c, 0);
  return program.elementwise('add', 2, [count, one], count).encode();
}

/** More steps than a test waits for. */
export const endless = 0x7fffffff;

export function counter(): { readonly count: Tensor } {
  return { count: Tensor.zeros([2]) };
}
