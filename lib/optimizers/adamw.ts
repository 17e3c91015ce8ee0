import { adam } from './adam.js';
import type { Optimizer, OptimizerConstants } from './optimizer.js';

/**
 * Adam with decoupled weight decay: p <- (1 - rate decay) p, and then the step of `adam`, whose moments know nothing of
 * the decay. Loshchilov and Hutter 2019, Algorithm 2, with the learning rate in place of its schedule multiplier, as
 * PyTorch has it, and Adam's stabilizer where `adam` has it.
 */
export function adamw(constants: OptimizerConstants): Optimizer {
  return { ...adam(constants), decay: constants.weightDecay };
}
