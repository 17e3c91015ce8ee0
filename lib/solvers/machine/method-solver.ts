import { type BilevelProblem, type Evaluations, endAt, type Variable } from '../../bilevel/index.js';
import { optionsFor, type ProgramCost } from '../../compile/index.js';
import { invalidArgument } from '../../errors.js';
import type { Options, OptionTable } from '../../options.js';
import type { Tensor } from '../../tensor.js';
import type { Surroundings } from '../diagnosis/explain.js';
import { NonFiniteError } from '../diagnosis/non-finite.js';
import { beyondUndo, search } from '../diagnosis/search.js';
import type { TooFast } from '../diagnosis/too-fast.js';
import { LargestCurvature } from '../parts/largest-curvature.js';
import { type ResponseReport, Watch } from '../response/watch.js';
import { type CreateOptions, type MethodResources, Solver, type StepReport } from '../solver.js';
import { type Configuration, SolverState, type VariableNames } from '../state.js';
import { MethodBuilder, noEvaluations } from './builder.js';
import { configurationOf } from './configuration.js';
import type { MethodDefinition } from './definition.js';
import { evaluationKinds, type Iteration, MethodIteration, type StandardValues } from './iteration.js';
import type { MethodCounter, MethodState } from './method-state.js';
import type { RunPhase } from './phase.js';
import { Plateaus } from './plateaus.js';
import type { Stated } from './stated-step.js';

/**
 * What every method reports. f and the hypergradient's norm are those of the iteration's last step of u, where it was
 * made from; g and |grad_v g| are those that the iteration evaluated last. With trials each number is the mean over
 * them.
 */
export interface StandardReport extends StepReport, StandardValues {
  /** Evaluations since the start, each on one mini-batch. */
  readonly evaluations: Evaluations;
  /**
   * Elements of v at the ends of their box. There they do not answer to u, but a method that rests on grad_v g = 0
   * takes them for free: its hypergradient is wrong when this is not 0. Only in reports of such methods on such
   * problems.
   */
  readonly lowerAtEnds?: number;
}

/** What a method reports: Q is what it adds. */
export type MethodReport<Q extends object = object> = StandardReport & Q;

/** Sizes of what a method holds in memory, in bytes. */
export interface MemoryUse {
  /** What a state holds: variables, optimizer slots and the method's own vectors. */
  readonly state: number;
  /** Trajectories and other tensors that the method keeps besides. */
  readonly scratch: number;
  /** Intermediate results of the phase that needs most of them. */
  readonly work: number;
}

/** Whether plain steps on g stay below 1 over its largest curvature. */
export const limitsRates = (options: object): boolean => 'limitRates' in options && options.limitRates === true;

type MethodSolverParts<T extends OptionTable, Q extends object> = readonly [
  definition: MethodDefinition<T, Q>,
  problem: BilevelProblem,
  options: Options<T>,
  resources: MethodResources,
];

/** Runs a method: binds the phases that it is written in to a state, and counts, checks and reports what they do. */
export class MethodSolver<
  V extends object = object,
  Q extends object = object,
  N extends VariableNames = VariableNames,
> extends Solver<MethodCounter, MethodReport<Q>, N> {
  readonly problem: BilevelProblem;
  readonly options: V;
  readonly configuration: Configuration;
  /** Whether v starts at the upper variables of the same names in every iteration. */
  readonly startsAtUpper: boolean;
  readonly #title: string;
  readonly #blocks: boolean;
  readonly #builder: MethodBuilder;
  readonly #iterate: (iteration: Iteration) => Promise<Q>;
  readonly #watch: Watch | undefined;
  readonly #plateaus: Plateaus;
  /** What limits rates, or is made when the cause of a divergence is looked for. */
  #curvature: LargestCurvature | undefined;
  /** Lower variables with a box, when the method takes all elements for free. */
  readonly #boxed: readonly Variable[];
  /** What the phases change, except for what is too large to be copied before every iteration. */
  readonly #restorable: readonly string[];

  /** A solver, compiled on this thread. */
  static make<T extends OptionTable, Q extends object, N extends VariableNames>(
    ...given: MethodSolverParts<T, Q>
  ): MethodSolver<Options<T>, Q, N> {
    return new MethodSolver<Options<T>, Q, N>(...(given as MethodSolverParts<OptionTable, Q>)).compile();
  }

  /** A solver, compiled on another thread. */
  static create<T extends OptionTable, Q extends object, N extends VariableNames>(
    course: Pick<CreateOptions, 'signal' | 'onProgress'>,
    ...given: MethodSolverParts<T, Q>
  ): Promise<MethodSolver<Options<T>, Q, N>> {
    return new MethodSolver<Options<T>, Q, N>(...(given as MethodSolverParts<OptionTable, Q>)).compileInBackground(
      course,
    );
  }

  private constructor(...[definition, problem, options, resources]: MethodSolverParts<OptionTable, Q>) {
    const { evaluateEvery, patience, response, ...others } = resources;
    super(problem, others);
    this.problem = problem;
    this.options = options as V;
    this.startsAtUpper = definition.startsAtUpper ?? false;
    this.#title = definition.title;
    this.#boxed = definition.interior ? problem.lower.filter(({ set }) => set?.ends !== undefined) : [];
    this.#blocks = definition.blocks ?? false;
    const ways = { rows: definition.rows ?? false, limitsRates: limitsRates(options) };
    const reported = ['f', 'g', 'lowerGradientNorm', 'hypergradientNorm'] as const;
    this.#plateaus = new Plateaus(options, evaluateEvery === undefined ? reported : ['response', ...reported]);
    this.#builder = this.own(new MethodBuilder(problem, this.device.memory, ways));
    try {
      if (ways.limitsRates) this.#curvature = new LargestCurvature(this.#builder);
      const iterate = definition.build(this.#builder, options);
      this.#iterate = async (iteration) => {
        if (ways.limitsRates && iteration.index === 0) await this.#curvature?.measure(iteration);
        return iterate(iteration);
      };
      const watched = { evaluateEvery, patience, response };
      this.#watch = Watch.of(problem, this.device, watched, this.#plateaus.followResponse);
    } catch (error) {
      this.dispose();
      throw error;
    }
    const { ranks, target } = optionsFor(this.device);
    // Rows of a tensor have no place of their own where a device has memory of its own.
    if (ranks !== undefined && ranks.size > 1 && this.device.info().kind === 'cpu')
      this.#builder.deal({ ranks, target });
    this.#builder.compileLate = (phase) => this.compileStep(phase);
    const { phases, uncopied } = this.#builder;
    const changed = new Set(phases.flatMap(({ changes }) => changes));
    this.#restorable = [...changed].filter((name) => !uncopied.has(name));
    const configuration = configurationOf(definition.name, definition.options, options, problem);
    this.configuration = { ...configuration, ...this.#watch?.configuration };
    if (this.#watch !== undefined) this.own(this.#watch);
  }

  protected override get steps(): readonly Stated[] {
    const { phases, dealt } = this.#builder;
    return [...phases, ...(dealt?.gathering === undefined ? [] : [dealt.gathering]), ...(this.#watch?.steps ?? [])];
  }

  /** Names of the phases that an iteration consists of. */
  get phases(): readonly string[] {
    return this.#builder.phases.map(({ name }) => name);
  }

  /** What one repetition of a phase costs. @throws INVALID_ARGUMENT for a phase that there is not */
  costOf(name: string): ProgramCost {
    const phase = this.#builder.phases.find((each) => each.name === name);
    if (phase === undefined) throw invalidArgument('name', `one of the phases ${this.phases.join(', ')}`, name);
    return phase.cost;
  }

  init(): MethodState<N> {
    const { initialTensors, levels, counters } = this.#builder;
    const own = [...levels.map(({ counter }) => counter), ...counters];
    const tensors = Object.assign({}, ...initialTensors.map((initial) => initial()));
    const watched = this.#watch?.initial(tensors);
    const followed = this.#plateaus.initial();
    const counted = { ...Object.fromEntries(own.map((name) => [name, 0])), ...watched?.counters, ...followed.counters };
    return this.fitting(
      new SolverState<MethodCounter, N>(
        { ...tensors, ...watched?.tensors, ...followed.tensors },
        this.batches.initialSamplers(this.#blocks),
        { iteration: 0, draws: 0, ...noEvaluations, ...counted },
      ),
    );
  }

  /** Bytes that a run holds on to, data and programs aside. */
  memoryOf(state: MethodState<N>): MemoryUse {
    const bytes = (tensors: Readonly<Record<string, Tensor>>): number =>
      Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
    return {
      state: bytes(state.tensors),
      scratch: bytes(this.#builder.scratchTensors),
      work: Math.max(...this.#builder.phases.map(({ cost }) => cost.arenaBytes)),
    };
  }

  protected async iterate(
    state: MethodState<N>,
    signal: AbortSignal | undefined,
  ): Promise<Omit<MethodReport<Q>, 'wallMs'>> {
    this.#watch?.show(state, false, (a, b) => this.exchange(a, b));
    const { counters } = state;
    if (this.#watch?.isPending(state)) await this.#take(state, await this.#judge(state, counters.iteration, signal));
    const iteration = this.#begin(state, signal);
    let response: ResponseReport | undefined;
    const work = async (): Promise<Q> => {
      const details = await this.#iterate(iteration);
      await this.#builder.dealt?.gather(state);
      response = await this.#judge(state, iteration.index + 1, signal).catch((error) => {
        // What cannot be undone has been done: the iteration stands, and its point is judged before the next one.
        if (iteration.undoable || !signal?.aborted) throw error;
        return undefined;
      });
      return details;
    };
    const details = await this.transaction(state, this.#restorable, work, () => iteration.undoable).catch((error) =>
      this.#explained(error, iteration.undoable, state, signal),
    );
    counters.iteration++;
    await this.#take(state, response, iteration.values);
    const evaluations = Object.fromEntries(evaluationKinds.map((kind) => [kind, counters[kind]]));
    const atEnds = this.#boxed.length > 0 && { lowerAtEnds: await this.#countAtEnds(state) };
    const judged = response !== undefined && { response };
    return {
      iteration: counters.iteration,
      ...iteration.values,
      evaluations,
      ...atEnds,
      ...details,
      ...judged,
    } as Omit<MethodReport<Q>, 'wallMs'>;
  }

  /** The response to u after so many iterations, if it is asked for. */
  async #judge(
    state: MethodState<N>,
    iteration: number,
    signal: AbortSignal | undefined,
  ): Promise<ResponseReport | undefined> {
    if (!this.#watch?.isDue(iteration)) return undefined;
    const response = await this.#watch.judge(state, signal);
    this.asideMs += response.wallMs;
    return response;
  }

  /** Keeps the point if it is the best, and lets schedules follow what is known of it. */
  async #take(
    state: MethodState<N>,
    response: ResponseReport | undefined,
    values?: Omit<StandardValues, 'linearResidual'>,
  ): Promise<void> {
    if (response !== undefined) await this.#watch?.keep(state, response);
    await this.#plateaus.observe(state, { ...values, response: response?.f }, this.device.memory);
  }

  protected override isOver(state: MethodState<N>): boolean {
    return this.#watch?.isOver(state) ?? false;
  }

  protected override async end(state: MethodState<N>): Promise<void> {
    if (this.#watch === undefined) return;
    await this.lend(state, async () => this.#watch?.show(state, true, (a, b) => this.exchange(a, b)));
  }

  async #countAtEnds({ v }: MethodState<N>): Promise<number> {
    await this.device.memory.pull(Object.values(v));
    let count = 0;
    for (const { name, set } of this.#boxed) {
      const { data = [] } = v[name as N['v']] ?? {};
      for (let position = 0; position < data.length; position++) {
        if (set?.ends?.some((end) => endAt(end, position) === data[position])) count++;
      }
    }
    return count;
  }

  /** An iteration from the state on. */
  #begin(state: MethodState<N>, signal: AbortSignal | undefined, runPhase?: RunPhase): MethodIteration {
    const { samplers, counters } = state;
    return new MethodIteration(state, signal, {
      title: this.#title,
      builder: this.#builder,
      ...(runPhase && { runPhase }),
      arrays: this.batches.arrays,
      draw: async (wanted, draws, steps, signal) => {
        const { batches } = this;
        const given = draws === 'fresh' ? { steps, signal } : { signal };
        const drawn =
          draws === 'all'
            ? batches.drawAll(counters.draws, wanted, steps)
            : await batches.draw(samplers, counters.draws, wanted, given);
        counters.draws += steps;
        return drawn;
      },
    });
  }

  /** The levels whose plain steps diverge where a run starts, at the rates of the present iteration. */
  async #tooFast(present: MethodState<N>, signal: AbortSignal | undefined): Promise<readonly TooFast[]> {
    const levels = this.#builder.levels.filter(({ bound }) => bound !== undefined);
    if (levels.length === 0 || limitsRates(this.options)) return [];
    this.#curvature ??= new LargestCurvature(this.#builder);
    const measured = this.#curvature;
    const state = this.init();
    state.counters.iteration = present.counters.iteration;
    return this.lend(state, async () => {
      const iteration = this.#begin(state, signal);
      const curvature = Math.max(...(await measured.measure(iteration)));
      const found: TooFast[] = [];
      for (const level of levels) {
        const stable = Math.min(...(await measured.boundsOf(level, iteration))) / level.largestFactor;
        const rates = level.stepSize.value(present, 0);
        const rate = typeof rates === 'number' ? rates : Math.max(...rates);
        const diverging = stable * (level.stability ?? Number.POSITIVE_INFINITY);
        if (rate > diverging) found.push({ level, rate, curvature, diverging, stable });
      }
      return found;
    });
  }

  /** @throws the error; with its cause if a value was not finite */
  async #explained(
    error: unknown,
    undoable: boolean,
    state: MethodState<N>,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    // Of what is dealt each rank would find another cause, or none.
    if (!(error instanceof NonFiniteError) || this.#builder.dealt !== undefined) throw error;
    const place = { title: this.#title, iteration: state.counters.iteration + 1 };
    const { levels, uncopied, problem } = this.#builder;
    const around: Surroundings = {
      device: this.device,
      feeds: problem.feeds,
      levels,
      tooFast: () => this.#tooFast(state, signal),
    };
    if (!undoable) throw await beyondUndo(error, place, state, around);
    return search(error, place, around, (runPhase) =>
      this.rehearse(state, this.#restorable, () =>
        this.#iterate(
          this.#begin(state, signal, async (phase, ...given) => {
            // The iteration had failed before it changed what cannot be put back.
            if (phase.changes.some((name) => uncopied.has(name))) throw error;
            await (this.#curvature?.has(phase) ? phase.run(...given) : runPhase(phase, ...given));
          }),
        ),
      ),
    );
  }
}
