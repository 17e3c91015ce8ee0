import test from 'ava';
import type { BilevelProblem } from '../../../lib/bilevel/index.js';
import { type MethodSolver, methods, type SolverResources, SolverState } from '../../../lib/solvers/index.js';
import { testDevice } from '../../support/devices.js';
import { Fixture } from '../../support/safetensors.js';
import { type IterateRow, iterateRows, type RunSettings } from '../../support/solvers/iterate-rows.js';
import { quadraticSamples } from '../../support/solvers/quadratic-samples.js';

const device = testDevice();
test.after.always(() => device.dispose());

const [samples, block] = [8, 2];
const reading = Fixture.read('quadratic-iterates.safetensors');

/** Hands out the block of the present iteration, however often and however many are asked for. */
class IterationBlocks {
  readonly state = { count: samples, batch: block, random: [1, 0, 0, 0], position: 0 } as const;
  readonly #order: readonly number[];
  readonly #iteration: () => number;

  constructor(order: readonly number[], iteration: () => number) {
    this.#order = order;
    this.#iteration = iteration;
  }

  next(batches = 1): Int32Array {
    const first = block * (this.#order[this.#iteration()] ?? 0);
    return Int32Array.from({ length: batches * block }, (_, position) => first + (position % block));
  }

  restore(): void {
    throw new Error('The blocks follow the iteration.');
  }
}

type AnyMethod = (problem: BilevelProblem, options: object, resources: SolverResources) => MethodSolver;

for (const [run, row] of Object.entries(iterateRows)) {
  const { method, options, states = {}, blocks }: IterateRow = row;
  const compared = { u: 'u/u', v: 'v/v', ...states };
  const open = (fixture: Fixture, batch: number | undefined): MethodSolver => {
    const settings = JSON.parse(fixture.metadata('methods')) as Readonly<Record<string, RunSettings>>;
    return (methods[method] as AnyMethod)(quadraticSamples(fixture, batch), options(settings[run] ?? {}), { device });
  };

  const follow = async (
    fixture: Fixture,
    solver: MethodSolver,
    state: ReturnType<MethodSolver['init']>,
    prefix: string,
    check: (difference: number, what: string) => void,
  ): Promise<void> => {
    for (let iteration = 1; iteration <= 20; iteration++) {
      await solver.step(state);
      for (const [name, binding] of Object.entries(compared)) {
        const all = fixture.numbers(`${prefix}/${name}`);
        const size = all.length / 21;
        const expected = all.slice(iteration * size, (iteration + 1) * size);
        const got = state.tensors[binding]?.toArray() ?? [];
        const scale = Math.max(1, ...expected.map(Math.abs));
        const difference = Math.max(...expected.map((value, at) => Math.abs(value - (got[at] ?? Number.NaN)))) / scale;
        check(difference, `${name} after iteration ${iteration}: ${got}, not ${expected}`);
      }
    }
  };

  if (blocks !== 'only') {
    test(`${method}: on all rows follows the independent iterates of ${run}`, async (t) => {
      const fixture = await reading;
      using solver = open(fixture, undefined);
      await follow(fixture, solver, solver.init(), run, (difference, what) => t.true(difference < 1e-6, what));
    });
  }

  if (blocks !== false) {
    test(`${method}: by blocks follows the independent iterates of ${run}`, async (t) => {
      const fixture = await reading;
      using solver = open(fixture, block);
      const { tensors, counters } = solver.init();
      const blocksOf = (level: 'lower' | 'upper') =>
        new IterationBlocks(fixture.numbers(`order/${level}`), () => counters.iteration);
      const state = new SolverState(tensors, { lower: blocksOf('lower'), upper: blocksOf('upper') }, counters);
      // Rounding to float32 alone makes up to 1.3e-6 here.
      const prefix = blocks === 'only' ? run : `${run}/blocks`;
      await follow(fixture, solver, state, prefix, (difference, what) => t.true(difference < 5e-6, what));
    });
  }
}
