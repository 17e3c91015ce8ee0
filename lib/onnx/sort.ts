import { BilevelError } from '../errors.js';
import type { ModelNode } from './model-node.js';
import { quote } from './quote.js';

/**
 * The nodes that `outputs` depend on, each after the nodes it depends on. A file that is sorted already, as the format
 * demands, keeps its order.
 * @param sources names that have a value from the start: inputs and initializers.
 * @throws INVALID_FILE when a name is defined twice or not at all, or when nodes depend on themselves.
 */
export function sortNodes(
  nodes: readonly ModelNode[],
  sources: ReadonlySet<string>,
  outputs: readonly string[],
): ModelNode[] {
  const producers = new Map<string, ModelNode>();
  for (const node of nodes) {
    for (const name of node.outputs.filter((output) => output !== '')) {
      if (producers.has(name) || sources.has(name)) {
        throw new BilevelError('INVALID_FILE', `${node.label} defines ${quote(name)}, which is defined already.`);
      }
      producers.set(name, node);
    }
  }
  if (outputs.length === 0) throw new BilevelError('INVALID_FILE', 'The model has no output.');
  const undefinedOutput = outputs.find((name) => !producers.has(name) && !sources.has(name));
  if (undefinedOutput !== undefined) {
    throw new BilevelError('INVALID_FILE', `Nothing defines the output ${quote(undefinedOutput)} of the model.`);
  }

  const dependencies = new Map<ModelNode, ModelNode[]>();
  for (const node of nodes) {
    const names = node.inputs.filter((name) => name !== '' && !sources.has(name));
    const missing = names.find((name) => !producers.has(name));
    if (missing !== undefined) {
      throw new BilevelError('INVALID_FILE', `${node.label} reads ${quote(missing)}, which nothing defines.`);
    }
    dependencies.set(
      node,
      names.flatMap((name) => producers.get(name) ?? []),
    );
  }
  const sorted = visitAll(nodes, dependencies);
  const needed = reachable(
    outputs.flatMap((name) => producers.get(name) ?? []),
    dependencies,
  );
  return sorted.filter((node) => needed.has(node));
}

/** Depth-first postorder with an explicit stack: a file may be deeper than the call stack. */
function visitAll(nodes: readonly ModelNode[], dependencies: ReadonlyMap<ModelNode, ModelNode[]>): ModelNode[] {
  const visit = (node: ModelNode) => ({ node, rest: (dependencies.get(node) ?? []).values() });
  const sorted = new Set<ModelNode>();
  for (const start of nodes) {
    if (sorted.has(start)) continue;
    const stack = [visit(start)];
    const open = new Set([start]);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { value: next } = top.rest.next();
      if (next === undefined) {
        stack.pop();
        open.delete(top.node);
        sorted.add(top.node);
      } else if (open.has(next)) {
        throw cyclic([...open].slice([...open].indexOf(next)));
      } else if (!sorted.has(next)) {
        open.add(next);
        stack.push(visit(next));
      }
    }
  }
  return [...sorted];
}

function cyclic(cycle: readonly ModelNode[]): BilevelError {
  const labels = [...cycle, ...cycle.slice(0, 1)].map(({ label }) => label);
  const shown =
    labels.length > 10 ? [...labels.slice(0, 9), `... ${labels.length - 10} more ...`, ...labels.slice(-1)] : labels;
  return new BilevelError('INVALID_FILE', `The model's graph has a cycle: ${shown.join(' -> ')}.`);
}

function reachable(
  starts: readonly ModelNode[],
  dependencies: ReadonlyMap<ModelNode, ModelNode[]>,
): ReadonlySet<ModelNode> {
  const found = new Set(starts);
  for (const node of found) for (const dependency of dependencies.get(node) ?? []) found.add(dependency);
  return found;
}
