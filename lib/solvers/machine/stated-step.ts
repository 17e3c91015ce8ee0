import type { CompiledProgram, CompileOptions, ProgramSpec } from '../../compile/index.js';
import type { Device } from '../../engine/index.js';
import type { Tensor } from '../../tensor.js';
import { StepProgram, type StepRunOptions } from './step-program.js';

/** What is stated first and compiled later, here or in another thread. */
export interface Stated {
  readonly name: string;
  /** What is to be compiled. */
  readonly step: ProgramSpec;
  readonly compileOptions: CompileOptions;
  /** Gives it the program that its step was compiled to, after which it can run. */
  load(device: Device, compiled: CompiledProgram): void;
}

/** A step that needs nothing but tensors. */
export class StatedStep implements Stated, Disposable {
  readonly name: string;
  readonly step: ProgramSpec;
  readonly compileOptions: CompileOptions;
  #loaded: StepProgram | undefined;

  constructor(name: string, step: ProgramSpec, compileOptions: CompileOptions = {}) {
    this.name = name;
    this.step = step;
    this.compileOptions = compileOptions;
  }

  load(device: Device, compiled: CompiledProgram): void {
    this.#loaded = new StepProgram(device, this.step, compiled);
  }

  /** @throws as StepProgram's; RangeError before it has been loaded */
  async run(sources: readonly Readonly<Record<string, Tensor>>[], options: StepRunOptions = {}): Promise<void> {
    await this.#program.run(sources, options);
  }

  /** The elements that the last run put out under a name, repetition after repetition. */
  output(name: string): readonly number[] {
    return this.#program.output(name)?.toArray() ?? [];
  }

  get #program(): StepProgram {
    if (this.#loaded === undefined) throw new RangeError(`The step ${this.name} has not been compiled.`);
    return this.#loaded;
  }

  [Symbol.dispose](): void {
    this.#loaded?.[Symbol.dispose]();
  }
}
