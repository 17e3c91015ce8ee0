import { types } from 'node:util';
import { BilevelError, invalidArgument } from '../errors.js';
import { elementCount, formatType } from '../tensor.js';
import { type Node, requireNodes } from './node.js';
import type { Op } from './op.js';
import { ops } from './ops/index.js';
import { topologicalOrder } from './traverse.js';

function checkFeed(node: Node, data: Float64Array): void {
  if (!types.isFloat64Array(data)) throw invalidArgument('a value in feeds', 'a Float64Array', data);
  if (data.length === elementCount(node.shape)) return;
  throw new BilevelError(
    'SHAPE_MISMATCH',
    `Expected ${elementCount(node.shape)} element(s) to feed ${formatType(node)} but received ${data.length}.`,
  );
}

/**
 * The values of `nodes` by the plain definitions of the op table, in float64 whatever the dtype: the reference for
 * native kernels, and the arithmetic of constant folding. `feeds` gives row-major elements for inputs, or for any other
 * node in place of its own computation.
 * @throws INVALID_ARGUMENT when an input has no feed; SHAPE_MISMATCH when a feed has the wrong number of elements.
 */
export function evaluate(nodes: readonly Node[], feeds: ReadonlyMap<Node, Float64Array> = new Map()): Float64Array[] {
  return evaluateChanged(nodes, feeds, (_node, value) => value);
}

/**
 * As `evaluate`, with every computed value replaced by what `change` makes of it, a new array, before others read it.
 */
export function evaluateChanged(
  nodes: readonly Node[],
  feeds: ReadonlyMap<Node, Float64Array>,
  change: (node: Node, value: Float64Array) => Float64Array,
): Float64Array[] {
  requireNodes(nodes, 'nodes');
  if (!types.isMap(feeds)) throw invalidArgument('feeds', 'a Map', feeds);
  const order = topologicalOrder(nodes, (each) => feeds.has(each));
  // Of a large network not all values fit into memory together, so each is dropped behind its last reader.
  const readers = new Map<Node, number>();
  const expect = (read: readonly Node[]): void => {
    for (const node of read) readers.set(node, (readers.get(node) ?? 0) + 1);
  };
  expect(nodes);
  for (const node of order) if (!feeds.has(node)) expect(node.inputs);
  const values = new Map<Node, Float64Array>();
  const read = (node: Node): Float64Array => {
    const value = values.get(node);
    if (value === undefined) throw invalidArgument('nodes', 'a graph of nodes made by createNode', node);
    const left = (readers.get(node) ?? 0) - 1;
    readers.set(node, left);
    if (left === 0) values.delete(node);
    return value;
  };
  for (const node of order) {
    const feed = feeds.get(node);
    if (feed !== undefined) {
      checkFeed(node, feed);
      values.set(node, feed);
      continue;
    }
    const inputs = node.inputs.map((input) => ({ dtype: input.dtype, shape: input.shape, data: read(input) }));
    const value = (ops[node.op] as Op<unknown>).evaluate(inputs, node.attributes, node);
    values.set(node, change(node, value));
  }
  return nodes.map((node) => read(node).slice());
}
