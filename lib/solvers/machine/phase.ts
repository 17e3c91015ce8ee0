import { types } from 'node:util';
import type { Evaluations } from '../../bilevel/index.js';
import type { CompiledProgram, CompileOptions, Parts, ProgramCost, ProgramSpec } from '../../compile/index.js';
import type { Device } from '../../engine/index.js';
import { isOp, type Node, topologicalOrder } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';
import type { SolverState } from '../state.js';
import type { HostInput } from './host-input.js';
import { inputName } from './input-name.js';
import type { Level, Update } from './level.js';
import type { Stated } from './stated-step.js';
import { findTensor, StepProgram, type StepRunOptions } from './step-program.js';

/** Runs a phase: as its own `run`, or one that looks closer. */
export type RunPhase = (
  phase: Phase,
  state: SolverState,
  sources: readonly Readonly<Record<string, Tensor>>[],
  options: StepRunOptions,
) => Promise<void>;

/** What one repetition of a phase computes; all new values come from the old ones. */
export interface PhaseSpec {
  readonly updates?: readonly Update[];
  /** float32 scalars, or one value per trial, checked to be finite; those of the last repetition count. */
  readonly outputs?: Readonly<Record<string, Node>>;
  /** As outputs, but every repetition's value is kept and checked. */
  readonly perStepOutputs?: Readonly<Record<string, Node>>;
}

/**
 * Which mini-batches a phase sees: `same` for the one that all such phases of an iteration share, `fresh` for a new one
 * in every repetition, `all` for those that all rows make, one after the other.
 */
export type PhaseDraws = 'same' | 'fresh' | 'all';

export interface PhaseParts extends PhaseSpec {
  readonly name: string;
  readonly draws: PhaseDraws;
  /** Whether an iteration runs it but once, so that nothing is worth being prepared for its repetitions. */
  readonly once: boolean;
  /** What one repetition evaluates. */
  readonly evaluations: Evaluations;
  /** Inputs that change with the mini-batch. */
  readonly drawn: readonly Node[];
  readonly hostInputs: readonly HostInput[];
  readonly levels: readonly Level[];
  /** What of its memory is dealt to ranks, when it is compiled; nothing by default. */
  readonly parts?: () => Parts;
}

/** Tensors for what the host computes. */
interface HostTensors {
  readonly byInput: readonly (readonly [HostInput, Tensor])[];
  readonly byName: Readonly<Record<string, Tensor>>;
}

/** A piece of an iteration: one compiled step that the engine repeats, and what goes into it. */
export class Phase implements Stated, Disposable {
  readonly name: string;
  readonly draws: PhaseDraws;
  readonly evaluations: Evaluations;
  /** Binding names of what it changes. */
  readonly changes: readonly string[];
  /** Binding names of what it needs of a mini-batch; empty when nothing has to be drawn for it. */
  readonly drawn: ReadonlySet<string>;
  /** The levels that it steps. */
  readonly levels: readonly Level[];
  /** Names of its outputs, those of every repetition included. */
  readonly outputs: readonly string[];
  /** What a repetition computes: outputs by their names, and new values of inputs by those of the bindings. */
  readonly results: readonly { readonly name: string; readonly root: Node; readonly isUpdate: boolean }[];
  /** Inputs that are bound to a row for each repetition. */
  readonly perStep: readonly Node[];
  /** What is to be compiled for it. */
  readonly step: ProgramSpec;
  readonly #compileOptions: () => CompileOptions;
  #loaded: StepProgram | undefined;
  readonly #everyStep: ReadonlySet<string>;
  readonly #hostInputs: readonly HostInput[];
  /** Names of all inputs of the graph, also of those that the compiled step can do without. */
  readonly #inputs: readonly string[];
  /** By the number of repetitions. */
  readonly #hostTensors = new Map<number, HostTensors>();

  constructor(parts: PhaseParts) {
    const { name, draws, evaluations, updates = [], outputs = {}, perStepOutputs = {} } = parts;
    this.name = name;
    this.draws = draws;
    this.evaluations = evaluations;
    const used = new Set(
      topologicalOrder([...updates.flat(), ...Object.values(outputs), ...Object.values(perStepOutputs)]),
    );
    const drawn = parts.drawn.filter((node) => used.has(node));
    this.#hostInputs = parts.hostInputs.filter(({ node }) => used.has(node));
    const perStep = this.#hostInputs.filter((given) => given.perStep).map(({ node }) => node);
    this.perStep = [...perStep, ...(draws === 'same' ? [] : drawn)];
    this.#inputs = [...used].filter((node) => isOp(node, 'input')).map(inputName);
    this.step = { updates, outputs, perStepOutputs, perStep: this.perStep };
    this.#compileOptions = () => ({ hoist: !parts.once, parts: parts.parts?.() ?? {} });
    this.#everyStep = new Set(Object.keys(perStepOutputs));
    this.outputs = [...Object.keys(outputs), ...Object.keys(perStepOutputs)];
    this.results = [
      ...Object.entries({ ...perStepOutputs, ...outputs }).map(([name, root]) => ({ name, root, isUpdate: false })),
      ...updates.map(([target, root]) => ({ name: inputName(target), root, isUpdate: true })),
    ];
    this.changes = updates.map(([target]) => inputName(target));
    this.drawn = new Set(drawn.map(inputName));
    const changed = new Set(this.changes);
    this.levels = parts.levels.filter(
      ({ stepSize, bindings }) => used.has(stepSize.node) && bindings.some((binding) => changed.has(binding)),
    );
  }

  get compileOptions(): CompileOptions {
    return this.#compileOptions();
  }

  /** Gives it the program that its step was compiled to, after which it can run. */
  load(device: Device, compiled: CompiledProgram): void {
    this.#loaded = new StepProgram(device, this.step, compiled);
  }

  get #program(): StepProgram {
    if (this.#loaded === undefined) throw new RangeError(`The phase ${this.name} has not been compiled.`);
    return this.#loaded;
  }

  get cost(): ProgramCost {
    return this.#program.cost;
  }

  /** Whether an output holds the values of every repetition. */
  keepsEveryStep(name: string): boolean {
    return this.#everyStep.has(name);
  }

  /** The elements that the last run put out under a name, repetition after repetition. */
  output(name: string): readonly number[] {
    return this.#program.output(name)?.toArray() ?? [];
  }

  /** The position of the first element of an output that is not finite; undefined when all are. */
  findNonFinite(name: string): number | undefined {
    const { data = [] } = this.#program.output(name) ?? {};
    for (let position = 0; position < data.length; position++) {
      if (!Number.isFinite(Number(data[position]))) return position;
    }
    return undefined;
  }

  /**
   * @param sources all other tensors that it needs, such as the state's, arrays and batches; the first with a name
   *   counts
   */
  async run(
    state: SolverState,
    sources: readonly Readonly<Record<string, Tensor>>[],
    { steps = 1, signal }: StepRunOptions,
  ): Promise<void> {
    const { byInput, byName } = this.#hostTensorsFor(steps);
    for (const [given, tensor] of byInput) write(given, tensor, state, steps);
    await this.#program.run([byName, ...sources], { steps, signal });
  }

  /** Where the last run wrote an output. */
  outputTensor(name: string): Tensor | undefined {
    return this.#program.output(name);
  }

  /**
   * As `run` binds its inputs, for one repetition at a time: what changes from one to the next has a leading axis of 1.
   */
  bind(
    state: SolverState,
    sources: readonly Readonly<Record<string, Tensor>>[],
    steps: number,
  ): (step: number) => Readonly<Record<string, Tensor>> {
    const { byInput, byName } = this.#hostTensorsFor(steps);
    for (const [given, tensor] of byInput) write(given, tensor, state, steps);
    const rows = new Set(this.perStep.map(inputName));
    const bound = this.#inputs.flatMap((name): [string, Tensor][] => {
      const tensor = findTensor([byName, ...sources], name);
      return tensor === undefined ? [] : [[name, tensor]];
    });
    return (step) =>
      Object.fromEntries(bound.map(([name, tensor]) => [name, rows.has(name) ? rowOf(tensor, step) : tensor]));
  }

  /** One repetition on the tensors that `bind` gave for it. */
  async runOnce(tensors: Readonly<Record<string, Tensor>>, signal: AbortSignal | undefined): Promise<void> {
    await this.#program.run([tensors], { steps: 1, signal });
  }

  [Symbol.dispose](): void {
    this.#loaded?.[Symbol.dispose]();
  }

  #hostTensorsFor(steps: number): HostTensors {
    const known = this.#hostTensors.get(steps);
    if (known !== undefined) return known;
    const byInput = this.#hostInputs.map((given): [HostInput, Tensor] => {
      const { shape, dtype } = given.node;
      return [given, Tensor.zeros(given.perStep ? [steps, ...shape] : shape, dtype)];
    });
    const byName = Object.fromEntries(byInput.map(([{ node }, tensor]) => [inputName(node), tensor]));
    const made = { byInput, byName };
    this.#hostTensors.set(steps, made);
    return made;
  }
}

function write({ perStep, value }: HostInput, { data }: Tensor, state: SolverState, steps: number): void {
  if (types.isBigInt64Array(data)) throw new RangeError('The host gives float32 and int32 values to a step.');
  const repetitions = perStep ? steps : 1;
  const size = data.length / repetitions;
  for (let step = 0; step < repetitions; step++) {
    const values = value(state, step);
    if (typeof values === 'number') data.fill(values, step * size, (step + 1) * size);
    else data.set(values, step * size);
  }
}

/** A copy of one row, with a leading axis of 1. */
function rowOf({ dtype, shape: [, ...shape], data }: Tensor, row: number): Tensor {
  const made = Tensor.zeros([1, ...shape], dtype);
  const size = made.data.length;
  (made.data as { set(values: unknown): void }).set(data.subarray(row * size, (row + 1) * size));
  return made;
}
