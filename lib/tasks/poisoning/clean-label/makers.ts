import { compileCached, optionsFor } from '../../../compile/index.js';
import { bindTensors, type Device } from '../../../engine/index.js';
import { BilevelError } from '../../../errors.js';
import { add, constant, div, gradient, input, mul, reduceSum, square, sub } from '../../../graph/index.js';
import { penalty, type SavedState } from '../../../solvers/index.js';
import type { Resources } from '../../../study/index.js';
import { Tensor } from '../../../tensor.js';
import type { CleanLabelInputs } from './data.js';
import { applyFeatures } from './features.js';
import { ballsAround, cleanLabelProblem } from './problem.js';
import type { CleanLabelMethod, CleanLabelSettings } from './settings.js';

/** A line of a run's metrics. */
export interface CleanLabelRow {
  readonly iteration: number;
  /** What the method descends, the mean over all targets. */
  readonly cost: number;
}

/** Makes the poison points of all targets, each within a radius of its base. */
export interface Maker extends Disposable {
  readonly total: number;
  /** The rows that are left, after each of which it may be saved. @throws ABORTED */
  rows(): AsyncGenerator<CleanLabelRow, void, undefined>;
  /** u as it is now, [targets, ...]. */
  poison(): Tensor<'float32'>;
  save(): SavedState;
}

export interface MakerStatement {
  readonly inputs: CleanLabelInputs;
  readonly settings: CleanLabelSettings;
  /** A copy keeps to none. */
  readonly radius: number;
  readonly resources: Pick<Resources, 'device' | 'signal'>;
  readonly saved?: SavedState | undefined;
}

/** Steps of feature collision in one native call. */
const stepsPerCall = 100;

/** By name. Each throws STATE_MISMATCH for a state of another run. */
export const makers: Readonly<Record<CleanLabelMethod, (statement: MakerStatement) => Maker>> = {
  copy: ({ inputs: { box, targets } }) => ({
    total: 0,
    async *rows() {
      // Nothing is optimized.
    },
    poison: () => box.toUnit(targets),
    save: () => ({ tensors: new Map(), values: {} }),
    [Symbol.dispose]: () => undefined,
  }),
  splitting: splittingMaker,
  penalty: penaltyMaker,
};

function penaltyMaker({ inputs, settings, radius, resources, saved }: MakerStatement): Maker {
  const { bases, box } = inputs;
  const { iterations } = settings;
  const problem = cleanLabelProblem(inputs, settings, bases, ballsAround(box.toUnit(bases), radius));
  const solver = penalty(problem, settings.penalty, { device: resources.device });
  const state = saved === undefined ? solver.init() : solver.restore(saved);
  return {
    total: iterations,
    async *rows() {
      const left = Math.max(0, iterations - state.counters.iteration);
      for await (const { iteration, f } of solver.run({ state, iterations: left, signal: resources.signal })) {
        yield { iteration, cost: f };
      }
    },
    poison: () => state.u.poison as Tensor<'float32'>,
    save: () => solver.serialize(state),
    [Symbol.dispose]: () => solver.dispose(),
  };
}

/**
 * Feature collision by forward-backward splitting (Shafahi et al. 2018, Algorithm 1), with a projection to the ball and
 * the box after every step:
 *
 *     forward   u <- u - lambda grad |r(u) - r(t)|^2
 *     backward  u <- (u + lambda beta base) / (1 + lambda beta)
 */
function splittingMaker({ inputs, settings, radius, resources, saved }: MakerStatement): Maker {
  const { splittingSteps, splittingRate: rate, splittingWeight } = settings;
  const bases = inputs.box.toUnit(inputs.bases);
  const { poison, iteration: begun } = restoreSplitting(bases, saved);
  let iteration = begun;
  const run = compileSplitting(inputs, { rate, pull: rate * splittingWeight }, radius, resources.device);
  return {
    total: splittingSteps,
    async *rows() {
      while (iteration < splittingSteps) {
        const steps = Math.min(stepsPerCall, splittingSteps - iteration);
        const cost = await run.steps(poison, steps, resources.signal);
        iteration += steps;
        yield { iteration, cost };
      }
    },
    poison: () => poison,
    save: () => ({ tensors: new Map([['poison', poison]]), values: { iteration } }),
    [Symbol.dispose]: () => run.dispose(),
  };
}

function compileSplitting(
  { map, targetFeatures, box, bases: start }: CleanLabelInputs,
  { rate, pull }: { readonly rate: number; readonly pull: number },
  radius: number,
  device: Device,
) {
  const bases = box.toUnit(start);
  const u = input('poison', bases.shape);
  const features = applyFeatures(map, box.apply(u, start));
  const distance = reduceSum(square(sub(features, constant(targetFeatures))), [1]);
  const [slope = u] = gradient(reduceSum(distance), [u]);
  const forward = sub(u, mul(rate, slope));
  const backward = div(add(forward, mul(pull, constant(bases))), 1 + pull);
  const next = ballsAround(bases, radius).project(backward, 1);
  const cost = div(reduceSum(distance), bases.shape[0] ?? 1);
  const compiled = compileCached({ updates: [[u, next]], outputs: { cost } }, optionsFor(device));
  const program = device.load(compiled);
  const told = Tensor.zeros([]);
  return {
    steps: async (poison: Tensor<'float32'>, steps: number, signal: AbortSignal): Promise<number> => {
      await program.run(bindTensors(compiled, { poison, cost: told }), { steps, signal });
      return told.data[0] ?? Number.NaN;
    },
    dispose: () => program.dispose(),
  };
}

function restoreSplitting(bases: Tensor<'float32'>, saved: SavedState | undefined) {
  if (saved === undefined) return { poison: bases.clone(), iteration: 0 };
  const poison = saved.tensors.get('poison');
  const { iteration } = saved.values as { readonly iteration?: unknown };
  if (poison?.size === bases.size && typeof iteration === 'number') {
    return { poison: poison.clone() as Tensor<'float32'>, iteration };
  }
  throw new BilevelError('STATE_MISMATCH', 'The saved state is not one of feature collision on these targets.');
}
