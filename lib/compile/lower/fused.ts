import { isOp, type Node } from '../../graph/node.js';
import { rowMajorStrides } from '../../tensor.js';
import type { Group } from '../group/group.js';
import type { FusedInstruction, Storage, StorageOf, StorageView, TapeStep } from '../program/ir.js';
import type { NodeView, ViewPlan } from '../views.js';
import { collapse, orderDimensions, permute } from './dimensions.js';
import { located, numberRegisters, Tape, type TapeOutput } from './tape.js';

/** A copy of a view into elements of `target` given by strides over the view's shape. */
export function copyInstruction(source: NodeView, target: StorageView, storageOf: StorageOf): FusedInstruction {
  return collapse({
    opcode: 'fused',
    sizes: source.shape,
    outer: source.shape.length,
    reduced: 0,
    operands: [located(source, storageOf)],
    tape: [],
    outputs: [{ mode: 'store', register: 0, view: target }],
  });
}

/** Writes one value to every element of `target`. */
export function fillInstruction(value: number, target: Storage): FusedInstruction {
  const fill: TapeStep = { op: 'constant', destination: 0, operands: [], immediate: value };
  const toInteger: TapeStep = { op: 'toInteger', destination: 0, operands: [0], immediate: 0 };
  return {
    opcode: 'fused',
    sizes: [target.elementCount],
    outer: 1,
    reduced: 0,
    operands: [],
    tape: target.dtype === 'int32' || target.dtype === 'int64' ? [fill, toInteger] : [fill],
    outputs: [{ mode: 'store', register: 0, view: { storage: target, offset: 0, strides: [1] } }],
  };
}

/** The instruction that computes the outputs of a group in one pass. */
export function fuseGroup(group: Group, views: ViewPlan, storageOf: StorageOf): FusedInstruction {
  const { shape, axes = [] } = group;
  const tape = new Tape(group, views, storageOf);
  const outputs = Array.from(group.outputs, (node): TapeOutput => {
    const isReduction = isOp(node, 'reduceSum') || isOp(node, 'reduceMax');
    const value = tape.valueOf(isReduction ? (node.inputs[0] as Node) : node);
    const mode = !isReduction || axes.length === 0 ? 'store' : isOp(node, 'reduceSum') ? 'sum' : 'max';
    const kept = rowMajorStrides(node.shape);
    const strides = shape.map((_, axis) =>
      axes.includes(axis) ? 0 : (kept[axis - axes.filter((reducedAxis) => reducedAxis < axis).length] as number),
    );
    return { mode, value, view: { storage: storageOf(node), offset: 0, strides } };
  });
  return collapse(permute(numberRegisters(tape, shape, outputs), orderDimensions(shape, axes)));
}
