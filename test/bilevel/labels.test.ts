import test from 'ava';
import { type BilevelProblem, bilevelProblem, feed, minimizationProblem } from '../../lib/bilevel/index.js';
import {
  cast,
  constant,
  crossEntropy,
  evaluate,
  exp,
  expandDims,
  gradient,
  greaterEqual,
  input,
  matmul,
  maximum,
  mean,
  mul,
  type Node,
  reduceSum,
  reshape,
  transpose,
  where,
} from '../../lib/graph/index.js';
import { itd } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

type Loss = (logits: Node, labels: Node) => Node;

/** Two tokens a row, three classes; `labels` are [rows, 2]. */
function stated(labels: readonly number[], loss: Loss, batch?: number): BilevelProblem {
  const rows = labels.length / 2;
  const values = Array.from({ length: rows * 4 }, (_, position) => Math.sin(position));
  return bilevelProblem({
    upper: { u: Tensor.zeros([]) },
    lower: { w: Tensor.from([0.1, -0.2, 0.3, 0.2, 0.1, -0.1], [2, 3]) },
    feeds: {
      d: feed({ x: Tensor.from(values, [rows, 2, 2]), y: Tensor.from(labels, [rows, 2], 'int64') }, { batch }),
    },
    f: ({ v }) => reduceSum(v.w),
    g: ({ u, v, d }) => {
      const tokens = (batch ?? rows) * 2;
      const logits = matmul(reshape(d.x, [tokens, 2]), v.w);
      const each = loss(logits, reshape(d.y, [tokens]));
      return mul(exp(u.u), mean(reshape(each, [batch ?? rows, 2])));
    },
  });
}

const padded = [0, 1, 2, -100, 1, 1, 0, -100];
const plain: Loss = (logits, labels) => crossEntropy(logits, labels);

for (const batch of [undefined, 1, 2, 3]) {
  test(`a label that is no class is refused with feed, row and classes, batch ${batch}`, (t) => {
    const message =
      /cost g takes the label -100 from row 1 of the feed d, but crossEntropy has the classes 0 to 2 .*ignoreIndex: -100/;
    t.throws(() => stated(padded, plain, batch), { code: 'INVALID_DATA', message });
    t.throws(() => stated([0, 1, 2, 0, 0, 3], plain, batch === 3 ? 2 : batch), {
      code: 'INVALID_DATA',
      message: /label 3 from row 2 .* Labels count from 0/,
    });
    t.notThrows(() => stated([0, 1, 2, 0, 1, 2], plain, batch));
  });

  test(`a label whose loss is left out is taken, batch ${batch}`, (t) => {
    const chosen: Loss = (logits, labels) => where(greaterEqual(labels, 0), crossEntropy(logits, labels), 0);
    const moved: Loss = (logits, labels) => {
      const loss = transpose(expandDims(crossEntropy(logits, labels), [1]), [1, 0]);
      const row = reshape(labels, [1, labels.shape[0] ?? 0]);
      return where(greaterEqual(row, 0), loss, 0);
    };
    const ignored: Loss = (logits, labels) => crossEntropy(logits, labels, { ignoreIndex: -100 });
    const raised: Loss = (logits, labels) => crossEntropy(logits, maximum(labels, 0));
    for (const loss of [chosen, moved, ignored, raised]) t.notThrows(() => stated(padded, loss, batch));
  });

  test(`a mask that multiplies, or leaves out others, does not help, batch ${batch}`, (t) => {
    const masked: Loss = (logits, labels) =>
      mul(cast(greaterEqual(labels, 0), 'float32'), crossEntropy(logits, labels));
    const others: Loss = (logits, labels) => crossEntropy(logits, labels, { ignoreIndex: -1 });
    const reversed: Loss = (logits, labels) => where(greaterEqual(labels, 0), 0, crossEntropy(logits, labels));
    for (const loss of [masked, others, reversed]) {
      t.throws(() => stated(padded, loss, batch), { code: 'INVALID_DATA', message: /row 1 of the feed d/ });
    }
  });
}

test('labels that are computed of more than a feed are left to the run', (t) => {
  const condition = input('mine', [], 'bool');
  const chosen: Loss = (logits, labels) => where(condition, crossEntropy(logits, labels), 0);
  t.notThrows(() => stated(padded, chosen));
});

test('labels of a problem of one level are looked at too', (t) => {
  const state = () =>
    minimizationProblem({
      lower: { w: Tensor.zeros([2, 3]) },
      feeds: { d: feed({ x: Tensor.zeros([2, 2]), y: Tensor.from([0, 5], [2], 'int64') }) },
      g: ({ v, d }) => mean(crossEntropy(matmul(d.x, v.w), d.y)),
    });
  t.throws(state, { code: 'INVALID_DATA', message: /label 5 from row 1 of the feed d/ });
});

test('an ignored label has a loss and derivatives of 0', (t) => {
  const logits = input('logits', [3, 2]);
  const point = new Map([[logits, Float64Array.of(1, 2, 3, -1, 0.5, 0)]]);
  const labels = constant([1, -100, 0], [3], 'int64');
  const loss = crossEntropy(logits, labels, { ignoreIndex: -100 });
  const [dx] = gradient(reduceSum(loss), [logits]) as [Node];
  const [values, slopes] = evaluate([loss, dx], point).map((each) => [...each]) as [number[], number[]];
  const logistic = (x: number) => 1 / (1 + Math.exp(-x));
  const expected = [-Math.log(logistic(1)), 0, -Math.log(logistic(0.5))];
  for (const [row, value] of expected.entries()) t.true(Math.abs(value - (values[row] ?? Number.NaN)) < 1e-12);
  const slope = [logistic(1) - 1, 0, logistic(0.5) - 1];
  for (const [row, at] of [1, 2, 4].entries()) {
    t.true(Math.abs((slope[row] ?? 0) - (slopes[at] ?? Number.NaN)) < 1e-12, `${slopes}`);
  }
  t.is(slopes[3], 0);
  t.throws(() => crossEntropy(logits, labels, { ignoreIndex: 0.5 }), { code: 'INVALID_ARGUMENT' });
});

test('a method descends past ignored labels', async (t) => {
  using device = testDevice();
  const problem = stated(padded, (logits, labels) => crossEntropy(logits, labels, { ignoreIndex: -100 }), 2);
  using solver = itd(problem, { lowerSteps: 3 }, { device });
  const { g } = await solver.step(solver.init());
  t.true(Number.isFinite(g) && g > 0);
});
