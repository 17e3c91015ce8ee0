import { checkProblem, type MinimizationProblem } from '../bilevel/index.js';
import { gradient, isOp, type Node, sumOfSquares } from '../graph/index.js';
import { optimizerNames, optimizers } from '../optimizers/index.js';
import { type GivenOptions, type Options, validateOptions } from '../options.js';
import { constant } from '../schedules/index.js';
import { Tensor } from '../tensor.js';
import { configurationOf } from './configuration.js';
import { Level } from './level.js';
import { optimizerConstants } from './optimizer-options.js';
import { checkFinite, Solver, type SolverResources, type StepReport } from './solver.js';
import { type Configuration, SolverState } from './state.js';
import type { StepProgram } from './step-program.js';

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
} as const;

export type MinimizeOptions = Options<typeof minimizeOptions>;
export type GivenMinimizeOptions = GivenOptions<typeof minimizeOptions>;

export interface MinimizeReport extends StepReport {
  /** Mean of g over the iteration's steps, each before its step and on its mini-batch. */
  readonly g: number;
  /** |grad_v g| of the last step. */
  readonly lowerGradientNorm: number;
  /** Optimizer steps made so far. */
  readonly lowerSteps: number;
}

type Counter = 'iteration' | 'lowerSteps';
export type MinimizeState = SolverState<Counter>;

/**
 * Trains one level alone, min over v of g(v), by an optimizer over mini-batches.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing
 */
export function minimize(
  problem: MinimizationProblem,
  options: GivenMinimizeOptions = {},
  resources: SolverResources = {},
): MinimizeSolver {
  checkProblem(problem, 'minimizationProblem');
  return new MinimizeSolver(problem, validateOptions(minimizeOptions, options, 'minimize'), resources);
}

export class MinimizeSolver extends Solver<Counter, MinimizeReport> {
  readonly options: MinimizeOptions;
  readonly configuration: Configuration;
  readonly #level: Level;
  readonly #program: StepProgram;
  readonly #stepSizes: Tensor<'float32'>;

  constructor(problem: MinimizationProblem, options: MinimizeOptions, resources: SolverResources) {
    super(problem, options.steps, resources);
    const { lower, feeds, key, g } = problem;
    this.options = options;
    this.#level = new Level('v', lower, optimizers[options.optimizer](options), 'batch');
    const gradients = gradient(
      g,
      lower.map(({ value }) => value),
    );
    this.#program = this.program(
      {
        updates: this.#level.updates(gradients),
        perStep: [
          this.#level.stepSize,
          key,
          ...feeds.map(({ index }) => index).filter((index): index is Node => isOp(index, 'input')),
        ],
        outputs: { gradient: sumOfSquares(gradients) },
        perStepOutputs: { g },
      },
      options.steps,
    );
    this.#stepSizes = Tensor.zeros([options.steps]);
    this.configuration = configurationOf('minimize', minimizeOptions, options, problem);
  }

  init(): MinimizeState {
    const counters = { iteration: 0, lowerSteps: 0 };
    return new SolverState<Counter>(this.#level.initialTensors(), this.batches.initialSamplers(), counters);
  }

  protected async iterate(
    state: MinimizeState,
    signal: AbortSignal | undefined,
  ): Promise<Omit<MinimizeReport, 'wallMs'>> {
    const { counters } = state;
    return this.transaction(state, Object.keys(state.tensors), async () => {
      const where = `iteration ${counters.iteration + 1} of the minimization`;
      const done = counters.lowerSteps;
      this.batches.draw(state.samplers, done);
      this.#level.writeStepSizes(this.#stepSizes, (position) => this.options.learningRate.at(done + position), done);
      await this.#program.run({ ...this.batches.tensors, ...state.tensors, 'stepSize.v': this.#stepSizes }, { signal });
      const costs = this.#program.output('g');
      for (const [step, cost] of costs.entries()) checkFinite(cost, 'g', `step ${step + 1} of ${where}`);
      const squared = checkFinite(this.#program.scalar('gradient'), '|grad_v g|^2', where);
      counters.iteration++;
      counters.lowerSteps += this.options.steps;
      return {
        iteration: counters.iteration,
        g: costs.reduce((sum, cost) => sum + cost, 0) / costs.length,
        lowerGradientNorm: Math.sqrt(squared),
        lowerSteps: counters.lowerSteps,
      };
    });
  }
}
