import {
  minus,
  type Oracles,
  plus,
  plusScaled,
  scaled,
  smallestNormal,
  spread,
  type Vector,
} from '../../../bilevel/index.js';
import {
  add,
  and,
  div,
  greater,
  lessEqual,
  maximum,
  minimum,
  mul,
  type Node,
  not,
  sqrt,
  where,
  zeros,
} from '../../../graph/index.js';
import type { MethodBuilder, PhaseOptions } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign, type Update } from '../../machine/level.js';
import { type Curvatures, curvatureCheck } from './curvature-check.js';
import { type LinearSystem, type LinearSystemOptions, systemProduct } from './linear-system.js';

export interface ConjugateGradientOptions extends LinearSystemOptions {
  /** Whether z goes on from the iteration before; else it starts at 0. */
  readonly warmStart?: boolean;
  /** What to do about an indefinite or singular Hessian: a sentence that names the method's options. */
  readonly advice?: string;
  /** Whether negative curvature ends the steps, with the solution so far, in place of the run; false by default. */
  readonly stopsAtNegative?: boolean;
}

/** Relative residual at which the system is solved: what is left is rounding, and ratios of it are noise. */
const tolerance = 1e-7;

/** Share of the largest curvature seen below which another cannot be told from 0 in float32. */
const flatness = 1e-6;

/** How many times the least residual that of the iterate may be while the system is taken to have a solution. */
const consistent = 4;

/** So that the inverse of a squared residual is finite. */
const leastError = 1e-30;

/** A symmetric system A z = b in z, of which only products with vectors are needed. */
export interface SystemProducts {
  /** A w */
  readonly product: (o: Oracles, w: Vector) => Vector;
  /** grad_uv g w: what u makes of a part of z. */
  readonly coupling: (o: Oracles, w: Vector) => Vector;
}

export interface ConjugateGradientSteps {
  /** Updates that begin the iteration at z = 0, where the residual is the right-hand side. */
  begin(rightSide: Vector): Update[];
  /** Updates that begin it at the present z, where the residual b - A z is this one. */
  beginAtPresent(residual: Vector, rightSide: Vector): Update[];
  /**
   * Makes so many steps, and says how large the relative residual is then, for each trial.
   * @throws INDEFINITE_HESSIAN, SINGULAR_HESSIAN
   */
  run(iteration: Iteration, steps: number): Promise<readonly number[]>;
  /** Whether further steps would change nothing. */
  readonly ended: boolean;
}

/**
 * Conjugate gradients (Hestenes and Stiefel 1952) on A z = b for a symmetric A. Steps change nothing once the residual
 * is `tolerance` times |b|, or times that of the start where it is larger, and once the direction has no curvature.
 * Residuals and directions are kept relative to that length, so that no square of them vanishes in float32.
 *
 * z is the last iterate, the nearest to the solution in the norm of A. Where its residual is many times the least that
 * the space of the iterates allows, and where the curvature has ended, the system has no solution, and z is the mean of
 * all iterates weighted by 1 / |r_j|^2, which has that least residual (Zhou and Walker 1994). The residual of the mean
 * is p_k / (|r_k|^2 sum_j 1 / |r_j|^2), along the direction p_k: so where p_k has no curvature it solves the least
 * squares.
 * @param z where the solution comes to be
 */
export function conjugateGradientSteps(
  b: MethodBuilder,
  z: Vector,
  { product, coupling }: SystemProducts,
  {
    advice,
    stopsAtNegative = false,
    ...options
  }: PhaseOptions & { readonly advice: string; readonly stopsAtNegative?: boolean },
): ConjugateGradientSteps {
  const vector = (name: string): Vector => b.scratchVector(`conjugateGradient.${name}`, b.lowerVariables);
  const scalarShape = b.trials === undefined ? [] : [b.trials];
  const scalar = (name: string): Node => b.scratch(`conjugateGradient.${name}`, scalarShape);
  const [residual, direction] = [vector('residual'), vector('direction')];
  const [iterate, smoothed] = [vector('iterate'), vector('smoothed')];
  /** The length that residual and direction are relative to. */
  const scale = scalar('scale');
  /** |r|^2, |p|^2 and the sum of all 1 / |r|^2. */
  const [error, length, weight] = [scalar('error'), scalar('length'), scalar('weight')];
  const [lowest, highest] = [scalar('lowestCurvature'), scalar('highestCurvature')];

  const step = b.phase(
    'linearSystem',
    (o) => {
      const image = product(o, direction);
      const along = b.dot(direction, image);
      const curvature = div(along, maximum(length, leastError));
      const top = maximum(highest, curvature);
      const unsolved = greater(error, tolerance ** 2);
      const curved = greater(curvature, mul(flatness, top));
      const moves = and(unsolved, curved);
      const ended = and(unsolved, not(curved));
      const ifMoved = (value: Node | number, otherwise: Node | number): Node => where(moves, value, otherwise);

      const alpha = ifMoved(div(error, ifMoved(along, 1)), 0);
      const next = minus(residual, scaled(alpha, image));
      const nextError = ifMoved(maximum(b.squaredNorm(next), leastError), error);
      const turn = ifMoved(div(nextError, ifMoved(error, 1)), 1);
      const nextDirection = plus(scaled(ifMoved(1, 0), next), scaled(turn, direction));
      const nextLength = b.squaredNorm(nextDirection);
      const nextIterate = plusScaled(iterate, mul(alpha, scale), direction);
      const nextWeight = add(weight, ifMoved(div(1, nextError), 0));
      const share = ifMoved(div(1, mul(nextError, nextWeight)), 0);
      const nextSmoothed = plusScaled(smoothed, share, minus(nextIterate, smoothed));
      const ofIterate = sqrt(nextError);
      const ofSmoothed = div(sqrt(nextLength), maximum(mul(nextError, nextWeight), leastError));
      const isSolution = and(lessEqual(ofIterate, mul(consistent, ofSmoothed)), not(ended));
      const best = nextIterate.map((each, index) =>
        where(spread(isSolution, each.shape.length), each, nextSmoothed[index] ?? each),
      );
      const curvatures = [minimum(lowest, curvature), top];
      return {
        updates: [
          ...assign([...residual, ...direction, ...iterate], [...next, ...nextDirection, ...nextIterate]),
          ...assign([...smoothed, ...z], [...nextSmoothed, ...best]),
          ...assign([error, length, weight], [nextError, nextLength, nextWeight]),
          ...assign([lowest, highest], curvatures),
        ],
        outputs: {
          lowestCurvature: curvatures[0] as Node,
          highestCurvature: top,
          curvatureEnded: where(ended, 1, 0),
        },
        reports: { linearResidual: where(isSolution, ofIterate, ofSmoothed) },
      };
    },
    options,
  );

  const beginAtPresent = (first: Vector, rightSide: Vector): Update[] => {
    const size = maximum(b.norm(rightSide), b.norm(first));
    const unit = where(greater(size, smallestNormal), size, 1);
    const start = scaled(div(1, unit), first);
    const firstError = b.squaredNorm(start);
    return [
      ...assign([...residual, ...direction], [...start, ...start]),
      ...assign([...iterate, ...smoothed], [...z, ...z]),
      ...assign([scale, error, length], [unit, firstError, firstError]),
      ...assign([weight], [div(1, maximum(firstError, leastError))]),
      ...assign([lowest, highest], [zeros(scalarShape), zeros(scalarShape)]),
    ];
  };
  const checkCurvature = curvatureCheck(
    b,
    { coupling, residual: direction, solution: z, advice, stopsAtNegative },
    options,
  );
  return {
    beginAtPresent,
    begin(rightSide) {
      const zero = z.map(({ shape }) => zeros(shape));
      const started = beginAtPresent(rightSide, rightSide);
      const vectors = new Set([...iterate, ...smoothed]);
      const scalars = started.filter(([target]) => !vectors.has(target));
      return [...scalars, ...assign([...z, ...iterate, ...smoothed], [...zero, ...zero, ...zero])];
    },
    get ended() {
      const stopped = step.output('curvatureEnded');
      return step.output('linearResidual').every((left, trial) => left <= tolerance || stopped[trial] !== 0);
    },
    async run(iteration, steps) {
      await iteration.run(step, steps);
      const curvatures: Curvatures = {
        lowest: step.output('lowestCurvature'),
        highest: step.output('highestCurvature'),
        ended: step.output('curvatureEnded'),
        residual: step.output('linearResidual'),
      };
      await checkCurvature(iteration, curvatures);
      return curvatures.residual;
    },
  };
}

/** The linear system by conjugate gradients, on the Hessian of the present point. */
export function conjugateGradient(
  b: MethodBuilder,
  {
    tikhonov = 0,
    warmStart = false,
    advice = 'Make more lowerSteps, raise the option tikhonov, or add a regulariser to g.',
    ...options
  }: ConjugateGradientOptions = {},
): LinearSystem {
  const z = warmStart ? b.vector('z', b.lowerVariables) : b.scratchVector('z', b.lowerVariables);
  const upperGradient = b.scratchVector('upperGradient', b.upperVariables);
  const products: SystemProducts = {
    product: (o, w) => systemProduct(o, w, tikhonov),
    coupling: (o, w) => o.jacobianVectorProduct(w),
  };
  const steps = conjugateGradientSteps(b, z, products, { advice, ...options });
  const start = b.phase(
    'linearSystemStart',
    (o) => {
      const { u, v } = o.fGradient();
      const begun = warmStart ? steps.beginAtPresent(minus(v, systemProduct(o, z, tikhonov)), v) : steps.begin(v);
      return { updates: [...assign(upperGradient, u), ...begun], reports: { f: o.f } };
    },
    options,
  );
  return {
    z,
    upperGradient,
    async solve(iteration, count) {
      await iteration.run(start);
      await steps.run(iteration, count);
    },
  };
}
