import type { Evaluations } from '../../bilevel/index.js';
import type { SolverState, VariableNames } from '../state.js';

/** Counters that the state of every method has; a level adds the number of its optimizer's steps, such as `steps.u`. */
export type MethodCounter = keyof Evaluations | 'iteration' | 'draws';
/** The state of a bilevel method. */
export type MethodState<N extends VariableNames = VariableNames> = SolverState<MethodCounter, N>;
