import { bindResults } from '../../../lib/compile/bind.js';
import type { Partition } from '../../../lib/compile/group.js';
import type { MutableBinding, Storage, Unit } from '../../../lib/compile/ir.js';
import { lower } from '../../../lib/compile/lower.js';
import { type PartitionOptions, partition } from '../../../lib/compile/partition.js';
import { planViews, type ViewPlan } from '../../../lib/compile/views.js';
import { isOp, type Node, topologicalOrder } from '../../../lib/graph/index.js';
import { elementCount } from '../../../lib/tensor.js';

/** Which values do not change from step to step. None by default. */
type IsInvariant = (node: Node) => boolean;
const never: IsInvariant = () => false;

/** The groups of a graph, without the passes behind the partition. */
export function partitioned(
  roots: readonly Node[],
  options: PartitionOptions = { fuse: true },
  isInvariant: IsInvariant = never,
): Partition {
  const order = topologicalOrder(roots);
  return partition(order, new Set(roots), planViews(order), isInvariant, options);
}

export interface Results {
  readonly outputs?: Readonly<Record<string, Node>>;
  readonly perStepOutputs?: Readonly<Record<string, Node>>;
  readonly updates?: readonly (readonly [target: Node, value: Node])[];
}

export interface Bound {
  /** The units in the order in which they run. */
  readonly units: readonly Unit[];
  readonly bindings: ReadonlyMap<string, MutableBinding>;
  readonly views: ViewPlan;
}

/** A graph as units whose results are bound, without the passes over the graph before and those over memory behind. */
export function bound(
  { outputs = {}, perStepOutputs = {}, updates = [] }: Results,
  { inPlace = true }: { readonly inPlace?: boolean } = {},
  isInvariant: IsInvariant = never,
): Bound {
  const named = [...Object.entries(outputs), ...Object.entries(perStepOutputs)];
  const roots = [...named.map(([, value]) => value), ...updates.map(([, value]) => value)];
  const order = topologicalOrder([...roots, ...updates.map(([target]) => target)]);
  const views = planViews(order);
  const bindings = new Map<string, MutableBinding>();
  const bind = (name: string, { dtype, shape }: Node): MutableBinding => {
    const binding: MutableBinding = { name, dtype, shape, access: 'read', perStep: name in perStepOutputs };
    bindings.set(name, binding);
    return binding;
  };
  const storages = new Map<Node, Storage>();
  for (const node of order) {
    const place: Storage['place'] = isOp(node, 'input')
      ? { kind: 'binding', binding: bind(node.attributes.name, node) }
      : isOp(node, 'constant')
        ? { kind: 'constant', data: node.attributes.data }
        : { kind: 'arena', offset: 0 };
    storages.set(node, { dtype: node.dtype, elementCount: elementCount(node.shape), place });
  }
  const storageOf = (node: Node): Storage => storages.get(node) as Storage;
  const groups = partition(order, new Set(roots), views, isInvariant, { fuse: true });
  const units = bindResults(
    lower(order, groups, views, storageOf, isInvariant),
    {
      outputs: named.map(([name, value]) => ({ value, binding: bind(name, value) })),
      updates: updates.map(([target, value]) => {
        const name = isOp(target, 'input') ? target.attributes.name : '';
        return { target, value, binding: bindings.get(name) as MutableBinding };
      }),
    },
    views,
    storageOf,
    { inPlace },
  );
  return { units, bindings, views };
}

/** The binding that a unit writes, or `arena`. */
export function destination({ writes: [storage] }: Unit): string {
  return storage?.place.kind === 'binding' ? storage.place.binding.name : 'arena';
}
