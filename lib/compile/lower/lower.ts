import { isOp, type Node } from '../../graph/node.js';
import { elementCount } from '../../tensor.js';
import { classOf } from '../classes.js';
import type { Group, Partition } from '../group/group.js';
import type { Instruction, Storage, Unit } from '../program/ir.js';
import { type NodeView, rowMajorStrides, type ViewPlan } from '../views.js';
import { copyInstruction, fuseGroup, type StorageOf } from './fused.js';
import { isByPlane, lowerKernel, lowerMaxPool } from './kernels.js';

/** A unit whose reads and writes are those of its instructions. */
export function makeUnit(label: string, instructions: readonly Instruction[], invariant: boolean): Unit {
  const reads = new Set<Storage>();
  const writes = new Set<Storage>();
  for (const instruction of instructions) {
    if (instruction.opcode === 'fused') {
      for (const operand of instruction.operands) reads.add(operand.storage);
      for (const output of instruction.outputs) writes.add(output.view.storage);
      continue;
    }
    const buffers = instruction.words.filter((word) => typeof word !== 'number');
    const [first, end] = writtenBuffers(instruction.opcode, buffers.length);
    for (const [index, buffer] of buffers.entries()) (index >= first && index < end ? writes : reads).add(buffer);
  }
  return { label, instructions, reads: [...reads], writes: [...writes], invariant };
}

/** Which buffers an instruction writes, as a range: the last, but for two results and the gradients that write x or w. */
function writtenBuffers(opcode: string, count: number): readonly [first: number, end: number] {
  if (opcode === 'maxPool') return [count - 2, count];
  if (opcode === 'convInputGradient' || opcode === 'averagePoolGradient') return [0, 1];
  return opcode === 'convFilterGradient' ? [1, 2] : [count - 1, count];
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
    } else if (isOp(node, 'maxPoolIndices')) {
      const values = maxima.get(node);
      const storage = values ? storageOf(values) : unused(node);
      const label = values ? `${node.op} ${values.op}` : node.op;
      units.push(makeUnit(label, [lowerMaxPool(node, storage, views, storageOf)], isInvariant(node)));
    } else if (classOf(node.op) === 'kernel' && !picked.has(node)) {
      units.push(makeUnit(node.op, lowerKernel(node, storageOf(node), views, storageOf), isInvariant(node)));
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

/** Where the maxima go that nothing wants. */
function unused(pool: Node): Storage {
  return { dtype: 'float32', elementCount: elementCount(pool.shape), place: { kind: 'arena', offset: 0 } };
}
