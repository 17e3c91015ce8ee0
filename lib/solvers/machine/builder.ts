import {
  type BilevelProblem,
  dot,
  type Evaluations,
  type FeedInputs,
  isResident,
  norm,
  Oracles,
  type Variable,
  type Vector,
} from '../../bilevel/index.js';
import type { RankOf, Target } from '../../compile/index.js';
import { shuffled } from '../../data/samplers/shuffled.js';
import type { DeviceMemory } from '../../engine/index.js';
import { BilevelError } from '../../errors.js';
import { input, type Node } from '../../graph/index.js';
import { type OptimizerConstants, optimizers } from '../../optimizers/index.js';
import type { Schedule } from '../../schedules/index.js';
import { type DType, type Shape, Tensor } from '../../tensor.js';
import { type LevelSettings, movesOf } from '../parts/level-options.js';
import type { SolverState } from '../state.js';
import { DealtMemory } from './dealt-memory.js';
import type { HostInput } from './host-input.js';
import { inputName } from './input-name.js';
import { type Bound, Level, type Moves, type Rate, type SlotPlacement } from './level.js';
import { Phase, type PhaseDraws, type PhaseSpec } from './phase.js';
import { reducedBy } from './plateaus.js';
import { factsOf, type ProblemFacts } from './problem-facts.js';

export interface LevelParts {
  readonly optimizer: keyof typeof optimizers;
  readonly rate: Rate;
  /** Name of the option that the rate comes from. */
  readonly rateOption: string;
  /** Constants of the optimizers. */
  readonly settings: OptimizerConstants;
  readonly slots?: SlotPlacement;
  /** See LevelOptions. */
  readonly moves?: Moves;
  readonly bound?: Bound;
}

/** What a method changes of a level's usual form. */
export interface Changes {
  readonly rate?: Rate;
  /** More variables than the problem's own, such as slacks. */
  readonly variables?: readonly Variable[];
  /** Where v descends another cost than g; as on g by default, null where nothing tells it. */
  readonly bound?: Bound | null;
}

export interface VectorOptions {
  /** Where it starts: at this number, 0 by default, or where the level's variables do. */
  readonly from?: number | 'start';
}

/** What a phase tells for the report of every method. */
export interface Reported {
  readonly f?: Node;
  readonly g?: Node;
  /** grad_v g, of which the report has the length. */
  readonly lowerGradient?: Vector;
  /** The estimate of the hypergradient along which u moves, of which the report has the length. */
  readonly hypergradient?: Vector;
  /** See StandardValues. */
  readonly linearResidual?: Node;
}

/** A phase as methods write it. */
export interface MethodPhase extends PhaseSpec {
  readonly reports?: Reported;
}

export interface PhaseOptions {
  /** `same` by default. */
  readonly draws?: PhaseDraws;
  /** Whether an iteration runs it but once; false by default. */
  readonly once?: boolean;
  /** Of costs other than the problem's own, made by the method. */
  readonly oracles?: Oracles;
}

/**
 * What a method is written with: the levels, vectors and numbers that it keeps, and the phases of an iteration. All
 * graphs are over named inputs, which the solver binds to the tensors of a state.
 */
export class MethodBuilder implements Disposable {
  /** Where the device has tensors. */
  readonly memory: DeviceMemory;
  readonly problem: BilevelProblem;
  readonly facts: ProblemFacts;
  /** Upper and lower variables as the method sees them: of rows of samples the rows of the batch, or all of them. */
  readonly upperVariables: readonly Variable[];
  readonly lowerVariables: readonly Variable[];
  /** Costs and derivatives at the variables, uncounted: for what is built before the phases. */
  readonly oracles: Oracles;
  /**
   * 1 over the largest curvature of g in v where a run starts, per trial, kept in the state; undefined where rates are
   * not limited by it.
   */
  readonly rateLimit: Node | undefined;
  /** What a state starts with, by binding name. */
  readonly initialTensors: (() => Readonly<Record<string, Tensor>>)[] = [];
  /** Tensors that no iteration takes over from the one before, by binding name. */
  readonly scratchTensors: Record<string, Tensor> = {};
  /** Scratch whose first axis counts what has nothing to do with one another. */
  readonly stacked = new Set<string>();
  /** What each rank has only its part of; undefined where one process computes alone, and while the method is built. */
  dealt: DealtMemory | undefined;
  /** Counters of the state besides those that every method has. */
  readonly counters: string[] = [];
  readonly levels: Level[] = [];
  readonly phases: Phase[] = [];
  /** Compiles a phase that is written only when an iteration needs it. Undefined while the method is being built. */
  compileLate: ((phase: Phase) => void) | undefined;
  /** Bindings too large to be copied before an iteration. */
  readonly uncopied = new Set<string>();
  readonly #hostInputs: HostInput[] = [];
  readonly #kept: Disposable[] = [];

  /**
   * @param rows whether upper variables with a row per sample are moved by the rows of the batch alone
   * @param limitsRates whether plain steps on g stay below 1 over its largest curvature
   */
  constructor(
    problem: BilevelProblem,
    memory: DeviceMemory,
    { rows, limitsRates }: { readonly rows: boolean; readonly limitsRates: boolean },
  ) {
    this.problem = problem;
    this.memory = memory;
    this.facts = factsOf(problem);
    this.upperVariables = rows ? problem.upper : problem.upper.map(asWhole);
    this.lowerVariables = problem.lower;
    const values = (variables: readonly Variable[]): Vector => variables.map(({ value }) => value);
    const { f, g } = problem;
    this.oracles = new Oracles({ f, g, u: values(this.upperVariables), v: values(this.lowerVariables) });
    const perTrial = this.trials === undefined ? [] : [this.trials];
    this.rateLimit = limitsRates ? this.tensor('rateLimit', perTrial, () => Tensor.zeros(perTrial)) : undefined;
  }

  /** Number of independent trials; undefined for a plain problem. */
  get trials(): number | undefined {
    return this.problem.trials;
  }

  /** Both levels under the options that every method has. */
  pair(settings: LevelSettings): { readonly upper: Level; readonly lower: Level } {
    return { upper: this.upper(settings), lower: this.lower(settings) };
  }

  /** The upper variables under the method's options. */
  upper(settings: LevelSettings, { rate, variables = this.upperVariables }: Changes = {}): Level {
    const { upperOptimizer, upperLearningRate, slots = 'batch' } = settings;
    const parts = { optimizer: upperOptimizer, rate: rate ?? atIteration(upperLearningRate), settings, slots };
    const moves = movesOf(settings, 'upper');
    return this.level('u', variables, { ...parts, moves, rateOption: 'upperLearningRate' });
  }

  /** The lower variables under the method's options. */
  lower(settings: LevelSettings, { rate, variables = this.lowerVariables, bound = asOnG }: Changes = {}): Level {
    const { lowerOptimizer, lowerLearningRate } = settings;
    const parts = { optimizer: lowerOptimizer, rate: rate ?? atIteration(lowerLearningRate), settings };
    const moves = movesOf(settings, 'lower');
    return this.level('v', variables, { ...parts, moves, ...(bound && { bound }), rateOption: 'lowerLearningRate' });
  }

  /**
   * Variables of their own that move like a level's and start at zero, without sets: the solution of a linear system,
   * say.
   */
  auxiliary(name: string, like: readonly Variable[], parts: LevelParts, options: VectorOptions = {}): Level {
    const variables = like.map((variable): Variable => {
      const value = input(`${name}/${variable.name}`, variable.value.shape);
      const initial = startOf(variable, options);
      return { name: variable.name, initial, whole: value, value, index: undefined, set: undefined };
    });
    return this.level(name, variables, { bound: asOnG, ...parts });
  }

  level(
    name: string,
    variables: readonly Variable[],
    { optimizer, rate, rateOption, settings, moves, slots, bound }: LevelParts,
  ): Level {
    const { trials, rateLimit } = this;
    const level = new Level(name, variables, {
      optimizer: optimizers[optimizer](settings),
      rate,
      rateOption,
      moves,
      placement: slots ?? 'batch',
      trials,
      bound,
      rateLimit,
    });
    this.levels.push(level);
    this.initialTensors.push(() => level.initialTensors());
    this.#hostInputs.push(level.stepSize);
    for (const binding of level.rowBindings) this.uncopied.add(binding);
    return level;
  }

  /** A vector of a level's shapes that the state keeps, under the binding names `name/variable`. */
  vector(name: string, like: readonly Variable[], options: VectorOptions = {}): Vector {
    return like.map((variable) =>
      this.tensor(`${name}/${variable.name}`, variable.value.shape, () => startOf(variable, options)),
    );
  }

  /** A float32 tensor that the state keeps. */
  tensor(name: string, shape: Shape, initial: () => Tensor): Node {
    const node = input(name, shape);
    this.initialTensors.push(() => ({ [name]: initial() }));
    return node;
  }

  /** A number from 0 on that the host counts in the state, or with trials one for each: their names. */
  count(name: string): readonly string[] {
    const names = Array.from({ length: this.trials ?? 1 }, (_, trial) => `${name}.${trial}`);
    this.counters.push(...names);
    return names;
  }

  /** A tensor that is written and read within an iteration and is no part of the state. */
  scratch(name: string, shape: Shape, dtype: DType = 'float32'): Node {
    const tensor = Tensor.zeros(shape, dtype);
    this.scratchTensors[name] = tensor;
    this.#kept.push(this.memory.keep([tensor]));
    return input(name, shape, dtype);
  }

  /** Scratch for so many of a shape that have nothing to do with one another. */
  stack(name: string, count: number, shape: Shape): Node {
    this.stacked.add(name);
    return this.scratch(name, [count, ...shape]);
  }

  /** A vector of a level's shapes that is no part of the state. */
  scratchVector(name: string, like: readonly Variable[]): Vector {
    return like.map((variable) => this.scratch(`${name}/${variable.name}`, variable.value.shape));
  }

  /** A number that the host computes for every run of a phase; with `perTrial` one for each trial. */
  scalar(
    name: string,
    value: (state: SolverState) => number | readonly number[],
    { perTrial = false }: { readonly perTrial?: boolean } = {},
  ): Node {
    return this.hostInput(input(name, perTrial && this.trials !== undefined ? [this.trials] : []), false, value);
  }

  /** A number that the host computes for every repetition of a phase, counted from 0 in each run. */
  stepScalar(name: string, value: (state: SolverState, step: number) => number): Node {
    return this.hostInput(input(name, []), true, value);
  }

  /** An input that the host fills, for every run or for every repetition of a phase. */
  hostInput(node: Node, perStep: boolean, value: HostInput['value']): Node {
    this.#hostInputs.push({ node, perStep, value });
    return node;
  }

  /** <a, b>, per trial. */
  dot(a: Vector, b: Vector): Node {
    return dot(a, b, this.trials);
  }

  /** |a|^2, per trial. */
  squaredNorm(a: Vector): Node {
    return dot(a, a, this.trials);
  }

  /** |a|, per trial, whose square need not be a float32. */
  norm(a: Vector): Node {
    return norm(a, this.trials);
  }

  /** Leaves to each rank what it needs of the memory of all phases. */
  deal({ ranks, target }: { readonly ranks: RankOf; readonly target: Target }): void {
    const state = Object.assign({}, ...this.initialTensors.map((initial) => initial()));
    const isStack = (name: string, { shape }: Tensor): boolean =>
      this.stacked.has(name) || (this.trials !== undefined && shape[0] === this.trials);
    this.dealt = DealtMemory.of(this.phases, { state, scratch: this.scratchTensors, isStack, ranks, target });
    const scratch = this.dealt?.scratch(this.scratchTensors) ?? {};
    Object.assign(this.scratchTensors, scratch);
    this.#kept.push(this.memory.keep(Object.values(scratch)));
    if (this.dealt?.gathering !== undefined) this.#kept.push(this.dealt.gathering);
  }

  /** Frees the programs and what the device keeps for them. */
  [Symbol.dispose](): void {
    for (const part of [...this.phases, ...this.#kept]) part[Symbol.dispose]();
  }

  /** A phase of the iteration. Derivatives are counted by what `write` asks the oracles for. */
  phase(
    name: string,
    write: (oracles: Oracles) => MethodPhase,
    { draws = 'same', once = false, oracles = this.oracles }: PhaseOptions = {},
  ): Phase {
    const evaluations = { ...noEvaluations };
    const {
      reports = {},
      outputs,
      ...spec
    } = write(
      oracles.counting((kind, times = 1) => {
        evaluations[kind] += times;
      }),
    );
    const { key, feeds } = this.problem;
    const phase = new Phase({
      ...spec,
      outputs: { ...this.#lengthsOf(reports), ...outputs },
      name,
      draws,
      once,
      evaluations,
      drawn: [key, ...feeds.flatMap(({ drawn }) => drawn)],
      hostInputs: this.#hostInputs,
      levels: this.levels,
      parts: () => this.dealt?.parts ?? {},
    });
    this.phases.push(phase);
    if (draws === 'all') checkPasses(feeds, phase);
    this.compileLate?.(phase);
    return phase;
  }

  #lengthsOf(reports: Reported): Readonly<Record<string, Node>> {
    const lengths = Object.entries(reports).map(([name, value]) => [
      name,
      Array.isArray(value) ? this.norm(value) : value,
    ]);
    return Object.fromEntries(lengths);
  }
}

/**
 * A pass over all rows stands for the mean of mini-batches only where each row is as likely as any other.
 * @throws INVALID_ARGUMENT
 */
function checkPasses(feeds: readonly FeedInputs[], phase: Phase): void {
  for (const inputs of feeds) {
    if (!inputs.drawn.some((node) => phase.drawn.has(inputName(node)))) continue;
    const drawn = isResident(inputs) ? inputs.feed.sampler : undefined;
    if (drawn === shuffled) continue;
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The phase ${phase.name} passes over all rows of the feed ${inputs.name}, so its sampler must be samplers.shuffled() but is ` +
        `${drawn?.description ?? 'a stream of batches'}; use a method that makes no full passes.`,
    );
  }
}

export const noEvaluations: Readonly<Record<keyof Evaluations, number>> = {
  fGradients: 0,
  gGradients: 0,
  hessianVectorProducts: 0,
  jacobianVectorProducts: 0,
};

/** The bound of plain steps on g itself, or on a linear system with grad_vv g. */
export const asOnG: Bound = (limit) => limit;

/** A schedule's value at the iteration that is being made. */
export const atIteration =
  (schedule: Schedule) =>
  (state: SolverState): number =>
    schedule.at(state.counters.iteration ?? 0) * reducedBy(schedule, state);

function startOf({ initial, value: { shape } }: Variable, { from = 0 }: VectorOptions): Tensor {
  if (from === 'start') return initial.clone();
  const tensor = Tensor.zeros(shape);
  tensor.data.fill(from);
  return tensor;
}

function asWhole(variable: Variable): Variable {
  return { ...variable, value: variable.whole, index: undefined };
}
