import type { CompiledProgram, ProgramCost, ProgramSpec } from '../../compile/index.js';
import type { Device, Program } from '../../engine/index.js';
import { Tensor } from '../../tensor.js';

export interface StepRunOptions {
  /** How often the step is repeated; 1 by default. */
  readonly steps?: number;
  readonly signal?: AbortSignal | undefined;
}

type Tensors = Readonly<Record<string, Tensor>>;

/** Tensors of one number of repetitions: those for the outputs, and what a run is bound to, to be filled in again. */
interface Bound {
  readonly stepOutputs: Tensors;
  readonly bindings: Record<string, Tensor>;
}

/** A compiled step that is repeated by the engine, with tensors of its own for what it puts out. */
export class StepProgram implements Disposable {
  /** Instructions, memory and floating-point operations. */
  readonly cost: ProgramCost;
  /** Names of the inputs that the compiled step reads or writes. */
  readonly inputs: readonly string[];
  readonly #program: Program;
  readonly #spec: ProgramSpec;
  readonly #outputs: Tensors;
  readonly #bound = new Map<number, Bound>();
  /** Outputs of every step of the last run. */
  #lastStepOutputs: Tensors = {};

  /** @param compiled what `spec` was compiled to */
  constructor(device: Device, spec: ProgramSpec, compiled: CompiledProgram) {
    const { outputs = {}, perStepOutputs = {} } = spec;
    this.#program = device.load(compiled);
    this.#spec = spec;
    this.cost = compiled.cost;
    this.#outputs = zeros(outputs, []);
    this.inputs = compiled.bindings
      .map(({ name }) => name)
      .filter((name) => !Object.hasOwn(outputs, name) && !Object.hasOwn(perStepOutputs, name));
  }

  /**
   * Runs on the tensors that bear the names of its inputs, which are looked for in one record after the other.
   * @throws what the engine throws; ABORTED when stopped
   */
  async run(sources: readonly Tensors[], { steps = 1, signal }: StepRunOptions = {}): Promise<void> {
    const { stepOutputs, bindings } = this.#boundFor(steps);
    this.#lastStepOutputs = stepOutputs;
    for (const name of this.inputs) {
      const tensor = findTensor(sources, name);
      if (tensor === undefined) delete bindings[name];
      else bindings[name] = tensor;
    }
    await this.#program.run(bindings, signal === undefined ? { steps } : { steps, signal });
  }

  /** Where the last run wrote an output, with a leading axis where it is one of every step. */
  output(name: string): Tensor | undefined {
    return this.#outputs[name] ?? this.#lastStepOutputs[name];
  }

  [Symbol.dispose](): void {
    this.#program.dispose();
  }

  #boundFor(steps: number): Bound {
    const known = this.#bound.get(steps);
    if (known !== undefined) return known;
    const stepOutputs = zeros(this.#spec.perStepOutputs ?? {}, [steps]);
    const made = { stepOutputs, bindings: { ...this.#outputs, ...stepOutputs } };
    this.#bound.set(steps, made);
    return made;
  }
}

/** The tensor of a name in the first record that has one. */
export function findTensor(sources: readonly Tensors[], name: string): Tensor | undefined {
  for (const source of sources) {
    if (Object.hasOwn(source, name)) return source[name];
  }
  return undefined;
}

function zeros(outputs: NonNullable<ProgramSpec['outputs']>, leading: readonly number[]): Tensors {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { shape, dtype }]) => [name, Tensor.zeros([...leading, ...shape], dtype)]),
  );
}
