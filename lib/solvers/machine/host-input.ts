import type { Node } from '../../graph/index.js';
import type { SolverState } from '../state.js';

/** An input of a step that the host computes in float64: a step size, a penalty weight, a random key. */
export interface HostInput {
  readonly node: Node;
  /** Whether every repetition of a step sees its own value, or all see that of the first. */
  readonly perStep: boolean;
  /** The elements for repetition `step`, counted from 0; one number fills them all. */
  value(state: SolverState, step: number): number | readonly number[];
}
