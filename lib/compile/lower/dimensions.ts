import { elementCount, type Shape } from '../../tensor.js';
import type { FusedInstruction, StorageView } from '../program/ir.js';

interface DimensionOrder {
  readonly order: readonly number[];
  readonly outer: number;
  readonly reduced: number;
}

/**
 * Kept dimensions first, reduced ones last, so that each result is one run; but when the innermost dimensions are kept
 * they stay innermost, so that memory is read in order and whole rows are added.
 */
export function orderDimensions(shape: Shape, axes: readonly number[]): DimensionOrder {
  const all = shape.map((_, axis) => axis);
  if (axes.length === 0) return { order: all, outer: shape.length, reduced: 0 };
  const lastReduced = Math.max(...axes.filter((axis) => shape[axis] !== 1), -1);
  const innerStart = lastReduced + 1;
  const inner = elementCount(shape.slice(innerStart)) > 1 ? all.slice(innerStart) : [];
  const outer = all.filter((axis) => !axes.includes(axis) && !inner.includes(axis));
  const reduced = axes.filter((axis) => !inner.includes(axis));
  const skipped = inner.filter((axis) => axes.includes(axis));
  // Reduced axes of size 1 behind the last real one add nothing: they are counted among the reduced.
  const kept = inner.filter((axis) => !axes.includes(axis));
  return {
    order: [...outer, ...reduced, ...skipped, ...kept],
    outer: outer.length,
    reduced: reduced.length + skipped.length,
  };
}

/** The instruction with its dimensions in another order. */
export function permute(instruction: FusedInstruction, { order, outer, reduced }: DimensionOrder): FusedInstruction {
  const view = (v: StorageView): StorageView => ({ ...v, strides: order.map((axis) => v.strides[axis] as number) });
  return {
    ...instruction,
    sizes: order.map((axis) => instruction.sizes[axis] as number),
    outer,
    reduced,
    operands: instruction.operands.map(view),
    outputs: instruction.outputs.map((output) => ({ ...output, view: view(output.view) })),
  };
}

/**
 * Drops dimensions of size 1 and joins neighbours that every view walks as one. Views of an empty space start at 0:
 * where they would start need not exist.
 */
export function collapse(instruction: FusedInstruction): FusedInstruction {
  const { sizes, outer, reduced } = instruction;
  const all = [...instruction.operands, ...instruction.outputs.map((output) => output.view)];
  const kindOf = (axis: number): number => (axis < outer ? 0 : axis < outer + reduced ? 1 : 2);
  const groups: { axes: number[]; kind: number }[] = [];
  for (const [axis, size] of sizes.entries()) {
    if (size === 1) continue;
    const last = groups.at(-1);
    const previous = last?.axes.at(-1);
    const joins =
      last !== undefined &&
      previous !== undefined &&
      last.kind === kindOf(axis) &&
      all.every((view) => view.strides[previous] === (view.strides[axis] as number) * size);
    if (joins) last.axes.push(axis);
    else groups.push({ axes: [axis], kind: kindOf(axis) });
  }
  const isEmpty = sizes.includes(0);
  const view = (v: StorageView): StorageView => ({
    storage: v.storage,
    offset: isEmpty ? 0 : v.offset,
    strides: groups.map((group) => v.strides[group.axes.at(-1) as number] as number),
  });
  const reducedCount = groups.filter((group) => group.kind === 1).length;
  return {
    ...instruction,
    sizes: groups.map((group) => group.axes.reduce((product, axis) => product * (sizes[axis] as number), 1)),
    // Without a reduced dimension all kept ones are outer.
    outer: reducedCount === 0 ? groups.length : groups.filter((group) => group.kind === 0).length,
    reduced: reducedCount,
    operands: instruction.operands.map(view),
    outputs: instruction.outputs.map((output) => ({
      ...output,
      mode: reducedCount === 0 ? 'store' : output.mode,
      view: view(output.view),
    })),
  };
}
