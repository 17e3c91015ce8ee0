import { type BilevelProblem, checkProblem } from '../../bilevel/index.js';
import type { ProgramCost } from '../../compile/index.js';
import { optimizers } from '../../optimizers/index.js';
import { geometric } from '../../schedules/index.js';
import { Tensor } from '../../tensor.js';
import { configurationOf } from '../configuration.js';
import { Level } from '../level.js';
import { checkFinite, Solver, type SolverResources } from '../solver.js';
import { type Configuration, SolverState } from '../state.js';
import type { StepProgram } from '../step-program.js';
import { convergenceTests } from './convergence.js';
import { type PenaltySteps, penaltySteps } from './graph.js';
import { type GivenPenaltyOptions, type PenaltyOptions, penaltyOptions, validatePenaltyOptions } from './options.js';
import { type Counter, countEvaluations, evaluationsOf, type PenaltyReport, type PenaltyState } from './report.js';

interface Residuals {
  readonly f: number;
  readonly g: number;
  readonly lowerGradient: number;
  readonly upper: number;
  readonly lower: number;
}

/**
 * The penalty method of Mehra and Hamm (ACML 2021), Algorithm 2: v is stepped T times along the gradient of the penalty
 * function, u once, and the penalty weight grows whenever both gradients are within a tolerance that shrinks. Memory
 * does not grow with T. Bounds are kept by projection.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; NOT_DIFFERENTIABLE when a derivative is missing
 */
export function penalty(
  problem: BilevelProblem,
  options: GivenPenaltyOptions = {},
  resources: SolverResources = {},
): PenaltySolver {
  checkProblem(problem, 'bilevelProblem');
  return new PenaltySolver(problem, validatePenaltyOptions(options), resources);
}

export class PenaltySolver extends Solver<Counter, PenaltyReport> {
  readonly options: PenaltyOptions;
  readonly configuration: Configuration;
  readonly #problem: BilevelProblem;
  readonly #upper: Level;
  readonly #lower: Level;
  readonly #programs: Readonly<Record<keyof PenaltySteps, StepProgram>>;
  readonly #lowerTensors: readonly string[];
  readonly #schedules;
  readonly #scalars = { gamma: Tensor.scalar(0), lambda: Tensor.scalar(0) };
  readonly #stepSizes;

  constructor(problem: BilevelProblem, options: PenaltyOptions, resources: SolverResources) {
    super(problem, undefined, resources);
    this.options = options;
    this.#problem = problem;
    this.#upper = new Level('u', problem.upper, optimizers[options.upperOptimizer](options), options.slots);
    this.#lower = new Level('v', problem.lower, optimizers[options.lowerOptimizer](options), options.slots);
    const steps = penaltySteps(problem, this.#upper, this.#lower, options.multipliers);
    this.#programs = {
      lower: this.program(steps.lower, options.lowerSteps),
      upper: this.program(steps.upper),
      residuals: this.program(steps.residuals),
      multipliers: this.program(steps.multipliers),
    };
    this.#lowerTensors = Object.keys(this.#lower.initialTensors());
    this.#stepSizes = { lower: Tensor.zeros([options.lowerSteps]), upper: Tensor.zeros([1]) };
    this.#schedules = {
      gamma: geometric(options.gamma, options.gammaFactor),
      epsilon: geometric(options.epsilon, options.epsilonFactor),
      lambda: geometric(options.lambda, options.lambdaFactor),
      upperDecay: geometric(1, options.upperDecay),
      lowerDecay: geometric(1, options.lowerDecay),
    };
    this.configuration = configurationOf('penalty', penaltyOptions, options, problem);
  }

  /** What a step of v, a step of u, the residuals and an update of the multipliers cost. */
  get costs(): Readonly<Record<keyof PenaltySteps, ProgramCost>> {
    const { lower, upper, residuals, multipliers } = this.#programs;
    return { lower: lower.cost, upper: upper.cost, residuals: residuals.cost, multipliers: multipliers.cost };
  }

  init(): PenaltyState {
    const { multipliers, nu } = this.options;
    const initialMultipliers = this.#problem.lower.map(({ name, initial }): [string, Tensor] => {
      const tensor = Tensor.zeros(initial.shape);
      tensor.data.fill(nu);
      return [`nu/${name}`, tensor];
    });
    const tensors = {
      ...this.#upper.initialTensors(),
      ...this.#lower.initialTensors(),
      ...(multipliers ? Object.fromEntries(initialMultipliers) : {}),
    };
    return new SolverState<Counter>(tensors, this.batches.initialSamplers(), {
      iteration: 0,
      growths: 0,
      upperSteps: 0,
      lowerSteps: 0,
      fGradients: 0,
      gGradients: 0,
      hessianVectorProducts: 0,
      jacobianVectorProducts: 0,
    });
  }

  protected async iterate(
    state: PenaltyState,
    signal: AbortSignal | undefined,
  ): Promise<Omit<PenaltyReport, 'wallMs'>> {
    const { counters } = state;
    const where = `iteration ${counters.iteration + 1} of the penalty method`;
    const used = this.#present(state);
    await this.transaction(state, this.#lowerTensors, () => this.#stepLower(state, where, signal));
    const hypergradientNorm = await this.#stepUpper(state, where);
    const residuals = await this.#residuals(state, where);
    const passed = this.#passes(residuals, state);
    await this.#grow(state, passed, where);
    counters.iteration++;
    return {
      iteration: counters.iteration,
      f: residuals.f,
      g: residuals.g,
      lowerGradientNorm: Math.sqrt(residuals.lowerGradient),
      hypergradientNorm,
      upperResidual: Math.sqrt(residuals.upper),
      lowerResidual: Math.sqrt(residuals.lower),
      ...used,
      passed,
      growths: counters.growths,
      evaluations: evaluationsOf(counters),
    };
  }

  /** T steps of v on new mini-batches, from where v is or from the start. */
  async #stepLower(state: PenaltyState, where: string, signal: AbortSignal | undefined): Promise<void> {
    const { counters } = state;
    const { lowerSteps, lowerLearningRate, warmStart } = this.options;
    this.batches.draw(state.samplers, counters.iteration);
    if (!warmStart) {
      for (const [name, tensor] of Object.entries(this.#lower.initialTensors())) state.tensors[name]?.copyFrom(tensor);
      counters.lowerSteps = 0;
    }
    const rate = lowerLearningRate.at(counters.iteration) * this.#schedules.lowerDecay.at(counters.growths);
    this.#lower.writeStepSizes(this.#stepSizes.lower, () => rate, counters.lowerSteps);
    await this.#run('lower', state, signal);
    for (const cost of ['f', 'g'] as const) {
      for (const [step, value] of this.#programs.lower.output(cost).entries()) {
        checkFinite(value, cost, `step ${step + 1} of v in ${where}`);
      }
    }
    counters.lowerSteps += lowerSteps;
    countEvaluations(counters, lowerSteps, { hessianVectorProducts: lowerSteps });
  }

  /** One step of u. @returns |grad_u f~1| along which it was made */
  async #stepUpper(state: PenaltyState, where: string): Promise<number> {
    const { counters } = state;
    const rate =
      this.options.upperLearningRate.at(counters.iteration) * this.#schedules.upperDecay.at(counters.growths);
    this.#upper.writeStepSizes(this.#stepSizes.upper, () => rate, counters.upperSteps);
    await this.#run('upper', state);
    counters.upperSteps++;
    countEvaluations(counters, 1, { jacobianVectorProducts: 1 });
    const squared = checkFinite(
      this.#programs.upper.scalar('hypergradient'),
      '|grad_u f~|^2',
      `the step of u in ${where}`,
    );
    return Math.sqrt(squared);
  }

  async #residuals(state: PenaltyState, where: string): Promise<Residuals> {
    await this.#run('residuals', state);
    countEvaluations(state.counters, 1, { hessianVectorProducts: 1, jacobianVectorProducts: 1 });
    const value = (name: keyof Residuals, quantity: string): number =>
      checkFinite(this.#programs.residuals.scalar(name), quantity, where);
    return {
      f: value('f', 'f'),
      g: value('g', 'g'),
      lowerGradient: value('lowerGradient', '|grad_v g|^2'),
      upper: value('upper', '|grad_u f~|^2'),
      lower: value('lower', '|grad_v f~|^2'),
    };
  }

  #passes({ upper, lower }: Residuals, state: PenaltyState): boolean {
    return convergenceTests[this.options.convergenceTest](upper, lower, this.#present(state).epsilon);
  }

  /** Moves gamma, epsilon, lambda and nu on, as often as they are due. */
  async #grow(state: PenaltyState, passed: boolean, where: string): Promise<void> {
    const { counters } = state;
    const { growth, growthLimit, multipliers, multiplierGamma } = this.options;
    let due = growth === 'everyIteration' || (growth !== 'never' && passed);
    while (due && counters.growths < growthLimit) {
      if (multipliers && multiplierGamma === 'old') await this.#updateMultipliers(state);
      counters.growths++;
      if (multipliers && multiplierGamma === 'new') await this.#updateMultipliers(state);
      due = growth === 'untilTestFails' && this.#passes(await this.#residuals(state, where), state);
    }
  }

  async #updateMultipliers(state: PenaltyState): Promise<void> {
    await this.#run('multipliers', state);
    state.counters.gGradients++;
  }

  /** gamma, epsilon and lambda after the growths so far. */
  #present({ counters: { growths } }: PenaltyState): { gamma: number; epsilon: number; lambda: number } {
    const { gamma, epsilon, lambda } = this.#schedules;
    return { gamma: gamma.at(growths), epsilon: epsilon.at(growths), lambda: lambda.at(growths) };
  }

  async #run(program: keyof PenaltySteps, state: PenaltyState, signal?: AbortSignal): Promise<void> {
    const { gamma, lambda } = this.#present(state);
    this.#scalars.gamma.data[0] = gamma;
    this.#scalars.lambda.data[0] = lambda;
    const stepSizes = { 'stepSize.u': this.#stepSizes.upper, 'stepSize.v': this.#stepSizes.lower };
    const tensors = { ...this.batches.tensors, ...state.tensors, ...this.#scalars, ...stepSizes };
    await this.#programs[program].run(tensors, { signal });
  }
}
