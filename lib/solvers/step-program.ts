import { compile, type ProgramCost, type ProgramSpec } from '../compile/index.js';
import type { Device, Program } from '../engine/index.js';
import { Tensor } from '../tensor.js';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A compiled step that is run `steps` times per call, with tensors of its own for what it puts out. */
export class StepProgram {
  /** Instructions, memory and floating-point operations. */
  readonly cost: ProgramCost;
  readonly #program: Program;
  readonly #steps: number;
  readonly #inputs: readonly string[];
  readonly #outputs: Readonly<Record<string, Tensor>>;

  constructor(device: Device, spec: ProgramSpec, steps = 1) {
    const { outputs = {}, perStepOutputs = {} } = spec;
    const compiled = compile(spec);
    this.#program = device.load(compiled);
    this.cost = compiled.cost;
    this.#steps = steps;
    this.#outputs = Object.fromEntries([
      ...Object.entries(outputs).map(([name, { shape, dtype }]) => [name, Tensor.zeros(shape, dtype)]),
      ...Object.entries(perStepOutputs).map(([name, { shape, dtype }]) => [
        name,
        Tensor.zeros([steps, ...shape], dtype),
      ]),
    ]);
    this.#inputs = compiled.bindings.map(({ name }) => name).filter((name) => !Object.hasOwn(this.#outputs, name));
  }

  /** Runs on the tensors of these names among `tensors`. @throws what the engine throws; ABORTED when stopped */
  async run(tensors: Readonly<Record<string, Tensor>>, { signal }: RunOptions = {}): Promise<void> {
    const bindings: Record<string, Tensor> = { ...this.#outputs };
    for (const name of this.#inputs) {
      const tensor = tensors[name];
      if (tensor !== undefined) bindings[name] = tensor;
    }
    await this.#program.run(bindings, { steps: this.#steps, ...(signal && { signal }) });
  }

  /** The elements that the last run wrote for an output. */
  output(name: string): readonly number[] {
    return this.#outputs[name]?.toArray() ?? [];
  }

  /** The scalar that the last run wrote for an output. */
  scalar(name: string): number {
    return this.output(name)[0] ?? Number.NaN;
  }

  dispose(): void {
    this.#program.dispose();
  }
}
