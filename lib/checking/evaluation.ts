import { evaluate, type Node } from '../graph/index.js';
import { type CheckPoint, nameOf } from './point.js';
import type { Quantities, QuantityName } from './quantities.js';
import { joined } from './vectors.js';

/** The elements of every quantity, those of its parts one after the other. */
export type Computed = ReadonlyMap<QuantityName, Float64Array>;

/** Every quantity by the graph's own definition in float64. */
export function evaluateQuantities(quantities: Quantities, point: CheckPoint): Computed {
  return byQuantity(quantities, (nodes) => evaluate(nodes, feedsOf(quantities, point)));
}

export function byQuantity(
  { values }: Quantities,
  evaluated: (nodes: readonly Node[]) => readonly Float64Array[],
): Computed {
  const results = evaluated([...values.values()].flat());
  let next = 0;
  return new Map(
    [...values].map(([name, nodes]) => {
      const start = next;
      next += nodes.length;
      return [name, joined(results.slice(start, next))];
    }),
  );
}

export function feedOf(point: CheckPoint, node: Node): Float64Array {
  return point.feeds.get(nameOf(node)) as Float64Array;
}

export function feedsOf(
  { train, validation, parameters, costs }: Quantities,
  point: CheckPoint,
): ReadonlyMap<Node, Float64Array> {
  const sides = [train, validation].flatMap(({ inputs, target }) => [
    ...Object.values(inputs),
    ...(target ? [target] : []),
  ]);
  const others = costs ? [costs.u, costs.gamma, costs.lambda, ...costs.nu] : [];
  const nodes = [...sides, ...parameters.map(({ node }) => node), ...others];
  return new Map(nodes.map((node) => [node, feedOf(point, node)]));
}
