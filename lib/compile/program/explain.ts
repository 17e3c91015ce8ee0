import { invalidArgument, isRecord } from '../../errors.js';
import { printable } from '../../printable.js';
import { bytesPerElement, elementCount } from '../../tensor.js';
import type { MemoryPlan } from '../memory/arena.js';
import { touchedBytes, wordsOf } from './accesses.js';
import type { Instruction, MutableBinding, Storage, StorageView, Unit } from './ir.js';

/** What one instruction costs each time it runs. */
export interface InstructionCost {
  readonly section: 'prologue' | 'step';
  readonly opcode: string;
  /** The graph operations that the instruction computes. */
  readonly operations: string;
  /** Floating-point operations; a multiply-add counts as two. */
  readonly flops: number;
  /** Bytes read and written, each view counted once. */
  readonly bytes: number;
  readonly detail: string;
}

/** What was re-associated in a program, in floating-point operations of products. */
export interface Savings {
  /** Those that no step does any more: stepFlops + savedFlops are those of the step as it was stated. */
  readonly savedFlops: number;
  /** Those that are done once a run instead; negative when these are fewer too. */
  readonly hoistedFlops: number;
}

/** What a program needs, in bytes and floating-point operations. */
export interface ProgramCost extends Savings {
  readonly instructions: readonly InstructionCost[];
  readonly arenaBytes: number;
  /** The most bytes of the arena that are needed at one time; what `arenaBytes` is above it is lost between values. */
  readonly liveBytes: number;
  readonly bindingBytes: number;
  readonly prologueFlops: number;
  readonly stepFlops: number;
}

export function costOf(
  order: readonly Unit[],
  bindings: readonly MutableBinding[],
  memory: MemoryPlan,
  savings: Savings,
): ProgramCost {
  const instructions = [true, false].flatMap((invariant) =>
    order
      .filter((unit) => unit.invariant === invariant)
      .flatMap((unit) => unit.instructions.map((instruction) => instructionCost(unit, instruction))),
  );
  const flopsOf = (section: InstructionCost['section']): number =>
    instructions.reduce((sum, cost) => sum + (cost.section === section ? cost.flops : 0), 0);
  return {
    instructions,
    ...memory,
    bindingBytes: bindings.reduce((sum, { dtype, shape }) => sum + elementCount(shape) * bytesPerElement[dtype], 0),
    prologueFlops: flopsOf('prologue'),
    stepFlops: flopsOf('step'),
    ...savings,
  };
}

function instructionCost(unit: Unit, instruction: Instruction): InstructionCost {
  const section = unit.invariant ? 'prologue' : 'step';
  const common = { section, opcode: instruction.opcode, operations: unit.label } as const;
  if (instruction.opcode !== 'fused') {
    const detail = wordsOf(instruction).map((word) => (typeof word === 'number' ? word : place(word)));
    return { ...common, flops: instruction.flops, bytes: touchedBytes(instruction), detail: detail.join(' ') };
  }
  const count = elementCount(instruction.sizes);
  const touched = ({ storage, strides }: StorageView): number =>
    elementCount(instruction.sizes.filter((_, axis) => strides[axis] !== 0)) * bytesPerElement[storage.dtype];
  const views = [...instruction.operands, ...instruction.outputs.map((output) => output.view)];
  const reductions = instruction.outputs.filter((output) => output.mode !== 'store').length;
  const tape = instruction.tape.map(
    ({ op, destination, operands }) => `r${destination}=${op}(${operands.map((r) => `r${r}`)})`,
  );
  const operands = instruction.operands.map(({ storage }, index) => `r${index}=${place(storage)}`);
  const outputs = instruction.outputs.map(({ mode, register, view }) => `${place(view.storage)}=${mode}(r${register})`);
  return {
    ...common,
    flops: count * (instruction.tape.filter((step) => step.op !== 'constant').length + reductions),
    bytes: views.reduce((sum, view) => sum + touched(view), 0),
    detail: `[${instruction.sizes}] ${[...operands, ...tape, ...outputs].join(' ')}`,
  };
}

function place(storage: Storage): string {
  const { place: where } = storage;
  if (where.kind === 'binding') return printable(where.binding.name);
  return where.kind === 'arena' ? `@${where.offset}` : 'constant';
}

/**
 * A listing for people: one line an instruction, then the totals.
 * @throws INVALID_ARGUMENT for what is no cost
 * @param seconds what `Program.profile` measured over `steps` steps; adds the milliseconds of each instruction a time
 */
export function formatCost(cost: ProgramCost, seconds?: Float64Array, steps = 1): string {
  if (!isRecord(cost) || !Array.isArray(cost.instructions)) {
    throw invalidArgument('cost', 'the cost of a program that compile returned', cost);
  }
  const lines = cost.instructions.map((instruction, index) => {
    const numbers = [formatQuantity(instruction.flops, 'flop'), formatQuantity(instruction.bytes, 'B')];
    const times = instruction.section === 'step' ? steps : 1;
    if (seconds !== undefined) numbers.unshift(`${(((seconds[index] ?? 0) / times) * 1e3).toFixed(3)} ms`);
    const mark = instruction.section === 'prologue' ? 'once' : 'step';
    const columns = [
      String(index).padStart(4),
      mark,
      instruction.opcode.padEnd(18),
      ...numbers.map((n) => n.padStart(11)),
    ];
    return `${columns.join(' ')}  ${instruction.operations}\n          ${instruction.detail}`;
  });
  const totals = [
    `${cost.instructions.length} instructions, arena ${formatQuantity(cost.arenaBytes, 'B')}, needed at one time ${formatQuantity(cost.liveBytes, 'B')}`,
    `once a run ${formatQuantity(cost.prologueFlops, 'flop')}, each step ${formatQuantity(cost.stepFlops, 'flop')}`,
  ];
  const { savedFlops, hoistedFlops, stepFlops } = cost;
  if (savedFlops > 0) {
    const [before, after] = [stepFlops + savedFlops, stepFlops].map((flops) => formatQuantity(flops, 'flop'));
    const hoisted = hoistedFlops > 0 ? ` for ${formatQuantity(hoistedFlops, 'flop')} more once a run` : '';
    totals.push(`products re-associated: each step ${before} before, ${after} after${hoisted}`);
  }
  return [...lines, ...totals].join('\n');
}

/** `1.4 M`, `23.0 k`, `512`, with the unit behind the prefix. */
export function formatQuantity(value: number, unit = ''): string {
  const [scale, prefix] = value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, ''];
  return `${(value / scale).toFixed(scale === 1 ? 0 : 1)} ${prefix}${unit}`.trimEnd();
}
