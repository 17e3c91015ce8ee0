import { add, constant, exp, mul, type Node, reshape, slice, sqrt } from '../../graph/index.js';
import type { Parameters } from '../../network/classifier.js';
import { Tensor } from '../../tensor.js';
import { type Facts, scalableArrays } from './hyperparameters.js';

type Nodes = Readonly<Record<string, Node>>;

/** Step of the offsets in a training: learning rates are part of what the parameters are. */
export const stepOfOffsets = 1;

/** Where offsets of parameters start: at 0. */
export const offsetsFrom = (parameters: Parameters): Record<string, Tensor<'float32'>> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, size }]) => [name, Tensor.from(new Float32Array(size), shape)]),
  );

/** The parameters at offsets z: s p + sqrt(r) z, with the factor s and the learning rate r of each array. */
export function atOffsets(z: Nodes, u: Nodes, { parameters, learningRate }: Facts): Nodes {
  const { 'learning-rates': rates, 'initial-values': factors } = u;
  const names = Object.keys(parameters);
  const scaled = scalableArrays(parameters);
  const rateOf = (name: string): Node =>
    rates === undefined ? constant(learningRate) : exp(numberAt(rates, names.indexOf(name)));
  const firstOf = (name: string, { shape }: Node): Node => {
    const first = constant(parameters[name]?.toArray() ?? [], shape);
    const at = scaled.indexOf(name);
    return factors === undefined || at < 0 ? first : mul(exp(numberAt(factors, at)), first);
  };
  return Object.fromEntries(
    Object.entries(z).map(([name, offset]) => [name, add(firstOf(name, offset), mul(sqrt(rateOf(name)), offset))]),
  );
}

/** One number of many, as a scalar. */
export const numberAt = (numbers: Node, at: number): Node =>
  reshape(slice(numbers, { starts: [at], limits: [at + 1] }), []);
