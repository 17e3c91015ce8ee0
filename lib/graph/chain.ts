// What can be written behind a node: importing this file adds it to all of them.
import * as composites from './composites/index.js';
import * as functions from './functions/index.js';
import { type Chaining, GraphNode, type Node } from './node.js';

const { gelu, square, clip, mean, norm, softmax, logSoftmax } = composites;
const { reduceSum: sum, reduceMax: max, ...named } = functions;
const { add, sub, mul, div, pow, maximum, minimum, less, lessEqual, greater, greaterEqual, equal } = named;
const { neg, abs, exp, log, sqrt, tanh, sigmoid, relu, softplus, cast, stopGradient } = named;
const { matmul, argMax, reshape, transpose, broadcastTo, expandDims, gather } = named;

/** The functions by what they are called behind a node. */
const chained = {
  ...{ add, sub, mul, div, pow, maximum, minimum, less, lessEqual, greater, greaterEqual, equal },
  ...{ neg, abs, exp, log, sqrt, square, tanh, sigmoid, relu, gelu, softplus, clip, cast, stopGradient },
  ...{ matmul, sum, max, mean, norm, argMax, softmax, logSoftmax },
  ...{ reshape, transpose, broadcastTo, expandDims, gather },
} as const satisfies {
  readonly [K in keyof Chaining]: (x: Node, ...others: Parameters<Chaining[K]>) => Node;
};

for (const [name, apply] of Object.entries(chained) as [string, (x: Node, ...others: unknown[]) => Node][]) {
  Object.defineProperty(GraphNode.prototype, name, {
    value(this: Node, ...others: unknown[]): Node {
      return apply(this, ...others);
    },
  });
}
