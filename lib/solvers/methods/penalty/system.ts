import {
  box,
  type Constraint,
  dot,
  minus,
  Oracles,
  plusScaled,
  spread,
  type Variable,
  type Vector,
} from '../../../bilevel/index.js';
import { add, div, gradient, input, maximum, mul, type Node, reduceSum, square, zeros } from '../../../graph/index.js';
import { Tensor } from '../../../tensor.js';
import type { MethodBuilder } from '../../machine/builder.js';
import { inputName } from '../../machine/input-name.js';
import { assign, type Update } from '../../machine/level.js';
import { multiplierBinding } from './constraints.js';
import type { PenaltySettings } from './options.js';

/** Scalars, or one value per trial. */
export interface PenaltyWeights {
  /** The penalty weight. */
  readonly gamma: Node;
  /** gamma where the multipliers take a step, else 0. */
  readonly multiplierStep: Node;
}

/** What the penalty method descends along, as one single-level problem with multipliers. */
export interface PenaltySystem {
  /** The variables of both levels, with slacks and the multipliers of lower constraints. */
  readonly upper: readonly Variable[];
  readonly lower: readonly Variable[];
  /** Of f with the terms of the upper constraints, and of the residual r(u, v) of the lower level. */
  readonly oracles: Oracles;
  /** Gradient in the lower variables of g with the terms of the lower constraints: what convexifies the steps of v. */
  readonly convexification: Vector;
  /** Zeros for the lower variables besides v: the multipliers and slacks of lower constraints. */
  readonly atRest: Vector;
  /** The multipliers nu of r(u, v) = 0; undefined without multipliers. */
  readonly nu: Vector | undefined;
  /** nu + step r, and the steps of the multipliers of upper constraints. */
  multiplierUpdates(residual: Vector): Update[];
}

/** A free variable that moves with those of a level, none of the problem's: its binding is not in `u/` or `v/`. */
function extra(binding: string, name: string, like: Node, start: number): Variable {
  const value = input(binding, like.shape);
  const initial = Tensor.zeros(like.shape);
  initial.data.fill(start);
  return { name, initial, whole: value, value, index: undefined, set: undefined };
}

const slackOf = (level: 'u' | 'v', { name, value }: Constraint): Variable =>
  extra(`${level}.slack/${name}`, `slack.${name}`, value, slackStart);

// At a slack of 0 the derivative of its square is 0, and it would never leave it.
const slackStart = 1;

/**
 * The terms of an upper constraint in the augmented Lagrangian: <nu, e> + gamma / 2 |e|^2 for e = 0; for h <= 0 the
 * same with e = h + s^2 and a slack s (Mehra and Hamm 2021, equation 7), or with the slack eliminated,
 * |max(0, nu + gamma h)|^2 / (2 gamma).
 */
function upperTerm(
  b: MethodBuilder,
  constraint: Constraint,
  { gamma, multiplierStep }: PenaltyWeights,
  options: PenaltySettings,
) {
  const { name, kind, value } = constraint;
  const rank = value.shape.length;
  const nu = options.multipliers
    ? b.tensor(multiplierBinding('u', name), value.shape, () => Tensor.zeros(value.shape))
    : undefined;
  const stepped = (by: Node, e: Node): Node => add(nu ?? 0, mul(spread(by, rank), e));
  if (kind === 'inequality' && options.inequalities === 'closed') {
    const active = maximum(stepped(gamma, value), 0);
    const term = div(dot([active], [active], b.trials), mul(2, gamma));
    return {
      term,
      slack: [],
      updates: nu === undefined ? [] : assign([nu], [maximum(stepped(multiplierStep, value), 0)]),
    };
  }
  const slack = kind === 'inequality' ? [slackOf('u', constraint)] : [];
  const e = slack.reduce((sum, s) => add(sum, square(s.value)), value);
  const penalty = mul(mul(0.5, gamma), dot([e], [e], b.trials));
  const term = nu === undefined ? penalty : add(dot([nu], [e], b.trials), penalty);
  return { term, slack, updates: nu === undefined ? [] : assign([nu], [stepped(multiplierStep, e)]) };
}

/**
 * The lower level's residual r: grad_v g, or where v is kept in sets its projected form v - P(v - grad_v g), which
 * vanishes at solutions on their boundary too. Constraints c(u, v) <= 0 and e(u, v) = 0 join as their KKT conditions,
 * with multipliers m >= 0 and slacks s that move with v: grad_v (g + <m, c>), c + s^2, m s and e.
 */
function lowerSystem(b: MethodBuilder, options: PenaltySettings) {
  const { lower, g, constraints, trials } = b.problem;
  const multiplierOf = ({ name, kind, value }: Constraint): Variable => {
    const multiplier = extra(multiplierBinding('v', name), `multiplier.${name}`, value, 0);
    return kind === 'inequality' ? { ...multiplier, set: box(0, Number.POSITIVE_INFINITY) } : multiplier;
  };
  const conditions = constraints.lower.map((constraint) => {
    const multiplier = multiplierOf(constraint);
    const term = dot([multiplier.value], [constraint.value], trials);
    if (constraint.kind === 'equality') return { term, variables: [multiplier], residual: [constraint.value] };
    const slack = slackOf('v', constraint);
    return {
      term,
      variables: [multiplier, slack],
      residual: [add(constraint.value, square(slack.value)), mul(multiplier.value, slack.value)],
    };
  });
  const v = lower.map(({ value }) => value);
  const lagrangian = conditions.reduce((sum, { term }) => add(sum, term), g);
  const stationarity = gradient(reduceSum(lagrangian), v);
  const nearest = minus(v, stationarity).map(
    (node, index) => lower[index]?.set?.project(node, trials === undefined ? 0 : 1) ?? node,
  );
  const projected = options.stationarity === 'projected';
  const residual = stationarity.map((node, index) =>
    projected && lower[index]?.set !== undefined
      ? (minus([v[index] ?? node], [nearest[index] ?? node])[0] ?? node)
      : node,
  );
  return {
    variables: [...lower, ...conditions.flatMap(({ variables }) => variables)],
    residual: [...residual, ...conditions.flatMap(({ residual }) => residual)],
    stationarity,
  };
}

export function penaltySystem(b: MethodBuilder, weights: PenaltyWeights, options: PenaltySettings): PenaltySystem {
  const { f, g, constraints } = b.problem;
  const terms = constraints.upper.map((constraint) => upperTerm(b, constraint, weights, options));
  const upper = [...b.upperVariables, ...terms.flatMap(({ slack }) => slack)];
  const { variables: lower, residual, stationarity } = lowerSystem(b, options);
  const nu = options.multipliers
    ? lower.map(({ whole }) =>
        b.tensor(nuBinding(whole), whole.shape, () => {
          const tensor = Tensor.zeros(whole.shape);
          tensor.data.fill(options.nu);
          return tensor;
        }),
      )
    : undefined;
  return {
    upper,
    lower,
    oracles: new Oracles({
      f: terms.reduce((sum, { term }) => add(sum, term), f),
      g,
      u: upper.map(({ value }) => value),
      v: lower.map(({ value }) => value),
      residual,
    }),
    convexification: stationarity,
    atRest: lower.slice(stationarity.length).map(({ value }) => zeros(value.shape)),
    nu,
    multiplierUpdates: (present) => [
      ...(nu === undefined ? [] : assign(nu, plusScaled(nu, weights.multiplierStep, present))),
      ...terms.flatMap(({ updates }) => updates),
    ],
  };
}

/** `nu/weight` for `v/weight`: the residual has one entry for each lower variable, those that were added included. */
const nuBinding = (lower: Node): string => inputName(lower).replace('v', 'nu');
