import test from 'ava';
import { bilevelProblem } from '../../lib/bilevel/index.js';
import { add, reduceSum, square, sub } from '../../lib/graph/index.js';
import { methods, type RmdOptions, respond } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const problem = bilevelProblem({
  upper: { decay: Tensor.from([1, 2]) },
  lower: { weight: Tensor.from([0, 0]) },
  f: ({ u, v }) => reduceSum(add(square(u.decay), square(v.weight))),
  g: ({ u, v }) => reduceSum(square(sub(v.weight, u.decay))),
});

// Whether this compiles is the test: an error that is expected and does not come is one.
test('variables have the names of the problem, and options those of the method', async (t) => {
  const options: RmdOptions = { lowerSteps: 3, upperOptimizer: 'adam' };
  using solver = methods.rmd(problem, options, { device });
  const state = solver.init();
  const { decay }: { decay: Tensor } = state.u;
  t.deepEqual(decay.toArray(), [1, 2]);
  // @ts-expect-error no such upper variable
  t.is(state.u.decya, undefined);
  // @ts-expect-error the lower variable is another
  t.is(state.v.decay, undefined);
  const steps: number = solver.options.lowerSteps;
  t.is(steps, 3);
  // @ts-expect-error no such option
  t.is(solver.options.lowerStep, undefined);
  // @ts-expect-error no such optimizer
  t.throws(() => methods.rmd(problem, { upperOptimizer: 'sdg' }), { code: 'INVALID_ARGUMENT' });
  // @ts-expect-error no such option
  t.throws(() => methods.rmd(problem, { lowerStep: 3 }), { code: 'UNKNOWN_OPTION' });
  const { v } = await respond(problem, state.u, { device });
  t.is(v.weight.size, 2);
  // @ts-expect-error no such lower variable
  t.is(v.wieght, undefined);
  using created = await methods.rmd.create(problem, options, { device });
  // @ts-expect-error no such upper variable
  t.is(created.init().u.decya, undefined);
});
