import type { DeviceMemory } from '../../engine/index.js';
import type { Node } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';
import type { Phase } from '../machine/phase.js';
import type { StepRunOptions } from '../machine/step-program.js';
import type { SolverState } from '../state.js';
import { findNonFinite } from './trace.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** A value that a repetition of a phase makes and that is not finite. */
export interface Finding {
  readonly phase: Phase;
  /** Counted from 0. */
  readonly step: number;
  readonly steps: number;
  /** The output's name, or the binding that got the value. */
  readonly name: string;
  readonly value: number;
  /** What computes it. */
  readonly root: Node;
  /** What the phase read, by binding name; inputs that change from step to step with a leading axis of 1. */
  readonly tensors: Tensors;
}

/**
 * Runs a phase one repetition after the other and hands over what is not finite, with what it was computed of. An
 * update is looked at where its tensor was finite before.
 */
export async function* stepwise(
  phase: Phase,
  state: SolverState,
  sources: readonly Tensors[],
  { steps = 1, signal }: StepRunOptions,
  memory: DeviceMemory,
): AsyncGenerator<Finding, void, undefined> {
  const bind = phase.bind(state, sources, steps);
  const copies = new Map<string, Tensor>();
  for (let step = 0; step < steps; step++) {
    const tensors = bind(step);
    const changed = phase.changes.flatMap((name) => tensors[name] ?? []);
    await memory.pull(changed);
    for (const name of phase.changes) {
      const tensor = tensors[name];
      if (tensor === undefined) continue;
      const copy = copies.get(name) ?? Tensor.zeros(tensor.shape, tensor.dtype);
      copy.copyFrom(tensor);
      copies.set(name, copy);
    }
    await phase.runOnce(tensors, signal);
    await memory.pull(changed);
    const before = { ...tensors, ...Object.fromEntries(copies) };
    for (const { name, root, isUpdate } of phase.results) {
      const data = isUpdate ? tensors[name]?.data : phase.outputTensor(name)?.data;
      const position = data && findNonFinite(data);
      if (data === undefined || position === undefined) continue;
      const given = isUpdate ? before[name] : undefined;
      if (given !== undefined && findNonFinite(given.data) !== undefined) continue;
      yield { phase, step, steps, name, value: Number(data[position]), root, tensors: before };
    }
  }
}
