import { type Evaluations, type Oracles, plus, type Vector } from '../../../bilevel/index.js';
import { BilevelError } from '../../../errors.js';
import {
  gather,
  gradient,
  inner,
  input,
  type Node,
  reshape,
  setRows,
  stopGradient,
  zeros,
} from '../../../graph/index.js';
import type { MethodBuilder } from '../../machine/builder.js';
import type { HostInput } from '../../machine/host-input.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign, type Level, type Update } from '../../machine/level.js';
import type { SolverState } from '../../state.js';

/** How many lower steps are made and differentiated. */
export interface Unrolling {
  /** Steps of v (T). */
  readonly lowerSteps: number;
  /** How many of them, counted from the last, are differentiated (K): 0 to T. */
  readonly backwardSteps: number;
  /** Whether only every ceil(sqrt(K))-th point is kept, from which the others are made again; all are by default. */
  readonly checkpoints?: boolean;
}

/** A number that belongs to lower step t, counted from 0: the same one forward and backward. */
export type AtLowerStep = (name: string, value: (state: SolverState, t: number) => number) => Node;

export interface UnrolledOptions extends Unrolling {
  /** Whether v goes on from iteration to iteration; it does by default. */
  readonly warmStart?: boolean;
  /** What v descends along in a step, which must be written in derivatives of `o`; grad_v g by default. */
  readonly direction?: (o: Oracles, atLowerStep: AtLowerStep) => Vector;
  /** Where v starts in every iteration, as a function of u that is differentiated too; where it is by default. */
  readonly start?: Vector;
}

/** The differentiated steps fall into `count` segments of at most `length` steps, of which the last may be shorter. */
function segmentsOf({ backwardSteps, checkpoints = false }: Unrolling) {
  const length = Math.max(1, checkpoints ? Math.ceil(Math.sqrt(backwardSteps)) : backwardSteps);
  const count = Math.max(1, Math.ceil(backwardSteps / length));
  return { length, count, last: backwardSteps - (count - 1) * length };
}

/**
 * T gradients of g and K products of either kind; with checkpoints all segments but the last are stepped through again.
 */
export function unrolledEvaluations(unrolling: Unrolling): Evaluations {
  const { length, count } = segmentsOf(unrolling);
  return {
    fGradients: 1,
    gGradients: unrolling.lowerSteps + (count - 1) * length,
    hessianVectorProducts: unrolling.backwardSteps,
    jacobianVectorProducts: unrolling.backwardSteps,
  };
}

/**
 * Reverse-mode differentiation of f(u, v_T) with v_{t+1} = Psi(u, v_t), all on one mini-batch, and a step of u along
 * it:
 *
 *     p = grad_u f(u, v_T), q = grad_v f(u, v_T)
 *     p <- p + (dPsi/du)' q, q <- (dPsi/dv)' q       at v_t for t = T - 1, ..., T - K
 *
 * Psi is a step of the optimizer followed by the projection to the sets of the lower level, both differentiated. v
 * stands for what the optimizer keeps between steps as well: it is part of a point, and q has an entry for each of its
 * slots.
 */
export function unrolledDifferentiation(
  b: MethodBuilder,
  { upper, lower }: { readonly upper: Level; readonly lower: Level },
  { direction = (o) => o.lowerGradient(), start, warmStart = true, ...unrolling }: UnrolledOptions,
): (iteration: Iteration) => Promise<object> {
  const { lowerSteps, backwardSteps } = unrolling;
  const { length, count, last } = segmentsOf(unrolling);
  const first = lowerSteps - backwardSteps;
  /** The segment that is stepped or differentiated through. */
  let segment = 0;
  const lengthOf = (index: number): number => (index === count - 1 ? last : length);
  const firstOf = (index: number): number => first + index * length;
  const passes = {
    forward: (step: number) => step,
    replay: (step: number) => firstOf(segment) + step,
    reverse: (step: number) => firstOf(segment) + lengthOf(segment) - 1 - step,
  };
  const scalarsOf =
    (pass: keyof typeof passes): AtLowerStep =>
    (name, value) =>
      b.stepScalar(`${pass}/${name}`, (state, step) => value(state, passes[pass](step)));
  const rowOf = (name: string, value: (step: number) => number): Node =>
    b.hostInput(input(`${name}/row`, [1], 'int32'), true, (_, step) => [value(step)]);
  /** Row of a point within its segment; steps that are not differentiated write rows that are written again. */
  const rowWithin = (t: number): number => (t < first ? 0 : (t - first) % length);

  /** The step size of a lower step that has been made, for making or differentiating it again. */
  const stepSizeOf = (pass: 'replay' | 'reverse'): Node => {
    const { node, value } = lower.stepSize;
    const again: HostInput['value'] = (state, step) => value(state, passes[pass](step) - lowerSteps);
    return b.hostInput(input(`${pass}/stepSize`, node.shape), true, again);
  };

  const present = lower.carried.map(({ node }) => node);
  const scratch = (name: string): Vector =>
    lower.carried.map(({ node, ending }) => b.scratch(name + ending, node.shape));
  /** The variables of a point, without slots. */
  const variablesOf = (point: Vector): Vector => point.slice(0, lower.nodes.length);
  const slotsOf = (point: Vector): Vector => point.slice(lower.nodes.length);
  const points = rowsOf(b, 'points', lower, length);
  const p = b.scratchVector('p', b.upperVariables);
  const q = scratch('q');
  const forwardRow = rowOf('forward', rowWithin);
  const checkpoints = count === 1 ? undefined : checkpointing();

  const begin =
    start === undefined ? undefined : b.phase('lowerStart', () => ({ updates: assign(lower.nodes, start) }));
  const step = b.phase('lower', (o) => ({
    updates: [
      ...lower.step(direction(o, scalarsOf('forward'))),
      ...points.set(forwardRow, present),
      ...(checkpoints?.keep(present) ?? []),
    ],
    reports: { g: o.g, lowerGradient: o.lowerGradient() },
  }));
  const reverseStart = b.phase('reverseStart', (o) => {
    const { u, v } = o.fGradient();
    const none = slotsOf(present).map(({ shape }) => zeros(shape));
    return { updates: [...assign(p, u), ...assign(q, [...v, ...none])], reports: { f: o.f } };
  });
  const reverseRow = rowOf('reverse', (index) => lengthOf(segment) - 1 - index);
  const reverse =
    backwardSteps === 0
      ? undefined
      : b.phase('reverse', (o) => {
          const point = points.get(reverseRow);
          const [scalars, stepSize] = [scalarsOf('reverse'), stepSizeOf('reverse')];
          const pulled = o
            .at({ v: variablesOf(point) })
            .pullBack((at) => lower.stepped(point, direction(at, scalars), stepSize), q, slotsOf(point));
          return { updates: [...assign(p, plus(p, pulled.u)), ...assign(q, [...pulled.v, ...pulled.carried])] };
        });
  const upperStep = b.phase('upper', (o) => {
    const hypergradient =
      start === undefined ? p : plus(p, gradient(inner(start, variablesOf(q).map(stopGradient)), o.u));
    return { updates: upper.step(hypergradient), reports: { hypergradient } };
  });

  /** Keeps the first point of every segment but the last, and steps from there again on a copy of v. */
  function checkpointing() {
    const kept = rowsOf(b, 'checkpoints', lower, count);
    const copy = scratch('replayed');
    // The last segment needs none, so its row takes what is not kept.
    const keepRow = rowOf('checkpoint', (t) =>
      t >= first && rowWithin(t) === 0 ? Math.floor((t - first) / length) : count - 1,
    );
    const replayRow = rowOf('replay', (index) => index);
    const keptRow = b.hostInput(input('restore/row', [1], 'int32'), false, () => [segment]);
    const restore = b.phase('replayStart', () => ({ updates: assign(copy, kept.get(keptRow)) }));
    const replay = b.phase('replay', (o) => {
      const along = direction(o.at({ v: variablesOf(copy) }), scalarsOf('replay'));
      const next = lower.stepped(copy, along, stepSizeOf('replay'));
      return { updates: [...assign(copy, next), ...points.set(replayRow, copy)] };
    });
    return {
      keep: (point: Vector) => kept.set(keepRow, point),
      async replay(iteration: Iteration) {
        await iteration.run(restore);
        await iteration.run(replay, lengthOf(segment));
      },
    };
  }

  return async (iteration) => {
    // An optimizer that starts elsewhere starts anew.
    if (!warmStart || (start !== undefined && slotsOf(present).length > 0)) iteration.restart(lower);
    if (begin !== undefined) await iteration.run(begin);
    await iteration.run(step, lowerSteps);
    await iteration.run(reverseStart);
    for (segment = count - 1; segment >= 0; segment--) {
      if (segment < count - 1) await checkpoints?.replay(iteration);
      if (reverse !== undefined) await iteration.run(reverse, lengthOf(segment));
    }
    await iteration.run(upperStep);
    return {};
  };
}

/** Rows that hold a point of the lower level each, with the slots of its optimizer. @throws LIMIT_EXCEEDED */
function rowsOf(b: MethodBuilder, name: string, lower: Level, count: number) {
  const tensors = lower.carried.map(({ node, ending }) => {
    try {
      return b.scratch(name + ending, [count, ...node.shape]);
    } catch (cause) {
      if (!(cause instanceof BilevelError) || cause.code !== 'LIMIT_EXCEEDED') throw cause;
      const advice =
        'Lower lowerSteps, or differentiate fewer of them or keep checkpoints, as rmd can (backwardSteps, storage).';
      const what = `the ${count} values of ${lower.name}${ending} that reverse mode keeps`;
      throw new BilevelError('LIMIT_EXCEEDED', `There is no memory for ${what}. ${advice}`, { cause });
    }
  });
  return {
    get: (row: Node): Vector => tensors.map((all) => reshape(gather(all, row, 0), all.shape.slice(1))),
    set: (row: Node, point: Vector): Update[] =>
      tensors.map((all, index): Update => {
        const value = point[index];
        if (value === undefined) throw new RangeError('A point needs a node for every lower variable.');
        return [all, setRows(all, row, reshape(value, [1, ...value.shape]))];
      }),
  };
}
