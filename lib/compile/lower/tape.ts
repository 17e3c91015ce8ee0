import type { OutputMode, TapeOp } from '../../encoded.js';
import { isOp, type Node } from '../../graph/node.js';
import type { Shape } from '../../tensor.js';
import type { Group } from '../group/group.js';
import type { FusedInstruction, StorageOf, StorageView, TapeStep } from '../program/ir.js';
import { broadcastView, type NodeView, type ViewPlan } from '../views.js';

export function located(view: NodeView, storageOf: StorageOf): StorageView {
  return { storage: storageOf(view.base), offset: view.offset, strides: view.strides };
}

/** A value on the tape before registers are numbered: an operand, or the result of a step. */
type Value = { readonly operand: StorageView } | { readonly step: SymbolicStep };

interface SymbolicStep {
  readonly op: TapeOp;
  readonly operands: readonly Value[];
  readonly immediate: number;
}

export interface TapeOutput {
  readonly mode: OutputMode;
  readonly value: Value;
  readonly view: StorageView;
}

/** What a pass reads and does with it, written down as values are asked for. */
export class Tape {
  readonly steps: SymbolicStep[] = [];
  readonly #group: Group;
  readonly #views: ViewPlan;
  readonly #storageOf: StorageOf;
  readonly #values = new Map<Node, Value>();
  readonly #operands = new Map<string, { readonly operand: StorageView }>();

  constructor(group: Group, views: ViewPlan, storageOf: StorageOf) {
    this.#group = group;
    this.#views = views;
    this.#storageOf = storageOf;
  }

  get operands(): readonly StorageView[] {
    return Array.from(this.#operands.values(), ({ operand }) => operand);
  }

  valueOf(node: Node): Value {
    const known = this.#values.get(node);
    if (known) return known;
    const value = this.#group.members.has(node) ? this.#compute(node) : this.#read(node);
    this.#values.set(node, value);
    return value;
  }

  #compute(node: Node): Value {
    const inputs = node.inputs.map((input) => this.valueOf(input));
    if (!isOp(node, 'cast')) return this.#push(node.op as TapeOp, inputs);
    const conversion = conversionOf(node);
    return conversion ? this.#push(conversion, inputs) : (inputs[0] as Value);
  }

  #read(node: Node): Value {
    const view = broadcastView(this.#views.viewOf(node), this.#group.shape);
    const { base } = view;
    const isImmediate = base.dtype === 'float32' || base.dtype === 'bool';
    if (isImmediate && isOp(base, 'constant') && base.attributes.data.length === 1) {
      return this.#push('constant', [], base.attributes.data[0]);
    }
    const key = `${base.id} ${view.offset} ${view.strides}`;
    const operand = this.#operands.get(key) ?? { operand: located(view, this.#storageOf) };
    this.#operands.set(key, operand);
    return operand;
  }

  #push(op: TapeOp, operands: readonly Value[], immediate = 0): Value {
    const step = { op, operands, immediate };
    this.steps.push(step);
    return { step };
  }
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

/**
 * The instruction that carries out a tape, whose values get registers: those of operands first, others as they are
 * free.
 */
export function numberRegisters(
  { operands, steps }: Tape,
  shape: Shape,
  outputs: readonly TapeOutput[],
): FusedInstruction {
  const register = new Map<StorageView | SymbolicStep, number>();
  const keyOf = (value: Value): StorageView | SymbolicStep => ('operand' in value ? value.operand : value.step);
  for (const [index, operand] of operands.entries()) register.set(operand, index);

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
    operands,
    tape,
    outputs: outputs.map(({ mode, value, view }) => ({ mode, register: register.get(keyOf(value)) as number, view })),
  };
}
