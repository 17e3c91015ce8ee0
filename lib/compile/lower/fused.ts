import type { OutputMode, TapeOp } from '../../encoded.js';
import { isOp, type Node } from '../../graph/node.js';
import { elementCount, type Shape } from '../../tensor.js';
import type { Group } from '../group/group.js';
import type { FusedInstruction, Storage, StorageView, TapeStep } from '../program/ir.js';
import { broadcastView, type NodeView, rowMajorStrides, type ViewPlan } from '../views.js';

/** Where the elements of each materialised value are. */
export type StorageOf = (base: Node) => Storage;

function located(view: NodeView, storageOf: StorageOf): StorageView {
  return { storage: storageOf(view.base), offset: view.offset, strides: view.strides };
}

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

/** A value on the tape before registers are numbered: an operand, or the result of a step. */
type Value = { readonly operand: StorageView } | { readonly step: SymbolicStep };
interface SymbolicStep {
  readonly op: TapeOp;
  readonly operands: readonly Value[];
  readonly immediate: number;
}

/** The instruction that computes the outputs of a group in one pass. */
export function fuseGroup(group: Group, views: ViewPlan, storageOf: StorageOf): FusedInstruction {
  const { shape } = group;
  const axes = group.axes ?? [];
  const values = new Map<Node, Value>();
  const operands = new Map<string, { readonly operand: StorageView }>();
  const steps: SymbolicStep[] = [];

  const operandOf = (node: Node): Value => {
    const view = broadcastView(views.viewOf(node), shape);
    const { base } = view;
    if (
      isOp(base, 'constant') &&
      base.attributes.data.length === 1 &&
      (base.dtype === 'float32' || base.dtype === 'bool')
    ) {
      return push('constant', [], base.attributes.data[0]);
    }
    const key = `${base.id} ${view.offset} ${view.strides}`;
    const operand = operands.get(key) ?? { operand: located(view, storageOf) };
    operands.set(key, operand);
    return operand;
  };
  const push = (op: TapeOp, inputs: readonly Value[], immediate = 0): Value => {
    const step = { op, operands: inputs, immediate };
    steps.push(step);
    return { step };
  };
  const registerOf = (node: Node): Value => {
    const known = values.get(node);
    if (known) return known;
    const value = group.members.has(node) ? compute(node) : operandOf(node);
    values.set(node, value);
    return value;
  };
  const compute = (node: Node): Value => {
    const inputs = node.inputs.map(registerOf);
    if (!isOp(node, 'cast')) return push(node.op as TapeOp, inputs);
    const conversion = conversionOf(node);
    return conversion ? push(conversion, inputs) : (inputs[0] as Value);
  };

  const outputs: { mode: OutputMode; value: Value; view: StorageView }[] = [];
  for (const node of group.outputs) {
    const isReduction = isOp(node, 'reduceSum') || isOp(node, 'reduceMax');
    const value = registerOf(isReduction ? (node.inputs[0] as Node) : node);
    const mode = !isReduction || axes.length === 0 ? 'store' : isOp(node, 'reduceSum') ? 'sum' : 'max';
    const kept = rowMajorStrides(node.shape);
    const strides = shape.map((_, axis) =>
      axes.includes(axis) ? 0 : (kept[axis - axes.filter((reducedAxis) => reducedAxis < axis).length] as number),
    );
    outputs.push({ mode, value, view: { storage: storageOf(node), offset: 0, strides } });
  }
  const ordered = orderDimensions(shape, axes);
  return collapse(permute(numberRegisters(shape, [...operands.values()], steps, outputs), ordered));
}

/** The conversion between register classes that a cast needs, or none when the register already holds the value. */
function conversionOf(cast: Node): TapeOp | undefined {
  const from = (cast.inputs[0] as Node).dtype;
  const to = cast.dtype;
  const isInteger = (dtype: string): boolean => dtype === 'int32' || dtype === 'int64';
  if (to === 'bool') return from === 'bool' ? undefined : 'toBool';
  if (isInteger(to)) return isInteger(from) ? undefined : 'toInteger';
  return isInteger(from) ? 'toFloat' : undefined;
}

function numberRegisters(
  shape: Shape,
  operands: readonly { readonly operand: StorageView }[],
  steps: readonly SymbolicStep[],
  outputs: readonly { mode: OutputMode; value: Value; view: StorageView }[],
): FusedInstruction {
  const register = new Map<StorageView | SymbolicStep, number>();
  const keyOf = (value: Value): StorageView | SymbolicStep => ('operand' in value ? value.operand : value.step);
  for (const [index, { operand }] of operands.entries()) register.set(operand, index);

  const lastUse = new Map<StorageView | SymbolicStep, number>();
  for (const [index, step] of steps.entries()) for (const value of step.operands) lastUse.set(keyOf(value), index);
  for (const { value } of outputs) lastUse.set(keyOf(value), steps.length);

  const free: number[] = [];
  let next = operands.length;
  const tape = steps.map((step, index): TapeStep => {
    const inputs = step.operands.map((value) => register.get(keyOf(value)) as number);
    const destination = free.pop() ?? next++;
    register.set(step, destination);
    for (const value of new Set(step.operands.map(keyOf))) {
      const isTemporary = (register.get(value) as number) >= operands.length;
      if (isTemporary && lastUse.get(value) === index) free.push(register.get(value) as number);
    }
    return { op: step.op, destination, operands: inputs, immediate: step.immediate };
  });
  return {
    opcode: 'fused',
    sizes: shape,
    outer: shape.length,
    reduced: 0,
    operands: operands.map(({ operand }) => operand),
    tape,
    outputs: outputs.map(({ mode, value, view }) => ({ mode, register: register.get(keyOf(value)) as number, view })),
  };
}

interface DimensionOrder {
  readonly order: readonly number[];
  readonly outer: number;
  readonly reduced: number;
}

/**
 * Kept dimensions first, reduced ones last, so that each result is one run; but when the innermost dimensions are kept they
 * stay innermost, so that memory is read in order and whole rows are added.
 */
function orderDimensions(shape: Shape, axes: readonly number[]): DimensionOrder {
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

function permute(instruction: FusedInstruction, { order, outer, reduced }: DimensionOrder): FusedInstruction {
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
 * Drops dimensions of size 1 and joins neighbours that every view walks as one. Views of an empty space start at 0: where
 * they would start need not exist.
 */
function collapse(instruction: FusedInstruction): FusedInstruction {
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
