import test from 'ava';
import { type AugmentOptions, bilevelProblem, feed } from '../../lib/bilevel/index.js';
import { checkProblem } from '../../lib/checking/index.js';
import { samplers } from '../../lib/data/samplers/index.js';
import {
  abs,
  add,
  constant,
  crossEntropy,
  matmul,
  mean,
  mul,
  reduceSum,
  reshape,
  square,
  stopGradient,
  sub,
} from '../../lib/graph/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { ridgeCosts, ridgeData, ridgeProblem, ridgeSolution } from '../support/solvers/regression.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

test('of a sound problem every derivative is right, f(u, v*) is told and there is nothing to advise', async (t) => {
  const data = ridgeData(23, 6);
  const { derivatives, response, start, condition, advice } = await checkProblem(ridgeProblem(data, { train: 10 }), {
    device,
  });
  t.deepEqual(advice, []);
  // f does not depend on u.
  const { 'grad_u f': none, ...others } = derivatives;
  t.is(none.error, undefined);
  for (const [name, { error, compared }] of Object.entries(others)) {
    t.true(compared > 0 && (error ?? 1) < 1e-6, `${name}: ${error}`);
  }
  const { f } = ridgeCosts(data, ridgeSolution(data));
  t.true(Math.abs(response.f - f) < 1e-3 * f);
  t.true(start.g > response.g && start.lowerGradientNorm > 0);
  // The curvatures of g are at least twice the least penalty.
  const least = 2 * Math.exp(Math.min(...data.u));
  t.true((response.curvature?.least ?? 0) >= 0.99 * least);
  t.true((condition ?? 0) > 1);
});

test('rows of samples, mini-batches, dropout and episodes are checked too', async (t) => {
  const { derivatives } = await checkProblem(smallProblem({ batch: 9, dropoutRatio: 0.2 }), { device, maxSteps: 5 });
  for (const name of ['grad_v f', 'grad_u g', 'grad_v g', 'grad_uv g w', 'grad_vv g w'] as const) {
    t.true((derivatives[name].error ?? 1) < 1e-5, `${name}: ${derivatives[name].error}`);
  }
  const few = bilevelProblem({
    upper: { w: Tensor.from([0.1, 0.2], [1, 2]) },
    lower: { w: Tensor.from([0.3, -0.2], [1, 2]) },
    feeds: {
      tasks: feed(
        {
          x: Tensor.from(
            Array.from({ length: 40 }, (_, row) => (row % 7) / 7),
            [40, 1],
          ),
          y: Tensor.from(Array.from({ length: 40 }, (_, row) => BigInt(row % 4))),
        },
        { sampler: samplers.episodes({ ways: 2, shots: 2, queries: 3 }) },
      ),
    },
    f: ({ v, tasks: { query } }) => mean(crossEntropy(matmul(query.x, v.w), query.y)),
    g: ({ u, v, tasks: { support } }) =>
      add(mean(crossEntropy(matmul(support.x, v.w), support.y)), reduceSum(square(sub(u.w, v.w)))),
  });
  const found = await checkProblem(few, { device, batches: 1 });
  t.true((found.derivatives['grad_v g'].error ?? 1) < 1e-5 && (found.derivatives['grad_v f'].error ?? 1) < 1e-5);
});

test('images of a feed that augments them are checked as they are', async (t) => {
  const images = Tensor.from(
    Array.from({ length: 12 * 2 * 3 * 4 }, (_, index) => Math.sin(index)),
    [12, 2, 3, 4],
  );
  const stated = (batch: number | undefined, augment?: AugmentOptions) =>
    bilevelProblem({
      upper: { w: Tensor.from([0.5], []) },
      lower: { centre: Tensor.from(new Float32Array(24).fill(0.1), [2, 3, 4]) },
      feeds: { train: feed({ x: images }, { batch, augment: { x: augment } }) },
      f: ({ v, train: { x } }) => mean(square(sub(x, v.centre))),
      g: ({ u, v, train: { x } }) => add(mean(square(sub(x, v.centre))), mul(square(u.w), mean(square(v.centre)))),
    });
  const usual = { flip: 0.5, shift: 1, rotate: 40, fill: 2 };
  for (const batch of [5, undefined]) {
    const found = await checkProblem(stated(batch, usual), { device });
    t.deepEqual(found, await checkProblem(stated(batch), { device }));
    t.true((found.derivatives['grad_v g'].error ?? 1) < 1e-5);
  }
});

test('what is held constant, has no minimum, or is ill-conditioned is found', async (t) => {
  const scales = Tensor.from([1, 300, 1], [3]);
  const statement = {
    upper: { x: Tensor.from([1, 2, 3]) },
    lower: { x: Tensor.from([0.5, 0.5, -0.5]) },
    feeds: { data: feed({ scales: Tensor.from(scales.toArray(), [1, 3]) }) },
  };
  const held = bilevelProblem({
    ...statement,
    f: ({ v }) => reduceSum(mul(v.x, stopGradient(v.x))),
    g: ({ u, v, data }) => reduceSum(square(mul(reduceSum(data.scales, [0]), sub(v.x, u.x)))),
  });
  const { derivatives, advice, condition } = await checkProblem(held, { device, tolerance: 1e-6 });
  t.true((derivatives['grad_v f'].error ?? 0) > 0.1);
  t.regex(advice[0] ?? '', /^grad_v f is off by .* stopGradient/);
  t.true((condition ?? 0) > 1e4 && (condition ?? 0) <= 9.1e4, `${condition}`);
  t.true(
    advice.some((each) => each.startsWith('grad_vv g is ill-conditioned')),
    advice.join('\n'),
  );

  const unbounded = bilevelProblem({
    ...statement,
    f: ({ u, v }) => reduceSum(square(sub(v.x, u.x))),
    g: ({ u, v }) =>
      add(mean(crossEntropy(reshape(v.x, [1, 3]), constant([0], [1], 'int64'))), mul(0, reduceSum(abs(u.x)))),
  });
  const without = await checkProblem(unbounded, { device });
  t.regex(without.advice.join('\n'), /g has no minimum over v.*Add a regulariser/);
  const hurried = await checkProblem(ridgeProblem(ridgeData(23, 6)), { device, maxSteps: 2 });
  t.regex(hurried.advice.join('\n'), /not found.*raise maxSteps/);
  await t.throwsAsync(checkProblem({} as never), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(checkProblem(held, { tolerence: 1 } as never), { code: 'UNKNOWN_OPTION' });
});
