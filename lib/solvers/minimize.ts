import { type FeedInputs, type MinimizationProblem, norm, requireProblem } from '../bilevel/index.js';
import { gradient } from '../graph/index.js';
import { mean } from '../numbers.js';
import { optimizerNames, optimizers } from '../optimizers/index.js';
import { validateOptions } from '../options.js';
import { constant } from '../schedules/index.js';
import { checkFinite, type Place } from './diagnosis/check.js';
import { NonFiniteError } from './diagnosis/non-finite.js';
import { search } from './diagnosis/search.js';
import { noEvaluations } from './machine/builder.js';
import { configurationOf } from './machine/configuration.js';
import { Level } from './machine/level.js';
import { Phase, type RunPhase } from './machine/phase.js';
import { Plateaus, reducedBy } from './machine/plateaus.js';
import type { FilledOptions } from './method.js';
import type { MinimizeOptions } from './method-options.js';
import { moveOptions, optimizerConstants } from './parts/level-options.js';
import type { WatchOptions } from './response/watch.js';
import { type CreateOptions, checkCreateOptions, Solver, type SolverResources, type StepReport } from './solver.js';
import { type Configuration, SolverState } from './state.js';

export const minimizeOptions = {
  steps: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: 100,
    text: 'Optimizer steps of one iteration, each on a new mini-batch, made in one call of the engine.',
  },
  optimizer: { kind: 'choice', values: optimizerNames, default: 'adam', text: 'Optimizer of v.' },
  learningRate: { kind: 'schedule', above: 0, default: constant(1e-3), text: 'Learning rate, by optimizer step.' },
  ...optimizerConstants,
  ...moveOptions,
} as const;

export interface MinimizeReport extends StepReport {
  /** Mean of g over the iteration's steps, each before its step and on its mini-batch. */
  readonly g: number;
  /** |grad_v g| of the last step. */
  readonly lowerGradientNorm: number;
  /** Optimizer steps made so far. */
  readonly lowerSteps: number;
}

/** The state of a minimization. */
export type MinimizeState = SolverState<'iteration'>;

/**
 * Trains one level alone, min over v of g(v), by an optimizer over mini-batches. `minimize.create` makes the same
 * solver, whose program is compiled by another thread, so that the event loop goes on.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing; `create`, ABORTED when its
 *   signal stops it
 */
export const minimize = Object.assign(
  function minimize(
    problem: MinimizationProblem,
    options: MinimizeOptions = {},
    resources: SolverResources = {},
  ): MinimizeSolver {
    return MinimizeSolver.make(problem, options, resources);
  },
  {
    /** The same solver, whose program is compiled by another thread. @throws as the call; ABORTED */
    async create(
      problem: MinimizationProblem,
      options: MinimizeOptions = {},
      createOptions: Omit<CreateOptions, keyof WatchOptions> = {},
    ): Promise<MinimizeSolver> {
      const { resources, course } = checkCreateOptions(createOptions);
      return MinimizeSolver.create(course, problem, options, resources);
    },
  },
);

type MinimizeSolverParts = readonly [
  problem: MinimizationProblem,
  options: MinimizeOptions,
  resources: SolverResources,
];

export class MinimizeSolver extends Solver<'iteration', MinimizeReport> {
  readonly options: FilledOptions<MinimizeOptions>;
  readonly configuration: Configuration;
  readonly #level: Level;
  readonly #plateaus: Plateaus;
  readonly #phase: Phase;
  readonly #feeds: readonly FeedInputs[];

  /** A solver, compiled on this thread. */
  static make(...given: MinimizeSolverParts): MinimizeSolver {
    return new MinimizeSolver(...given).compile();
  }

  /** A solver, compiled on another thread. */
  static create(
    course: Pick<CreateOptions, 'signal' | 'onProgress'>,
    ...given: MinimizeSolverParts
  ): Promise<MinimizeSolver> {
    return new MinimizeSolver(...given).compileInBackground(course);
  }

  private constructor(...[problem, given, resources]: MinimizeSolverParts) {
    requireProblem(problem, 'minimizationProblem');
    const options = validateOptions(minimizeOptions, given, 'minimize');
    super(problem, resources);
    const { lower, feeds, key, g } = problem;
    this.options = options;
    this.#feeds = feeds;
    this.#plateaus = new Plateaus(options, ['g', 'lowerGradientNorm']);
    const level: Level = new Level('v', lower, {
      optimizer: optimizers[options.optimizer](options),
      moves: { ...options, factorsOption: 'rateFactors' },
      rateOption: 'learningRate',
      rate: (state, step) =>
        options.learningRate.at((state.counters[level.counter] ?? 0) + step) * reducedBy(options.learningRate, state),
    });
    const gradients = gradient(g, level.nodes);
    this.#level = level;
    this.#phase = this.own(
      new Phase({
        name: 'lower',
        draws: 'fresh',
        once: false,
        evaluations: { ...noEvaluations, gGradients: 1 },
        drawn: [key, ...feeds.flatMap(({ drawn }) => drawn)],
        hostInputs: [level.stepSize],
        levels: [level],
        updates: level.step(gradients),
        outputs: { lowerGradient: norm(gradients, undefined) },
        perStepOutputs: { g },
      }),
    );
    this.configuration = configurationOf('minimize', minimizeOptions, options, problem);
  }

  protected override get steps(): readonly Phase[] {
    return [this.#phase];
  }

  init(): MinimizeState {
    const followed = this.#plateaus.initial();
    const counters = { iteration: 0, [this.#level.counter]: 0, ...followed.counters };
    const tensors = { ...this.#level.initialTensors(), ...followed.tensors };
    return this.fitting(new SolverState<'iteration'>(tensors, this.batches.initialSamplers(), counters));
  }

  protected async iterate(
    state: MinimizeState,
    signal: AbortSignal | undefined,
  ): Promise<Omit<MinimizeReport, 'wallMs'>> {
    const { counters } = state;
    const names = Object.keys(state.tensors);
    const place = { title: 'the minimization', iteration: counters.iteration + 1 };
    try {
      const report = await this.transaction(state, names, () => this.#descend(state, signal, place));
      const { g, lowerGradientNorm } = report;
      await this.#plateaus.observe(state, { g, lowerGradientNorm }, this.device.memory);
      return report;
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      const around = { device: this.device, feeds: this.#feeds, levels: [this.#level] };
      return search(error, place, around, (runPhase) =>
        this.rehearse(state, names, () => this.#descend(state, signal, place, runPhase)),
      );
    }
  }

  async #descend(
    state: MinimizeState,
    signal: AbortSignal | undefined,
    place: Place,
    runPhase: RunPhase = (phase, ...given) => phase.run(...given),
  ): Promise<Omit<MinimizeReport, 'wallMs'>> {
    const { tensors, samplers, counters } = state;
    const { counter } = this.#level;
    const { steps } = this.options;
    const done = counters[counter] ?? 0;
    const batches = await this.batches.draw(samplers, done, this.#phase.drawn, { steps, signal });
    await runPhase(this.#phase, state, [tensors, batches, this.batches.arrays], { steps, signal });
    for (const name of ['g', 'lowerGradient']) checkFinite(this.#phase, name, steps, place);
    const costs = this.#phase.output('g');
    const [length = Number.NaN] = this.#phase.output('lowerGradient');
    counters.iteration++;
    counters[counter] = done + steps;
    return {
      iteration: counters.iteration,
      g: mean(costs),
      lowerGradientNorm: length,
      lowerSteps: done + steps,
    };
  }
}
