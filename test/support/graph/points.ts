import * as g from '../../../lib/graph/index.js';

/** Values of inputs at several points: `stacked` has one for each point, `shared` one for all others. */
export interface Points {
  readonly shared: ReadonlyMap<g.Node, Float64Array>;
  readonly stacked: ReadonlyMap<g.Node, readonly Float64Array[]>;
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** An input [count, ...shape] for each stacked one, and the feeds of a graph that is vectorized over them. */
export function stackPoints({ shared, stacked }: Points): {
  readonly nodes: ReadonlyMap<g.Node, g.Node>;
  readonly feeds: ReadonlyMap<g.Node, Float64Array>;
} {
  const nodes = new Map<g.Node, g.Node>();
  const feeds = new Map(shared);
  for (const [node, values] of stacked) {
    const stack = g.input(`stacked${nodes.size}`, [values.length, ...node.shape], node.dtype);
    nodes.set(node, stack);
    feeds.delete(node);
    feeds.set(stack, joined(values));
  }
  return { nodes, feeds };
}

/** The roots evaluated at one point after the other, the values of each root joined. */
export function evaluateEach(roots: readonly g.Node[], { shared, stacked }: Points, count: number): Float64Array[] {
  const results = Array.from({ length: count }, (_, point) => {
    const feeds = new Map(shared);
    for (const [node, values] of stacked) feeds.set(node, values[point] ?? new Float64Array());
    return g.evaluate(roots, feeds);
  });
  return roots.map((_, index) => joined(results.map((values) => values[index] ?? new Float64Array())));
}
