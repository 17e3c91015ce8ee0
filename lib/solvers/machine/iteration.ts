import type { Evaluations } from '../../bilevel/index.js';
import { mean } from '../../numbers.js';
import type { Tensor } from '../../tensor.js';
import { checkFinite } from '../diagnosis/check.js';
import type { MethodBuilder } from './builder.js';
import type { Level } from './level.js';
import type { MethodState } from './method-state.js';
import type { Phase, PhaseDraws, RunPhase } from './phase.js';

/** An iteration in progress, as a method steers it. */
export interface Iteration {
  /** Iterations made before this one. */
  readonly index: number;
  /** What the iteration is called in messages. */
  readonly where: string;
  readonly state: MethodState;
  /**
   * Runs a phase as often as told, in one call of the engine. Its outputs are checked to be finite; those with standard
   * names go into the report. Nothing happens for 0 repetitions.
   * @throws NON_FINITE naming the output; ABORTED
   */
  run(phase: Phase, repetitions?: number): Promise<void>;
  /**
   * Draws another mini-batch for the phases that share one. Without it they share one that is drawn at their first run.
   */
  draw(): Promise<void>;
  /** Puts a level back where it starts, its optimizer included. */
  restart(level: Level): void;
  /** Begins a level's optimizer anew where the level is. */
  forget(level: Level): void;
  /** The present elements of a tensor of the state, for the report; none where the state has no such tensor. */
  read(name: string): Promise<readonly number[]>;
}

/** What the report of every method takes from outputs. */
export interface StandardValues {
  readonly f: number;
  readonly g: number;
  readonly lowerGradientNorm: number;
  readonly hypergradientNorm: number;
  /**
   * |b - A z| / |b| for the linear system A z = b of the method, grad_vv g z = grad_v f: where z solves it less well,
   * the hypergradient is the less exact. Only in reports of methods that solve one.
   */
  readonly linearResidual?: number;
}

/** Draws mini-batches: one for `same`, else one for each step. */
export type Draw = (
  wanted: ReadonlySet<string>,
  draws: PhaseDraws,
  steps: number,
  signal: AbortSignal | undefined,
) => Promise<Readonly<Record<string, Tensor>>>;

export class MethodIteration implements Iteration {
  readonly index: number;
  readonly where: string;
  readonly state: MethodState;
  readonly #builder: MethodBuilder;
  readonly #draw: Draw;
  readonly #arrays: Readonly<Record<string, Tensor>>;
  readonly #signal: AbortSignal | undefined;
  readonly #title: string;
  readonly #runPhase: RunPhase;
  #batch: Readonly<Record<string, Tensor>> | undefined;
  #undoable = true;
  /** The phases that put something out under a name last. */
  readonly #writers = new Map<string, Phase>();

  constructor(
    state: MethodState,
    signal: AbortSignal | undefined,
    parts: {
      builder: MethodBuilder;
      title: string;
      arrays: Readonly<Record<string, Tensor>>;
      draw: Draw;
      runPhase?: RunPhase;
    },
  ) {
    this.index = state.counters.iteration;
    this.where = `iteration ${this.index + 1} of ${parts.title}`;
    this.state = state;
    this.#signal = signal;
    this.#builder = parts.builder;
    this.#arrays = parts.arrays;
    this.#draw = parts.draw;
    this.#title = parts.title;
    this.#runPhase = parts.runPhase ?? ((phase, ...given) => phase.run(...given));
  }

  /** Whether the state can be put back: nothing that is too large to be copied has been changed. */
  get undoable(): boolean {
    return this.#undoable;
  }

  /** Values that the phases of this iteration have put out under the standard names. */
  get values(): StandardValues {
    return {
      f: mean(this.#standard('f')),
      g: mean(this.#standard('g')),
      lowerGradientNorm: mean(this.#standard('lowerGradient')),
      hypergradientNorm: mean(this.#standard('hypergradient')),
      ...(this.#writers.has('linearResidual') && { linearResidual: mean(this.#standard('linearResidual')) }),
    };
  }

  async run(phase: Phase, repetitions = 1): Promise<void> {
    if (repetitions === 0) return;
    const { state } = this;
    const changesUncopied = phase.changes.some((name) => this.#builder.uncopied.has(name));
    // A single repetition either happens or does not, so it may be stopped; several that cannot be undone may not.
    const stoppable = this.#undoable && (repetitions === 1 || !changesUncopied);
    const signal = stoppable ? this.#signal : undefined;
    const batch = await this.#batchFor(phase, repetitions, signal);
    const dealt = this.#builder.dealt?.rowsOf(state) ?? {};
    const sources = [dealt, state.tensors, this.#builder.scratchTensors, batch, this.#arrays];
    await this.#runPhase(phase, state, sources, { steps: repetitions, signal });
    if (changesUncopied) this.#undoable = false;
    for (const { counter } of phase.levels) state.counters[counter] = (state.counters[counter] ?? 0) + repetitions;
    for (const kind of evaluationKinds) state.counters[kind] += repetitions * phase.evaluations[kind];
    for (const name of phase.outputs) {
      checkFinite(phase, name, repetitions, { title: this.#title, iteration: this.index + 1 });
      this.#writers.set(name, phase);
    }
  }

  async draw(signal: AbortSignal | undefined = this.#undoable ? this.#signal : undefined): Promise<void> {
    const wanted = this.#builder.phases.filter(({ draws }) => draws === 'same').flatMap(({ drawn }) => [...drawn]);
    this.#batch = await this.#draw(new Set(wanted), 'same', 1, signal);
  }

  restart(level: Level): void {
    level.restart(this.state.tensors, this.#builder.memory);
    this.state.counters[level.counter] = 0;
  }

  forget(level: Level): void {
    level.forget(this.state.tensors, this.#builder.memory);
    this.state.counters[level.counter] = 0;
  }

  async read(name: string): Promise<readonly number[]> {
    const tensor = this.state.tensors[name];
    if (tensor === undefined) return [];
    if (Object.hasOwn(this.#builder.dealt?.parts ?? {}, name)) await this.#builder.dealt?.gather(this.state);
    await this.#builder.memory.pull([tensor]);
    return tensor.toArray();
  }

  async #batchFor(
    { draws, drawn }: Phase,
    repetitions: number,
    signal: AbortSignal | undefined,
  ): Promise<Readonly<Record<string, Tensor>>> {
    if (drawn.size === 0) return {};
    if (draws !== 'same') return this.#draw(drawn, draws, repetitions, signal);
    if (this.#batch === undefined) await this.draw(signal);
    return this.#batch ?? {};
  }

  #standard(name: string): readonly number[] {
    const writer = this.#writers.get(name);
    if (writer === undefined) throw new RangeError(`No phase has put out ${name} in ${this.where}.`);
    return writer.output(name);
  }
}

export const evaluationKinds = [
  'fGradients',
  'gGradients',
  'hessianVectorProducts',
  'jacobianVectorProducts',
] as const satisfies readonly (keyof Evaluations)[];
