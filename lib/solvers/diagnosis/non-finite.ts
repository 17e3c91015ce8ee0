import { BilevelError } from '../../errors.js';

/** Why a value is not finite; each has a remedy of its own. */
export type CauseKind =
  /** Variables or steps have grown beyond all bounds: a learning rate is too large. */
  | 'divergence'
  /** A label names no class. */
  | 'label'
  /** The logarithm, or its derivative, of 0 or less. */
  | 'log'
  /**
   * The logarithm, or its derivative, of a sigmoid or softmax that has been rounded to 0 or of 1 minus one rounded to
   * 1.
   */
  | 'saturation'
  /** The derivative of a root at 0. */
  | 'root'
  /** A division by 0. */
  | 'division'
  /** A power, or its derivative, of 0 or less. */
  | 'power'
  /** An exponential of a large number. */
  | 'exponential'
  /** A value that was not finite before: a constant, or a tensor that an operation reads. */
  | 'given'
  /** Any other result beyond float32. */
  | 'overflow';

/** What an operand of the operation was. */
export interface OperandRange {
  /** The operation that made it, or the name of the tensor that it is. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Of its elements that are numbers; NaN when none is. */
  readonly least: number;
  readonly largest: number;
  /** Elements that are NaN. */
  readonly nans: number;
  /** The element that went into the value, where there is but one. */
  readonly element?: number;
}

/** The first operation with a result that is not finite of operands that are. */
export interface NonFiniteCause {
  readonly kind: CauseKind;
  readonly operation: string;
  /** The operation as stated that it belongs to: itself, or what it is the derivative of. */
  readonly of: string;
  /** How many times that was differentiated: 0, 1 or 2. */
  readonly derivative: number;
  /** What it was written in, such as `the cost g`. */
  readonly writtenIn?: string;
  /** `file:line:column` where it was written. */
  readonly place?: string;
  /** Operator and name of the node of a model file that it came from. */
  readonly modelNode?: string;
  readonly value: number;
  /** Index of the first such element of its result. */
  readonly element: readonly number[];
  /** The row of a feed that the element belongs to. */
  readonly sample?: { readonly feed: string; readonly row: number };
  readonly operands: readonly OperandRange[];
  readonly remedy: string;
}

const quantities: Readonly<Record<string, string>> = {
  lowerGradient: '|grad_v g|',
  hypergradient: 'the norm of the hypergradient',
  linearResidual: 'the relative residual of the linear system',
};

/** What an output or a tensor is called in messages. */
export const quantityOf = (name: string): string => quantities[name] ?? name;

/** What is known of a number that is not finite. */
export interface NonFiniteDetails {
  /** What was not finite: an output such as `g`, or a tensor such as `v/weight`. */
  readonly quantity: string;
  readonly value: number;
  /** Counted from 1. */
  readonly iteration: number;
  readonly phase: string;
  /** Which repetition of the phase, counted from 1; absent when it is not known. */
  readonly step?: number;
  /** Absent when it could not be found. */
  readonly cause?: NonFiniteCause;
}

/** A value that is not finite, with the operation that it arose in. */
export class NonFiniteError extends BilevelError {
  readonly details: NonFiniteDetails;

  /**
   * @param title what is being solved: `ITD`
   * @param explanation sentences that follow
   */
  constructor(details: NonFiniteDetails, title: string, explanation = '', options?: { cause?: unknown }) {
    const { quantity, value, step, phase, iteration } = details;
    const where = `${step === undefined ? '' : `step ${step} of `}the phase ${phase} in iteration ${iteration} of ${title}`;
    super('NON_FINITE', `${quantity} became ${value} in ${where}. ${explanation}`.trimEnd(), options);
    this.details = details;
  }
}
