import { type BilevelProblem, requireProblem } from '../bilevel/index.js';
import { Random } from '../data/random.js';
import { constant, gradient, inner, reduceSum } from '../graph/index.js';
import { evaluate, type RespondOptions, type Response, respond } from '../solvers/index.js';
import { elementCount, type Tensor } from '../tensor.js';
import { compareWithDifferences, type Derived, type DifferenceResult, moveAside } from './differences.js';
import { smallBatch } from './problem-batch.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** What methods are made of, w being a fixed direction. */
export type DerivativeName = 'grad_u f' | 'grad_v f' | 'grad_u g' | 'grad_v g' | 'grad_uv g w' | 'grad_vv g w';

/** Options of {@link checkProblem}. */
export interface CheckProblemOptions extends RespondOptions {
  /** The upper variables by name; where the problem lets them start by default. */
  readonly u?: Tensors | undefined;
}

/** What was found of a problem. */
export interface ProblemCheck {
  /**
   * Each derivative against central differences in float64, on a mini-batch of at most 8 rows of each feed, near the
   * start: the error relative to its length. Without one, differences could not tell: there was a kink, or rounding hid
   * it.
   */
  readonly derivatives: Readonly<Record<DerivativeName, DifferenceResult>>;
  /** Costs and |grad_v g| on all rows where the problem lets u and v start. */
  readonly start: { readonly f: number; readonly g: number; readonly lowerGradientNorm: number };
  /** v* for that u, how the search for it ended, and f there. */
  readonly response: Response & { readonly f: number };
  /** The condition of grad_vv g near v* is at least this. Undefined where v starts at v*. */
  readonly condition: number | undefined;
  /** What may go wrong and what helps, in sentences; none where nothing was found. */
  readonly advice: readonly string[];
}

/** Beyond this a derivative is not that of its cost. */
const mostError = 1e-4;
const highCondition = 1e4;

/**
 * Looks at a problem before it is solved: whether the derivatives of both costs are those that central differences
 * give, whether g has a minimum over v that can be found, how ill-conditioned it is there, and what f is at it.
 * @throws as `respond` and `evaluate`
 */
export async function checkProblem(problem: BilevelProblem, options: CheckProblemOptions = {}): Promise<ProblemCheck> {
  requireProblem(problem, 'bilevelProblem');
  const { u: given, ...search } = options;
  const { feeds, batches, device, signal } = search;
  const whole = { feeds, batches, device, signal };
  const initial = (level: 'upper' | 'lower'): Tensors =>
    Object.fromEntries(problem[level].map(({ name, initial }) => [name, initial]));
  const [u, v] = [given ?? initial('upper'), initial('lower')];
  const { metrics: _, ...start } = await evaluate(problem, { u, v }, whole);
  const found = await respond(problem, u, search);
  const { f } = await evaluate(problem, { u, v: found.v }, whole);
  const derivatives = await checkDerivatives(feeds === undefined ? problem : problem.withFeeds(feeds), u, v);
  const condition = found.curvature && found.curvature.largest / found.curvature.least;
  const response = { ...found, f };
  return { derivatives, start, response, condition, advice: adviseOn(derivatives, response, condition) };
}

async function checkDerivatives(
  stated: BilevelProblem,
  u: Tensors,
  v: Tensors,
): Promise<Readonly<Record<DerivativeName, DifferenceResult>>> {
  const named = (level: string, tensors: Tensors) =>
    Object.entries(tensors).map(([name, tensor]): [string, Tensor] => [`${level}/${name}`, tensor]);
  const { problem, feeds } = await smallBatch(stated, Object.fromEntries([...named('u', u), ...named('v', v)]));
  const us = problem.upper.map(({ value }) => value);
  const vs = problem.lower.map(({ value }) => value);
  const [f, g] = [reduceSum(problem.f), reduceSum(problem.g)];
  const random = Random.fromSeed(0, 'w');
  const w = vs.map(({ shape }) =>
    constant(
      Float64Array.from({ length: elementCount(shape) }, () => random.normal()),
      shape,
    ),
  );
  const slope = inner(gradient(g, vs), w);
  const derived: readonly Omit<Derived<DerivativeName>, 'derivative'>[] = [
    { name: 'grad_u f', scalar: f, by: us },
    { name: 'grad_v f', scalar: f, by: vs },
    { name: 'grad_u g', scalar: g, by: us },
    { name: 'grad_v g', scalar: g, by: vs },
    { name: 'grad_uv g w', scalar: slope, by: us },
    { name: 'grad_vv g w', scalar: slope, by: vs },
  ];
  const stating = derived.map((each) => ({ ...each, derivative: gradient(each.scalar, each.by) }));
  const results = compareWithDifferences(stating, moveAside(feeds, [...us, ...vs]), () => undefined);
  return Object.fromEntries(results) as Record<DerivativeName, DifferenceResult>;
}

function adviseOn(
  derivatives: ProblemCheck['derivatives'],
  { status, residual, steps }: ProblemCheck['response'],
  condition: number | undefined,
): string[] {
  const advice: string[] = [];
  for (const [name, { error, kinks }] of Object.entries(derivatives)) {
    if (error !== undefined && !(error <= mostError)) {
      advice.push(
        `${name} is off by ${error.toExponential(1)} from central differences: the cost holds something constant there, as ` +
          'stopGradient and rounding do, or is not differentiable.',
      );
    } else if (error === undefined && kinks > 0) {
      advice.push(`${name} could not be checked: the cost has a kink at this point, as ReLU and abs have at 0.`);
    }
  }
  const reached = `|grad_v g| came to ${residual.toExponential(1)} of its first value in ${steps} steps`;
  if (status === 'flat') {
    advice.push(
      `g has no minimum over v, or one that is far away: ${reached}, but v goes on growing. f(u, v*) then depends on where a ` +
        'method stops. Add a regulariser of v to g, such as a small multiple of its squared norm.',
    );
  } else if (status !== 'converged') {
    advice.push(
      `The minimum of g over v was not found: ${reached} and ` +
        `${status === 'steps' ? 'no further, for want of steps; raise maxSteps' : 'cannot be seen to fall further in float32'}.`,
    );
  }
  if (condition !== undefined && condition > highCondition) {
    advice.push(
      `grad_vv g is ill-conditioned: its curvatures differ by a factor of at least ${condition.toExponential(0)}, and plain gradient ` +
        'steps on v need about as many of them. Bring the features to one scale, add a regulariser, or take Adam for v.',
    );
  }
  return advice;
}
