import { plus, scaled, type Vector } from '../../../bilevel/index.js';
import { mean } from '../../../numbers.js';
import type { MethodReport } from '../../machine/method-solver.js';
import { defineMethod } from '../../method.js';
import type { SolverState } from '../../state.js';
import { type ConstraintReport, reportConstraints, violations } from './constraints.js';
import { convergenceTests } from './convergence.js';
import { Growth } from './growth.js';
import { penaltyOptions, validatePenaltyOptions } from './options.js';
import { penaltySystem } from './system.js';

/** What the penalty method reports besides. With trials, numbers are means over them. */
export interface PenaltyDetails {
  /** |grad_u f~1| and |grad_v f~2| after the step of u: what the convergence test looks at. */
  readonly upperResidual: number;
  readonly lowerResidual: number;
  /** The penalty weight, tolerance and convexification that the iteration was made with. */
  readonly gamma: number;
  readonly epsilon: number;
  readonly lambda: number;
  /** Whether the residuals passed the convergence test, in every trial. */
  readonly passed: boolean;
  /** How often gamma has grown so far. */
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
  evaluations: ({ lowerSteps }) => ({
    fGradients: lowerSteps + 2,
    gGradients: lowerSteps + 2,
    hessianVectorProducts: lowerSteps + 1,
    jacobianVectorProducts: 2,
  }),
  memory: () => 'constant',
  build(b, options) {
    const growth = new Growth(b, options);
    /** gamma of the trials whose multipliers take a step, 0 of the others. */
    let multiplierSteps: readonly number[] = [];
    const gamma = b.scalar('gamma', (state) => growth.at('gamma', state), { perTrial: true });
    const lambda = b.scalar('lambda', (state) => growth.at('lambda', state), { perTrial: true });
    const step = b.scalar('multiplierStep', () => multiplierSteps, { perTrial: true });
    const system = penaltySystem(b, { gamma, multiplierStep: step }, options);
    const upper = b.upper(options, { rate: growth.rate('upper'), variables: system.upper });
    const lower = b.lower(options, { rate: growth.rate('lower'), variables: system.lower });
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
        return {
          reports: { f, g, lowerGradient: residual },
          outputs: {
            upper: b.norm(lagrangian.u),
            lower: b.norm(convexified(lagrangian.v)),
            ...violations(b.problem),
          },
        };
      },
      { oracles, once: true },
    );
    const multipliers = options.multipliers
      ? b.phase('multipliers', (o) => ({ updates: system.multiplierUpdates(o.residual()) }), { oracles, once: true })
      : undefined;

    const passes = (state: SolverState): boolean[] => {
      const [upperResiduals, lowerResiduals] = [residuals.output('upper'), residuals.output('lower')];
      const test = convergenceTests[options.convergenceTest];
      return growth
        .at('epsilon', state)
        .map((epsilon, trial) =>
          test((upperResiduals[trial] ?? Number.NaN) ** 2, (lowerResiduals[trial] ?? Number.NaN) ** 2, epsilon),
        );
    };

    return async (iteration): Promise<PenaltyDetails> => {
      const { state } = iteration;
      const present = (name: 'gamma' | 'epsilon' | 'lambda'): number => mean(growth.at(name, state));
      const norm = (name: 'upper' | 'lower'): number => mean(residuals.output(name));
      const used = { gamma: present('gamma'), epsilon: present('epsilon'), lambda: present('lambda') };
      if (!options.warmStart) iteration.restart(lower);
      await iteration.run(lowerPhase, options.lowerSteps);
      await iteration.run(upperPhase);
      await iteration.run(residuals);
      const passed = passes(state);
      const found = { upperResidual: norm('upper'), lowerResidual: norm('lower'), passed: !passed.includes(false) };
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
      const constraints = await reportConstraints(b.problem, residuals, iteration);
      return { ...found, ...used, growths: mean(growth.counts(state)), constraints };
    };
  },
});

export type PenaltyReport = MethodReport<PenaltyDetails>;
export type PenaltySolver = ReturnType<typeof penalty>;
