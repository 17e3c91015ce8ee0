import { plus, scaled, type Vector } from '../../../bilevel/index.js';
import { div, maximum, mul, type Node } from '../../../graph/index.js';
import { mean } from '../../../numbers.js';
import type { Iteration } from '../../machine/iteration.js';
import type { Rate } from '../../machine/level.js';
import type { MethodReport, MethodSolver } from '../../machine/method-solver.js';
import type { Phase } from '../../machine/phase.js';
import { defineMethod, type FilledOptions } from '../../method.js';
import type { PenaltyOptions } from '../../method-options.js';
import type { SolverState } from '../../state.js';
import { type ConstraintReport, reportConstraints, violations } from './constraints.js';
import { convergenceTests } from './convergence.js';
import { Departure, type Place } from './departure.js';
import { Growth } from './growth.js';
import { type PenaltySettings, penaltyOptions, validatePenaltyOptions } from './options.js';
import { penaltySystem } from './system.js';
import { least, lowerScales, relativeUnits } from './units.js';

/** What the penalty method reports besides. With trials, numbers are means over them. */
export interface PenaltyDetails {
  /** |grad_u f~1| and |grad_v f~2| after the step of u, or with the relative test before it: what the test looks at. */
  readonly upperResidual: number;
  readonly lowerResidual: number;
  /** With the relative test |grad_v f~2| / |grad_v f| before the step of u, which is divided by it if it is above 1. */
  readonly lag?: number;
  /** The penalty weight, tolerance and convexification that the iteration was made with. */
  readonly gamma: number;
  readonly epsilon: number;
  readonly lambda: number;
  /** Whether the residuals passed the convergence test, in every trial. */
  readonly passed: boolean;
  /** How often gamma has grown so far, less how often it has fallen. */
  readonly growths: number;
  /** Constraints by name, after the step of u. */
  readonly constraints: Readonly<Record<string, ConstraintReport>>;
}

/**
 * The penalty function without and with the local convexification (Mehra and Hamm 2021, section 2.2 and supplement C):
 *
 *     f~1 = f + <nu, grad_v g> + gamma / 2 |grad_v g|^2          f~2 = f~1 + lambda g
 *
 * With w = gamma grad_v g + nu their gradients are grad_u f~1 = grad_u f + grad_uv g w and
 * grad_v f~2 = grad_v f + grad_vv g w + lambda grad_v g: one Jacobian- and one Hessian-vector product with one vector.
 * v is stepped T times along the one, u once along the other, and gamma grows whenever both are within a tolerance that
 * shrinks. With constraints, f stands for f and their terms, and grad_v g for the residual of the lower level (see
 * penaltySystem).
 */
export const penalty = defineMethod({
  name: 'penalty',
  title: 'the penalty method',
  source: 'Mehra and Hamm 2021, Algorithm 2',
  summary: 'Replaces the lower level by a growing penalty on its stationarity: no inverse, no stored trajectory.',
  options: penaltyOptions,
  rows: true,
  handlesConstraints: true,
  validate: validatePenaltyOptions,
  lowerDescendsUpper: true,
  evaluations: (options, index) => {
    const { lowerSteps, warmUpSteps } = options;
    const [first, relative] = [index === 0, isRelative(options)];
    const measured = Number(first && options.units === 'relative');
    return {
      fGradients: lowerSteps + 2 + measured,
      gGradients: lowerSteps + 2 + (first && warmsUp(options) ? warmUpSteps : 0),
      hessianVectorProducts: lowerSteps + 1 + measured,
      jacobianVectorProducts: relative ? 1 : 2,
    };
  },
  memory: () => 'constant',
  build(b, options) {
    const growth = new Growth(b, options);
    const units = options.units === 'relative' ? relativeUnits(b) : undefined;
    /** gamma of the trials whose multipliers take a step, 0 of the others. */
    let multiplierSteps: readonly number[] = [];
    /** What the step of u is shortened by where v lags behind, in each trial. */
    let shares: readonly number[] = [];
    const weight = (name: 'gamma' | 'lambda'): Node => {
      const given = b.scalar(name, (state) => growth.at(name, state), { perTrial: true });
      return units === undefined ? given : mul(given, units[name]);
    };
    const [gamma, lambda] = [weight('gamma'), weight('lambda')];
    const stepInUnits = b.scalar('multiplierStep', () => multiplierSteps, { perTrial: true });
    const multiplierStep = units === undefined ? stepInUnits : mul(stepInUnits, units.gamma);
    const system = penaltySystem(b, { gamma, multiplierStep }, options);
    const departure = new Departure(b);
    const relative = isRelative(options);
    const upper = b.upper(options, {
      rate: relative ? scaledRate(growth.rate('upper'), (trial) => shares[trial] ?? 1) : growth.rate('upper'),
      variables: system.upper,
    });
    const scales = units === undefined ? [] : lowerScales(b);
    /** The rate falls within the steps of an iteration, so that v comes to rest; in the warm-up it does not. */
    let warmingUp = false;
    const fall = (step: number): number => (warmingUp ? 1 : 1 - (options.lowerFall * step) / options.lowerSteps);
    const lower = b.lower(options, {
      rate: scaledRate(growth.rate('lower'), (trial, step) => (scales[trial] ?? 1) * fall(step)),
      variables: system.lower,
      bound: null,
    });
    const weighted = (residual: Vector): Vector => {
      const penalized = scaled(gamma, residual);
      return system.nu === undefined ? penalized : plus(system.nu, penalized);
    };
    const convexified = (direction: Vector): Vector => [
      ...plus(direction.slice(0, system.convexification.length), scaled(lambda, system.convexification)),
      ...direction.slice(system.convexification.length),
    ];
    const { f, g } = b.problem;
    const { oracles } = system;

    const warmUp = !warmsUp(options)
      ? undefined
      : b.phase(
          'warmUp',
          (o) => {
            o.lowerGradient();
            return { updates: lower.step([...system.convexification, ...system.atRest]) };
          },
          { oracles, draws: 'fresh' },
        );
    const measure = units && b.phase('units', (o) => ({ updates: units.measure(o) }), { oracles, once: true });
    const lowerPhase = b.phase(
      'lower',
      (o) => ({
        updates: lower.step(convexified(o.lagrangianGradient(weighted(o.residual())).v)),
        perStepOutputs: { f, g },
      }),
      { oracles },
    );
    const upperPhase = b.phase(
      'upper',
      (o) => {
        const direction = o.lagrangianGradient(weighted(o.residual())).u;
        return { updates: upper.step(direction), reports: { hypergradient: direction } };
      },
      { oracles, once: true },
    );
    const residuals = b.phase(
      'residuals',
      (o) => {
        const residual = o.residual();
        const lagrangian = o.lagrangianGradient(weighted(residual));
        const lower = b.norm(convexified(lagrangian.v));
        if (!relative) {
          const outputs = { upper: b.norm(lagrangian.u), lower, ...violations(b.problem) };
          return { reports: { f, g, lowerGradient: residual }, outputs };
        }
        const pull = b.norm(o.fGradient().v);
        return {
          reports: { f, g, lowerGradient: residual },
          outputs: {
            lower,
            lag: div(lower, maximum(pull, least)),
            pull: div(pull, maximum(lambda, least)),
            ...violations(b.problem),
          },
        };
      },
      { oracles, once: true },
    );
    const multipliers = options.multipliers
      ? b.phase('multipliers', (o) => ({ updates: system.multiplierUpdates(o.residual()) }), { oracles, once: true })
      : undefined;

    const test = convergenceTests[options.convergenceTest];
    const passes = (state: SolverState): boolean[] => {
      const of = (name: string): readonly number[] => residuals.output(name);
      const [uppers, lowers, lags] = [of('upper'), of('lower'), of('lag')];
      const at = (values: readonly number[], trial: number): number => values[trial] ?? Number.NaN;
      return growth
        .at('epsilon', state)
        .map((epsilon, trial) =>
          test({ upper: at(uppers, trial) ** 2, lower: at(lowers, trial) ** 2, lag: at(lags, trial) }, epsilon),
        );
    };

    return async (iteration): Promise<PenaltyDetails> => {
      const { state } = iteration;
      if (!options.warmStart) iteration.restart(lower);
      if (iteration.index === 0) {
        if (warmUp !== undefined) {
          warmingUp = true;
          await iteration.run(warmUp, options.warmUpSteps);
          warmingUp = false;
          // Adam would measure the steps on the penalty function by the gradients of g, whose length is another one.
          iteration.forget(lower);
        }
        if (measure !== undefined) await iteration.run(measure);
      }
      const used = await weightsOf(iteration);
      await iteration.run(lowerPhase, options.lowerSteps);
      if (!relative) await iteration.run(upperPhase);
      await iteration.run(residuals);
      const departed = await departure.watch(iteration, placesOf(residuals));
      const passed = passes(state).map((value, trial) => value && !departed[trial]);
      const lags = residuals.output('lag');
      if (relative) {
        shares = lags.map((lag, trial) => (departed[trial] ? 0 : Math.min(1, 1 / lag)));
        await iteration.run(upperPhase);
      }
      const norm = (phase: Phase, name: string): number => mean(phase.output(name));
      const found = {
        upperResidual: relative ? norm(upperPhase, 'hypergradient') : norm(residuals, 'upper'),
        lowerResidual: norm(residuals, 'lower'),
        passed: !passed.includes(false),
        ...(relative && { lag: mean(lags) }),
      };
      await growth.grow(state, passed, {
        async stepMultipliers(steps) {
          multiplierSteps = steps;
          if (multipliers !== undefined) await iteration.run(multipliers);
        },
        async test() {
          await iteration.run(residuals);
          return passes(state);
        },
      });
      if (options.growth === 'balanced') {
        growth.balance(
          state,
          // Only the relative test measures how v lags.
          departed.map((gone, trial) => (gone ? 'departed' : (lags[trial] ?? 0) > 1 ? 'lags' : 'follows')),
        );
      }
      const constraints = await reportConstraints(b.problem, residuals, iteration);
      return { ...found, ...used, growths: mean(growth.counts(state)), constraints };
    };

    /** The weights as they stand in the equations, means over the trials. */
    async function weightsOf(iteration: Iteration): Promise<{ gamma: number; epsilon: number; lambda: number }> {
      const present = async (name: 'gamma' | 'lambda'): Promise<number> => {
        const values = growth.at(name, iteration.state);
        if (units === undefined) return mean(values);
        const unit = await iteration.read(`unit/${name}`);
        return mean(values.map((value, trial) => value * (unit[trial] ?? 1)));
      };
      const epsilon = mean(growth.at('epsilon', iteration.state));
      return { gamma: await present('gamma'), epsilon, lambda: await present('lambda') };
    }
  },
});

/** Whether v is tested before the step of u, by how well it solves the system whose solution that step needs. */
const isRelative = ({ convergenceTest }: PenaltySettings): boolean => convergenceTest === 'relative';

/** Whether v is trained on g alone at first: not where it starts anew in every iteration. */
const warmsUp = ({ warmUpSteps, warmStart }: PenaltySettings): boolean => warmStart && warmUpSteps > 0;

/** A rate times a factor of each trial and repetition. */
const scaledRate =
  (rate: Rate, factor: (trial: number, step: number) => number): Rate =>
  (state, step) => {
    const rates = rate(state, step);
    return (typeof rates === 'number' ? [rates] : rates).map((each, trial) => each * factor(trial, step));
  };

/** Where each trial is, by what the phase put out. */
function placesOf(phase: Phase): Place[] {
  const [g, lowerGradients, pulls] = [phase.output('g'), phase.output('lowerGradient'), phase.output('pull')];
  return phase.output('f').map((f, trial) => ({
    f,
    g: g[trial] ?? 0,
    lowerGradient: lowerGradients[trial] ?? 0,
    pull: pulls[trial],
  }));
}

/** What an iteration of the penalty method reports. */
export type PenaltyReport = MethodReport<PenaltyDetails>;
/** What the penalty method gives. */
export type PenaltySolver = MethodSolver<FilledOptions<PenaltyOptions>, PenaltyDetails>;
