import {
  type AnyFeed,
  type AnyPoint,
  type BilevelProblem,
  type FeedNodes,
  requireProblem,
} from '../../bilevel/index.js';
import type { DeviceMemory } from '../../engine/index.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { gradient, type Node, topologicalOrder } from '../../graph/index.js';
import { optimizerNames, optimizers } from '../../optimizers/index.js';
import { type GivenOptions, validateOptions } from '../../options.js';
import { Tensor } from '../../tensor.js';
import { Batches } from '../machine/batches.js';
import { atIteration } from '../machine/builder.js';
import { compileStatedElsewhere, smallGraph } from '../machine/compile-stated.js';
import { inputName } from '../machine/input-name.js';
import { assign, Level } from '../machine/level.js';
import { limitsRates, MethodSolver } from '../machine/method-solver.js';
import type { MethodState } from '../machine/method-state.js';
import { StatedStep } from '../machine/stated-step.js';
import { type LevelSettings, moveOptions, optimizerConstants } from '../parts/level-options.js';
import { checkUpperStart, upperStart } from '../parts/unrolling/upper-start.js';
import { type LowerOf, SolverState } from '../state.js';
import { checkMetrics, type Metrics, metricName, writeMetric } from './metrics.js';
import { bindLevel } from './point.js';
import { onAllRows, type WholeOptions } from './respond.js';

type Feeds = Readonly<Record<string, AnyFeed>>;
type Tensors = Readonly<Record<string, Tensor>>;

/** How v adapts. */
export const adaptOptions = {
  steps: { kind: 'integer', min: 0, max: 1_000_000, default: 10, text: 'Steps of v along grad_v g.' },
  optimizer: { kind: 'choice', values: optimizerNames, default: 'sgd', text: 'Optimizer of v.' },
  learningRate: { kind: 'number', above: 0, default: 0.1, text: 'Learning rate of v.' },
  start: {
    kind: 'choice',
    values: ['initial', 'upper'],
    default: 'initial',
    text: 'Where v starts: where the problem lets it, or as in MAML at the upper variables of the same names.',
  },
  ...optimizerConstants,
  ...moveOptions,
} as const;

/** Options of {@link adapt}. */
export interface AdaptOptions<P extends AnyPoint, F extends Feeds, M extends string>
  extends GivenOptions<typeof adaptOptions>,
    Omit<WholeOptions, 'feeds' | 'batches'> {
  /** Feeds in place of the problem's own of these names, or beside them: the tasks of a test. */
  readonly feeds?: F | undefined;
  /** Mini-batches of the feeds that v adapts to, one after the other and each from the start; 1 by default. */
  readonly batches?: number | undefined;
  /**
   * Other quantities of the point that v has come to, by name, in the nodes of a point as costs are written: a number,
   * or one for each task.
   */
  readonly metrics?: Readonly<Record<M, (point: P & FeedNodes<F>) => Node>> | undefined;
  /** Called after every mini-batch with how many are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** What came of adapting to mini-batches. */
export interface Adaptation<M extends string = string, P extends AnyPoint = AnyPoint> {
  /** f where v has come to, by mini-batch. */
  readonly f: readonly number[];
  readonly g: readonly number[];
  /** By name, float32 [batches, ...shape of the node]. */
  readonly metrics: Readonly<Record<M, Tensor<'float32'>>>;
  /** v of the last mini-batch, by name. */
  readonly v: LowerOf<P>;
}

/**
 * Adapts v to new tasks as methods for few shots do, by a few steps on g alone, and tells what comes of it: for each
 * mini-batch of the feeds v starts anew, makes its steps on that one mini-batch, and is judged there. What g takes from
 * u alone, such as features of the samples, is computed once for all steps of a mini-batch.
 * @param u the upper variables by name, such as `state.u`
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION, SHAPE_MISMATCH, INVALID_DATA for what is given, and for problems with
 *   trials; NON_FINITE where v runs away; ABORTED
 */
export function adapt<P extends AnyPoint, const F extends Feeds = Record<never, never>, M extends string = never>(
  problem: BilevelProblem<P>,
  u: Tensors,
  options?: AdaptOptions<P, F, M>,
): Promise<Adaptation<M, P>>;
/**
 * The same with the u of a solver's state, on the solver's device and as v is trained by its method: by default with
 * its `lowerSteps`, `lowerOptimizer` and `lowerLearningRate`, as they are at the state's iteration, and from where it
 * starts v. What a method adds to g, such as the proximity of iMAML, is left out.
 * @throws INVALID_ARGUMENT also where the method limits its rates by curvature, and `learningRate` is not given
 */
export function adapt<const F extends Feeds = Record<never, never>, M extends string = never>(
  solver: MethodSolver,
  state: MethodState,
  options?: AdaptOptions<AnyPoint, F, M>,
): Promise<Adaptation<M>>;
export async function adapt(
  of: BilevelProblem | MethodSolver,
  at: Tensors | MethodState,
  options: AnyAdaptOptions = {},
): Promise<Adaptation> {
  if (!(of instanceof MethodSolver)) return adaptTo(of, at as Tensors, options);
  if (!(at instanceof SolverState)) throw invalidArgument('state', 'a state of the solver given to adapt', at);
  return adaptTo(of.problem, at.u, { device: of.device, ...stepsOf(of, at, options), ...options });
}

type AnyAdaptOptions = AdaptOptions<AnyPoint, Feeds, string>;

/** How a method moves v in an iteration, as far as its options say so. */
function stepsOf(
  { options, startsAtUpper }: MethodSolver,
  state: MethodState,
  given: AnyAdaptOptions,
): AnyAdaptOptions {
  const { lowerSteps, lowerOptimizer, lowerLearningRate, momentum, secondMoment, stabilizer, weightDecay, ...moves } =
    options as Partial<LevelSettings> & { readonly lowerSteps?: number };
  if (limitsRates(options) && given.learningRate === undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      'adapt needs the option learningRate: the solver finds its own by the curvature of g where a run starts.',
    );
  }
  const known = {
    steps: lowerSteps,
    optimizer: lowerOptimizer,
    learningRate: lowerLearningRate && atIteration(lowerLearningRate)(state),
    start: startsAtUpper ? 'upper' : 'initial',
    ...{ momentum, secondMoment, stabilizer, weightDecay },
    clipNorm: moves.lowerClipNorm,
    clipValue: moves.lowerClipValue,
    rateFactors: moves.lowerRateFactors,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

async function adaptTo(problem: BilevelProblem, u: Tensors, options: AnyAdaptOptions): Promise<Adaptation> {
  requireProblem(problem, 'bilevelProblem');
  const { feeds, batches = 1, metrics = {}, device, signal, onProgress, ...given } = options;
  const settings = validateOptions(adaptOptions, given, 'adapt');
  checkMetrics(metrics);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress', 'a function', onProgress);
  }
  if (problem.trials !== undefined)
    throw invalidArgument('the problem given to adapt', 'one without trials', problem.trials);
  if (settings.start === 'upper') checkUpperStart('adapt', problem);
  return onAllRows(problem, { feeds, batches, device, signal }, async (onFeeds, onDevice) => {
    // A metric finds the nodes of the point with all feeds, as its type says.
    using adaptation = new AdaptationSteps(onFeeds, settings, metrics as Metrics);
    await compileStatedElsewhere(adaptation.steps, onDevice, { what: 'The adaptation', signal, small: smallGraph });
    const { memory } = onDevice;
    const results: Readonly<Record<string, readonly number[]>>[] = [];
    const bound = bindLevel('u', onFeeds.upper, u);
    using drawing = new Batches(onFeeds);
    const samplers = drawing.initialSamplers();
    using _fixed = memory.fix(Object.values(drawing.arrays));
    using _kept = memory.keep(Object.values(adaptation.tensors));
    for (let batch = 0; batch < batches; batch++) {
      const drawn = await drawing.draw(samplers, batch, adaptation.drawn, { signal });
      results.push(await adaptation.run(memory, [bound, drawn, drawing.arrays], signal));
      onProgress?.(batch + 1);
    }
    await memory.pull(Object.values(adaptation.v));
    const costs = (name: string): number[] => results.map((each) => each[name]?.[0] ?? Number.NaN);
    const tensors = Object.entries(adaptation.metrics).map(([name, { shape }]) => [
      name,
      Tensor.from(Float32Array.from(results.flatMap((each) => [...(each[metricName(name)] ?? [])])), [
        batches,
        ...shape,
      ]),
    ]);
    return { f: costs('f'), g: costs('g'), metrics: Object.fromEntries(tensors), v: adaptation.v };
  });
}

/** The steps of an adaptation, and the tensors that they work on. */
class AdaptationSteps implements Disposable {
  readonly steps: readonly StatedStep[];
  /** Binding names of what is drawn. */
  readonly drawn: ReadonlySet<string>;
  readonly metrics: Readonly<Record<string, Node>>;
  /** v and the slots of its optimizer, by binding name. */
  readonly tensors: Tensors;
  readonly #level: Level;
  readonly #rates: Tensors;
  readonly #count: number;
  readonly #initial: BilevelProblem['lower'];
  readonly #begin: StatedStep | undefined;
  readonly #lower: StatedStep;
  readonly #judge: StatedStep;

  constructor(
    problem: BilevelProblem,
    settings: ReturnType<typeof validateOptions<typeof adaptOptions>>,
    metrics: Metrics,
  ) {
    const { upper, lower, f, g, trials } = problem;
    const { steps, learningRate, start } = settings;
    const optimizer = optimizers[settings.optimizer](settings);
    const level = new Level('v', lower, {
      optimizer,
      rate: () => learningRate,
      rateOption: 'learningRate',
      moves: { ...settings, factorsOption: 'rateFactors' },
    });
    const counted = new SolverState({}, {}, {});
    const rates = Float32Array.from(
      Array.from({ length: steps }, (_, step) => level.stepSize.value(counted, step)).flat(),
    );
    this.metrics = Object.fromEntries(
      Object.entries(metrics).map(([name, metric]) => [name, writeMetric(name, metric, problem.point)]),
    );
    const judged = Object.fromEntries(Object.entries(this.metrics).map(([name, node]) => [metricName(name), node]));
    this.#level = level;
    this.#initial = lower;
    this.tensors = level.initialTensors();
    this.#count = steps;
    this.#rates = { [inputName(level.stepSize.node)]: Tensor.from(rates, [steps, ...level.stepSize.node.shape]) };
    this.#begin =
      start === 'initial'
        ? undefined
        : new StatedStep('start', {
            updates: assign(level.nodes, upperStart({ upperVariables: upper, lowerVariables: lower, trials })),
          });
    const perStep = [level.stepSize.node];
    this.#lower = new StatedStep('adaptation', { perStep, updates: level.step(gradient(g, level.nodes)) });
    this.#judge = new StatedStep('judgement', { outputs: { f, g, ...judged } }, { hoist: false });
    this.steps = [...(this.#begin ? [this.#begin] : []), ...(steps > 0 ? [this.#lower] : []), this.#judge];
    const used = new Set(topologicalOrder([f, g, ...Object.values(judged)]));
    const all = [problem.key, ...problem.feeds.flatMap(({ drawn }) => drawn)];
    this.drawn = new Set(all.filter((node) => used.has(node)).map(inputName));
  }

  /** v as it is now, by name. */
  get v(): Record<string, Tensor> {
    return Object.fromEntries(this.#initial.map(({ name }) => [name, this.tensors[`v/${name}`] as Tensor]));
  }

  /** @throws NON_FINITE, ABORTED */
  async run(
    memory: DeviceMemory,
    sources: readonly Tensors[],
    signal: AbortSignal | undefined,
  ): Promise<Readonly<Record<string, readonly number[]>>> {
    this.#level.restart(this.tensors, memory);
    const all = [this.tensors, this.#rates, ...sources];
    await this.#begin?.run(all, { signal });
    if (this.#count > 0) await this.#lower.run(all, { steps: this.#count, signal });
    await this.#judge.run(all, { signal });
    const names = Object.keys(this.#judge.step.outputs ?? {});
    const results = Object.fromEntries(names.map((name) => [name, this.#judge.output(name)]));
    const lost = ['f', 'g'].find((name) => !Number.isFinite(results[name]?.[0]));
    if (lost === undefined) return results;
    throw new BilevelError(
      'NON_FINITE',
      `${lost} is ${results[lost]?.[0]} after the ${this.#count} steps of adapt: v has run away, or u is not finite. Try a smaller learningRate.`,
    );
  }

  [Symbol.dispose](): void {
    for (const step of this.steps) step[Symbol.dispose]();
  }
}
