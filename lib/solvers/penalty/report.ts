import type { StepReport } from '../solver.js';
import type { SolverState } from '../state.js';

/** Gradients and second-order products computed since the start; a step of v takes one each of f, g and HVP. */
export interface Evaluations {
  readonly fGradients: number;
  readonly gGradients: number;
  readonly hessianVectorProducts: number;
  readonly jacobianVectorProducts: number;
}

/** One iteration of the penalty method: T steps of v, one of u, the test. Values are those after it, on its mini-batch. */
export interface PenaltyReport extends StepReport {
  readonly f: number;
  readonly g: number;
  /** |grad_v g| */
  readonly lowerGradientNorm: number;
  /** |grad_u f~1| along which the step of u was made: the norm of the hypergradient's estimate. */
  readonly hypergradientNorm: number;
  /** |grad_u f~1| and |grad_v f~2| after the step of u: what the convergence test looks at. */
  readonly upperResidual: number;
  readonly lowerResidual: number;
  /** The penalty weight, tolerance and convexification that the iteration was made with. */
  readonly gamma: number;
  readonly epsilon: number;
  readonly lambda: number;
  /** Whether the residuals passed the convergence test. */
  readonly passed: boolean;
  /** How often gamma has grown so far. */
  readonly growths: number;
  readonly evaluations: Evaluations;
}

export type Counter = keyof Evaluations | 'iteration' | 'growths' | 'upperSteps' | 'lowerSteps';
export type PenaltyState = SolverState<Counter>;

type Counters = PenaltyState['counters'];

/** Adds `count` gradients of each of f and g, and the given products. */
export function countEvaluations(counters: Counters, count: number, products: Partial<Evaluations>): void {
  counters.fGradients += count;
  counters.gGradients += count;
  counters.hessianVectorProducts += products.hessianVectorProducts ?? 0;
  counters.jacobianVectorProducts += products.jacobianVectorProducts ?? 0;
}

export function evaluationsOf(counters: Counters): Evaluations {
  const { fGradients, gGradients, hessianVectorProducts, jacobianVectorProducts } = counters;
  return { fGradients, gGradients, hessianVectorProducts, jacobianVectorProducts };
}
