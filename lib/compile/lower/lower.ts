import { isOp, type Node } from '../../graph/node.js';
import { elementCount, rowMajorStrides } from '../../tensor.js';
import { isKernel } from '../classes.js';
import type { Group, Partition } from '../group/group.js';
import { accessesOf } from '../program/accesses.js';
import type { Instruction, Storage, StorageOf, Unit } from '../program/ir.js';
import type { NodeView, ViewPlan } from '../views.js';
import { copyInstruction, fuseGroup } from './fused.js';
import { lowerKernel } from './kernels/kernels.js';
import { Operands } from './kernels/lowering.js';
import { isByPlane, maxPool } from './kernels/pools.js';

/** A unit whose reads and writes are those of its instructions. */
export function makeUnit(label: string, instructions: readonly Instruction[], invariant: boolean): Unit {
  const accesses = instructions.flatMap(accessesOf);
  const storages = (written: boolean): Storage[] => [
    ...new Set(accesses.filter(({ use }) => (use === 'write') === written).map(({ storage }) => storage)),
  ];
  return { label, instructions, reads: storages(false), writes: storages(true), invariant };
}

/** A copy of a view into a dense storage. */
export function copyUnit(
  label: string,
  source: NodeView,
  target: Storage,
  storageOf: StorageOf,
  invariant: boolean,
): Unit {
  const whole = { storage: target, offset: 0, strides: rowMajorStrides(source.shape) };
  return makeUnit(label, [copyInstruction(source, whole, storageOf)], invariant);
}

/** The units that compute every value of the graph that has memory of its own, unordered. */
export function lower(
  order: readonly Node[],
  groupOf: Partition,
  views: ViewPlan,
  storageOf: StorageOf,
  isInvariant: (node: Node) => boolean,
): Unit[] {
  const units: Unit[] = [];
  const done = new Set<Group>();
  const picked = pickedMaxima(order, views);
  const maxima = new Map([...picked].map(([gather, pool]) => [pool, gather]));
  for (const node of order) {
    const group = groupOf.get(node);
    const source = views.copies.get(node);
    if (group && !done.has(group)) {
      done.add(group);
      const members = [...group.members].sort((a, b) => a.id - b.id);
      const label = members.map((member) => member.op).join(' ');
      units.push(makeUnit(label, [fuseGroup(group, views, storageOf)], isInvariant(node)));
    } else if (source) {
      units.push(copyUnit(node.op, source, storageOf(node), storageOf, isInvariant(node)));
    } else if (isKernel(node) && !picked.has(node)) {
      const operands = new Operands(node, storageOf(node), views, storageOf);
      const gathered = maxima.get(node);
      const isPicked = gathered !== undefined && isOp(node, 'maxPoolIndices');
      const instructions = isPicked ? maxPool(node, operands, storageOf(gathered)) : lowerKernel(node, operands);
      units.push(makeUnit(isPicked ? `${node.op} ${gathered.op}` : node.op, instructions, isInvariant(node)));
    }
  }
  return units;
}

/** The gathers of what max pooling finds, from the planes in which it finds it, with the pooling; one for each. */
function pickedMaxima(order: readonly Node[], views: ViewPlan): Map<Node, Node> {
  const found = new Set<Node>();
  const picked = new Map<Node, Node>();
  for (const node of order) {
    if (!isOp(node, 'gatherElements')) continue;
    const [x, indices] = node.inputs as [Node, Node];
    const pool = views.viewOf(indices).base;
    if (!isOp(pool, 'maxPoolIndices') || found.has(pool)) continue;
    if (!isByPlane(pool, elementCount(node.shape.slice(0, -1)), x.shape.at(-1) as number)) continue;
    if (views.viewOf(x).base !== views.viewOf(pool.inputs[0] as Node).base) continue;
    found.add(pool);
    picked.set(node, pool);
  }
  return picked;
}
