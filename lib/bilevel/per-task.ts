import { BilevelError, checkRecord, invalidArgument, isRecord } from '../errors.js';
import { input, isNode, type Node, vectorize, writtenIn } from '../graph/index.js';

/** Nodes by name, and records of them, as costs see variables and the sets of an episode. */
export interface NodeTree {
  readonly [name: string]: Node | NodeTree;
}

/** What a function of one task gives: a node, or several by name. */
type Results = Node | Readonly<Record<string, Node>>;

/**
 * A function of one task at all tasks of a meta-batch at once, each with arrays of its own: a network with the task's
 * weights on the task's samples, say. The function is called once, however many tasks there are, and becomes one graph
 * of all of them, in which what depends on no array of a task is computed once.
 *
 *     f: ({ u, v, tasks: { query } }) => mean(perTask({ v, query }, ({ v, query: { x, y } }) =>
 *     mean(crossEntropy(network.apply(x, v), y))))
 *
 * Random numbers that follow from one key, as those of dropout, are the same for all tasks; keys of their own are
 * arrays of a task as any other.
 * @param arrays the arrays of the tasks, by name or in records by name, each [tasks, ...]
 * @param ofTask is given the arrays of one task under the same names, each [...], and returns a node, or nodes by name
 * @returns of each node [tasks, ...]
 * @throws INVALID_ARGUMENT for what is no record of nodes, or nothing of a function; SHAPE_MISMATCH where the numbers
 *   of tasks differ
 */
export function perTask<const A extends NodeTree, R extends Results>(arrays: A, ofTask: (task: A) => R): R {
  checkRecord(arrays, 'the arrays given to perTask');
  if (typeof ofTask !== 'function') throw invalidArgument('the second argument of perTask', 'a function', ofTask);
  const stacked = new Map<Node, Node>();
  const single = singleTask(arrays, [], stacked);
  const [first] = stacked.values();
  if (first === undefined) throw invalidArgument('the arrays given to perTask', 'at least one node', arrays);
  const [count = 0] = first.shape;
  const results: Results = writtenIn('the function given to perTask', () => ofTask(single as A));
  const byName = isNode(results) ? { '': results } : results;
  if (!isRecord(byName)) {
    throw invalidArgument('what the function given to perTask returns', 'a node or a record of nodes', results);
  }
  const roots = vectorize(Object.values(byName), stacked, count);
  const named = Object.fromEntries(Object.keys(byName).map((name, index) => [name, roots[index]]));
  return (isNode(results) ? named[''] : named) as R;
}

/** Stand-ins for the arrays of one task, under the same names, of which `stacked` gets those of all tasks. */
function singleTask(arrays: NodeTree, path: readonly string[], stacked: Map<Node, Node>): NodeTree {
  return Object.fromEntries(
    Object.entries(arrays).map(([key, value]) => {
      const name = [...path, key].join('.');
      if (!isNode(value)) {
        if (isRecord(value)) return [key, singleTask(value, [...path, key], stacked)];
        throw invalidArgument(`${name} given to perTask`, 'a node or a record of nodes', value);
      }
      const { dtype, shape } = value;
      const [count] = shape;
      const [known = count] = stacked.values().next().value?.shape ?? [];
      if (count === undefined || count < 1 || count !== known) {
        throw new BilevelError(
          'SHAPE_MISMATCH',
          `The first axis of all arrays given to perTask is that of the tasks${known === undefined ? '' : `, here ${known}`}, but ` +
            `${name} is ${dtype}[${shape.join(', ')}]. What all tasks share is not given: the function uses it as it is.`,
        );
      }
      const node = input(`task ${name}`, shape.slice(1), dtype);
      stacked.set(node, value);
      return [key, node];
    }),
  );
}
