import { type Partition, writersOf } from '../../../lib/compile/group/group.js';
import { type PartitionOptions, partition } from '../../../lib/compile/group/partition.js';
import { recompute } from '../../../lib/compile/group/recompute.js';
import { lower } from '../../../lib/compile/lower/lower.js';
import { bindResults } from '../../../lib/compile/memory/bind.js';
import { bindingsOf } from '../../../lib/compile/memory/bindings.js';
import { schedule } from '../../../lib/compile/memory/schedule.js';
import type { MutableBinding, Unit } from '../../../lib/compile/program/ir.js';
import type { ProgramSpec } from '../../../lib/compile/spec.js';
import { defaultTarget } from '../../../lib/compile/target.js';
import { planViews, type ViewPlan } from '../../../lib/compile/views.js';
import { type Node, topologicalOrder } from '../../../lib/graph/index.js';

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
  const graph = { order, views: planViews(order), isInvariant, target: defaultTarget };
  const grouping = partition(graph, new Set(roots), options);
  if (options.fuse) recompute(grouping, graph);
  return writersOf(grouping);
}

export interface Bound {
  /** The units in the order in which they run. */
  readonly units: readonly Unit[];
  readonly bindings: ReadonlyMap<string, MutableBinding>;
  readonly views: ViewPlan;
}

/** A graph as units whose results are bound, without the passes over the graph before and those over memory behind. */
export function bound(
  spec: ProgramSpec,
  { inPlace = true }: { readonly inPlace?: boolean } = {},
  isInvariant: IsInvariant = never,
): Bound {
  const { outputs = {}, perStepOutputs = {}, updates = [] } = spec;
  const roots = [...Object.values({ ...outputs, ...perStepOutputs }), ...updates.map(([, value]) => value)];
  const order = topologicalOrder([...roots, ...updates.map(([target]) => target)]);
  const views = planViews(order);
  const { bindings, storageOf, results } = bindingsOf(spec, updates, order, roots);
  const units = lower(order, partitioned(roots, { fuse: true }, isInvariant), views, storageOf, isInvariant);
  const { units: all, after } = bindResults(units, results, views, storageOf, { inPlace });
  const named = bindings.map((binding): [string, MutableBinding] => [binding.name, binding]);
  return { units: schedule(all, after), bindings: new Map(named), views };
}

/** The binding that a unit writes, or `arena`. */
export function destination({ writes: [storage] }: Unit): string {
  return storage?.place.kind === 'binding' ? storage.place.binding.name : 'arena';
}
