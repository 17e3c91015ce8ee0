import { adam } from './adam.js';
import { adamw } from './adamw.js';
import { momentum } from './momentum.js';
import { sgd } from './sgd.js';

export type { Optimizer, OptimizerConstants, OptimizerUpdate } from './optimizer.js';

/** Every optimizer by name. A new one is a file and a line here. */
export const optimizers = { sgd, momentum, adam, adamw } as const;
export type OptimizerName = keyof typeof optimizers;
export const optimizerNames = Object.keys(optimizers) as readonly OptimizerName[];

/** How many tensors of a parameter's shape an optimizer keeps between steps. */
export function slotsOf(name: OptimizerName): number {
  return optimizers[name]({ momentum: 0, secondMoment: 0, stabilizer: 1, weightDecay: 0 }).slots.length;
}
