import test from 'ava';
import { bilevelProblem, feed } from '../../lib/bilevel/index.js';
import { checkProblem } from '../../lib/checking/index.js';
import { Random } from '../../lib/data/random.js';
import { samplers } from '../../lib/data/samplers/index.js';
import { SparseRows } from '../../lib/data/sparse-rows.js';
import { add, crossEntropy, exp, matmul, mean, mul, type Node, sparseMatmul, square } from '../../lib/graph/index.js';
import { aidCg, evaluate, mrbo, penalty, respond, stocbio, vrbo } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice({ threads: 2 });
test.after(() => device.dispose());

const [features, classes] = [11, 3];

/** A sparse matrix with a row without entries, and one with a column twice. */
function draw(seed: string, size: number) {
  const random = Random.fromSeed(1, seed);
  const dense = new Float32Array(size * features);
  const [offsets, indices, values]: number[][] = [[0], [], []];
  for (let row = 0; row < size; row++) {
    const entries = row === 2 ? 0 : 1 + (row % 4);
    for (let entry = 0; entry < entries; entry++) {
      const column = row === 3 ? 5 : Math.floor(random.uniform() * features);
      const value = Math.fround(random.normal());
      indices?.push(column);
      values?.push(value);
      dense[row * features + column] = (dense[row * features + column] ?? 0) + value;
    }
    offsets?.push(indices?.length ?? 0);
  }
  const labels = Tensor.from(Array.from({ length: size }, () => BigInt(Math.floor(random.uniform() * classes))));
  return {
    sparse: SparseRows.from({
      offsets: offsets ?? [],
      indices: indices ?? [],
      values: values ?? [],
      columns: features,
    }),
    dense: Tensor.from(dense, [size, features]),
    labels,
  };
}

const [train, validation] = [draw('train', 24), draw('validation', 18)];
const start = Tensor.from(
  Array.from({ length: features * classes }, (_, at) => Math.sin(at)),
  [features, classes],
);
const options = { batch: 6, seed: 4 };

const decayed = (logits: Node, y: Node, x: Node, w: Node): Node =>
  add(mean(crossEntropy(logits, y)), mul(0.5, mean(mul(exp(x), square(w)))));

const bySparse = (batched = true) =>
  bilevelProblem({
    upper: { x: Tensor.zeros([features, 1]) },
    lower: { w: start },
    feeds: {
      train: feed({ x: train.sparse, y: train.labels }, batched ? options : {}),
      validation: feed({ x: validation.sparse, y: validation.labels }, batched ? options : {}),
    },
    f: ({ v, validation: { x, y } }) => mean(crossEntropy(sparseMatmul(x, v.w), y)),
    g: ({ u, v, train: { x, y } }) => decayed(sparseMatmul(x, v.w), y, u.x, v.w),
  });

const byDense = (batched = true) =>
  bilevelProblem({
    upper: { x: Tensor.zeros([features, 1]) },
    lower: { w: start },
    feeds: {
      train: feed({ x: train.dense, y: train.labels }, batched ? options : {}),
      validation: feed({ x: validation.dense, y: validation.labels }, batched ? options : {}),
    },
    f: ({ v, validation: { x, y } }) => mean(crossEntropy(matmul(x, v.w), y)),
    g: ({ u, v, train: { x, y } }) => decayed(matmul(x, v.w), y, u.x, v.w),
  });

const close = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => Math.abs(value - (b[index] ?? Number.NaN)) < 1e-5);

const methods = { mrbo, vrbo, stocbio, aidCg, penalty };

for (const [name, method] of Object.entries(methods)) {
  test(`${name} on sparse rows moves as on dense ones`, async (t) => {
    using sparse = method(bySparse(), {}, { device });
    using dense = method(byDense(), {}, { device });
    const [a, b] = [sparse.init(), dense.init()];
    for (let iteration = 0; iteration < 4; iteration++) {
      await sparse.step(a);
      await dense.step(b);
    }
    t.true(close(a.u.x?.toArray() ?? [], b.u.x?.toArray() ?? [1]));
    t.true(close(a.v.w?.toArray() ?? [], b.v.w?.toArray() ?? [1]));
    t.false(close(a.v.w?.toArray() ?? [], start.toArray()));
  });
}

for (const batched of [true, false]) {
  test(`points are judged over all sparse rows, ${batched ? 'in parts' : 'at once'}`, async (t) => {
    const u = {
      x: Tensor.from(
        Array.from({ length: features }, (_, at) => at / 10),
        [features, 1],
      ),
    };
    const [a, b] = [await respond(bySparse(batched), u, { device }), await respond(byDense(batched), u, { device })];
    t.is(a.status, b.status);
    t.true(close(a.v.w?.toArray() ?? [], b.v.w?.toArray() ?? [1]));
    const [p, q] = [
      await evaluate(bySparse(batched), { u, v: a.v }, { device }),
      await evaluate(byDense(batched), { u, v: b.v }, { device }),
    ];
    t.true(Math.abs(p.f - q.f) < 1e-5);
  });
}

test('derivatives on sparse rows are checked against differences', async (t) => {
  const { derivatives } = await checkProblem(bySparse(), { device });
  // f does not depend on u.
  const { 'grad_u f': _, ...others } = derivatives;
  for (const [name, { error }] of Object.entries(others)) t.true(Number(error) < 1e-5, `${name}: ${error}`);
});

test('selections share the entries', (t) => {
  const some = train.sparse.take([5, 0, 5]);
  t.is(some.size, 3);
  t.is(some.values, train.sparse.values);
  t.deepEqual(some.extents.toArray().slice(0, 2), train.sparse.extents.toArray().slice(10, 12));
  t.throws(() => train.sparse.take([24]), { code: 'INVALID_ARGUMENT', message: /0 to 23 for rows\[0\]/ });
});

test('a feed with episodes, or a name of the entries, is refused with sparse rows', (t) => {
  const { sparse, labels } = train;
  const episodes = samplers.episodes({ ways: 2, shots: 1, queries: 1, labels: 'y' });
  const refused = () => feed({ x: sparse, y: labels } as never, { sampler: episodes });
  t.throws(refused, { code: 'INVALID_ARGUMENT', message: /the array x of a feed with episodes/ });
  t.throws(() => feed({ x: sparse, 'x.values': labels }), {
    code: 'INVALID_ARGUMENT',
    message: /another name than x\.values/,
  });
  t.throws(() => feed({ x: sparse, y: Tensor.zeros([3]) }), {
    code: 'SHAPE_MISMATCH',
    message: /x has 24 but y has 3/,
  });
});

const matrix = { offsets: [0, 2, 2], indices: [0, 2], values: [1, 2], columns: 3 };
const wrong: Readonly<Record<string, [Partial<typeof matrix>, string, RegExp]>> = {
  'no columns': [{ columns: 0 }, 'INVALID_ARGUMENT', /columns/],
  'an index outside': [{ indices: [0, 3] }, 'INVALID_ARGUMENT', /0 to 2 for indices\[1\]/],
  'an index that is none': [{ indices: [0.5, 1] }, 'INVALID_ARGUMENT', /indices\[0\]/],
  'fewer indices than values': [{ indices: [0] }, 'INVALID_ARGUMENT', /each of the 2 values/],
  'offsets that fall': [{ offsets: [0, 3, 2] }, 'INVALID_ARGUMENT', /at least 3 for offsets\[2\]/],
  'offsets beyond the values': [{ offsets: [0, 2, 3] }, 'INVALID_ARGUMENT', /from 0 to 2/],
  'no offsets': [{ offsets: [] }, 'INVALID_ARGUMENT', /from 0 to 2/],
  'a value that is not finite': [{ values: [1, Number.NaN] }, 'INVALID_DATA', /entry 1 is NaN/],
  'a value beyond float32': [{ values: [1e40, 1] }, 'INVALID_DATA', /entry 0/],
};
for (const [what, [part, code, message]] of Object.entries(wrong)) {
  test(`sparse rows are refused with ${what}`, (t) => {
    t.throws(() => SparseRows.from({ ...matrix, ...part }), { code: code as never, message });
  });
}
