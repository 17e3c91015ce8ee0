import type { EncodedProgram } from '../encoded.js';
import type { Node } from '../graph/node.js';
import { poolFirst } from '../graph/pool-first.js';
import { topologicalOrder } from '../graph/traverse.js';
import { writersOf } from './group/group.js';
import { partition } from './group/partition.js';
import { recompute } from './group/recompute.js';
import { lower } from './lower/lower.js';
import { planMemory } from './memory/arena.js';
import { bindResults } from './memory/bind.js';
import { bindingsOf } from './memory/bindings.js';
import { schedule, statedOrder } from './memory/schedule.js';
import { type CompileOptions, settingsOf } from './options.js';
import { encode } from './program/encode.js';
import { costOf, formatCost, type ProgramCost } from './program/explain.js';
import { deduplicate } from './rewrite/deduplicate.js';
import { foldConstants } from './rewrite/fold.js';
import { workOnPicked } from './rewrite/picks.js';
import { type Reassociation, reassociate } from './rewrite/reassociate/reassociate.js';
import { simplify } from './rewrite/simplify.js';
import { splitSums } from './rewrite/sums.js';
import { shard } from './shard/shard.js';
import { checkSpec, computedBy, type ProgramSpec } from './spec.js';
import { varyingOf } from './varying.js';
import { planViews } from './views.js';

/** What {@link compile} makes of a graph, for {@link Device.load}. */
export interface CompiledProgram extends EncodedProgram {
  readonly cost: ProgramCost;
  /** A listing of the instructions with their shapes, bytes and floating-point operations. */
  explain(): string;
}

/**
 * Compiles the graph of one step into a program for an engine. Bindings are named by their inputs and outputs.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for what is no node, when names clash, a target is not an input, or two
 *   updates have one target
 * @throws SHAPE_MISMATCH when a new value has not the type of the input that it replaces
 */
export function compile(spec: ProgramSpec, options: CompileOptions = {}): CompiledProgram {
  const settings = settingsOf(options);
  checkSpec(spec);
  const { updates, values } = shard(computedBy(spec), settings.ranks, settings.parts);
  const targets = updates.map(([target]) => target);
  const changing = new Set([...targets, ...(spec.perStep ?? [])]);

  // From the graph that was stated to one that costs less.
  const stated = [...values, ...updates.map(([, value]) => value)];
  const { roots, ...savings } = rewritten(stated, settings, changing);

  // From operations to passes over memory.
  const order = topologicalOrder([...roots, ...targets]);
  const isInvariant = settings.hoist ? invariance(order, changing) : () => false;
  const views = planViews(order);
  const graph = { order, views, isInvariant, target: settings.target };
  const grouping = partition(graph, new Set(roots), settings);
  if (settings.fuse && settings.recompute) recompute(grouping, graph);

  // From passes to instructions on buffers.
  const { bindings, storageOf, results } = bindingsOf(spec, updates, order, roots);
  const units = lower(order, writersOf(grouping), views, storageOf, isInvariant);
  const bound = bindResults(units, results, views, storageOf, settings);

  // When and where they run.
  const ordered = (settings.schedule ? schedule : statedOrder)(bound.units, bound.after);
  const memory = planMemory(ordered, { reuse: settings.reuseMemory });
  const cost = costOf(ordered, bindings, memory, savings);
  return explained({ ...encode(ordered, bindings, memory.arenaBytes), cost });
}

/** A function of its own, so that what explains a program does not keep its graph in memory. */
export function explained(program: Omit<CompiledProgram, 'explain'>): CompiledProgram {
  const { cost } = program;
  return { ...program, explain: () => formatCost(cost) };
}

/** The passes over the graph. */
function rewritten(
  roots: readonly Node[],
  settings: Required<CompileOptions>,
  changing: ReadonlySet<Node>,
): Reassociation {
  const settle = (from: readonly Node[]): readonly Node[] => settled(from, settings);
  const start = settle(settings.workOnPicked ? poolFirst(roots) : roots);
  if (!settings.reassociate) return { roots: start, savedFlops: 0, hoistedFlops: 0 };
  return reassociate(start, settings.hoist ? changing : undefined, settle, settings.target);
}

/** Each pass makes work for the others; graphs settle within a few rounds, and a further one would only cost time. */
function settled(roots: readonly Node[], settings: Required<CompileOptions>): readonly Node[] {
  let current = roots;
  for (let round = 0; round < 4; round++) {
    const before = current;
    if (settings.foldConstants) current = foldConstants(current);
    if (settings.simplify) current = simplify(current);
    if (settings.workOnPicked) current = workOnPicked(current);
    if (settings.splitSums) current = splitSums(current);
    if (settings.deduplicate) current = deduplicate(current);
    if (current.every((root, index) => root === before[index])) break;
  }
  return current;
}

/** Values that depend on nothing that changes from one step to the next. */
function invariance(order: readonly Node[], changing: ReadonlySet<Node>): (node: Node) => boolean {
  const varying = varyingOf(order, changing);
  return (node) => !varying.has(node);
}
