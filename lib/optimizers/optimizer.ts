import type { Node } from '../graph/index.js';

/**
 * A first-order update rule. The tensors part is a graph; the scalar that depends on the step count is computed in
 * float64 by the host and fed to the program, one value per step, so that no device has to raise numbers to powers.
 */
export interface Optimizer {
  /** Names of the tensors kept between steps; each has the parameter's shape and starts at zero. */
  readonly slots: readonly string[];
  /**
   * One step: the new parameter and slots, from the current ones, the gradient and the scalar step size.
   * @param differentiable whether derivatives are taken through it: the values are the same, and the derivatives finite
   *   everywhere
   */
  update(
    parameter: Node,
    gradient: Node,
    slots: readonly Node[],
    stepSize: Node,
    differentiable?: boolean,
  ): OptimizerUpdate;
  /** The step size of step `step` (counted from 1), proportional to the given learning rate. */
  stepSize(learningRate: number, step: number): number;
  /**
   * Part of a parameter that a step takes away, at a learning rate of 1 and before the update; nothing where it is
   * absent.
   */
  readonly decay?: number;
  /**
   * Steps on a quadratic diverge at learning rates above this over its largest curvature; undefined where their length
   * does not grow with the gradient's.
   */
  readonly stability: number | undefined;
}

export interface OptimizerUpdate {
  readonly parameter: Node;
  readonly slots: readonly Node[];
}

/** The constants of the update rules. */
export interface OptimizerConstants {
  /** Factor of the running mean of gradients: the heavy-ball factor, Adam's beta 1. */
  readonly momentum: number;
  /** Adam's beta 2. */
  readonly secondMoment: number;
  /** Added to the root of Adam's second moment. */
  readonly stabilizer: number;
  /** AdamW's decoupled weight decay, for a learning rate of 1. */
  readonly weightDecay: number;
}

/** The one slot or node at `index` of a list whose length the optimizer itself fixed. */
export function slotAt(slots: readonly Node[], index: number): Node {
  const slot = slots[index];
  if (slot === undefined)
    throw new RangeError(`The optimizer was given ${slots.length} slots; slot ${index} is missing.`);
  return slot;
}
