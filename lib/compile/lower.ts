import type { Node } from '../graph/node.js';
import { classOf } from './classes.js';
import { copyInstruction, fuseGroup, type StorageOf } from './fused.js';
import type { Group, Partition } from './group.js';
import type { Instruction, Storage, Unit } from './ir.js';
import { lowerKernel } from './kernels.js';
import { type NodeView, rowMajorStrides, type ViewPlan } from './views.js';

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
    const written = buffers[writtenBuffer(instruction.opcode, buffers.length)] as Storage;
    for (const buffer of buffers) (buffer === written ? writes : reads).add(buffer);
  }
  return { label, instructions, reads: [...reads], writes: [...writes], invariant };
}

/** Which buffer an instruction writes: the last, but for the gradients that write x or w. */
function writtenBuffer(opcode: string, count: number): number {
  if (opcode === 'convInputGradient' || opcode === 'averagePoolGradient') return 0;
  return opcode === 'convFilterGradient' ? 1 : count - 1;
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
    } else if (classOf(node.op) === 'kernel') {
      units.push(makeUnit(node.op, lowerKernel(node, storageOf(node), views, storageOf), isInvariant(node)));
    }
  }
  return units;
}
