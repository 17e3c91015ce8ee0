import test from 'ava';
import {
  bilevelProblem,
  box,
  feed,
  l2Ball,
  minimizationProblem,
  perSample,
  rows,
  simplex,
} from '../../lib/bilevel/index.js';
import { compile } from '../../lib/compile/index.js';
import type { ErrorCode } from '../../lib/errors.js';
import {
  add,
  crossEntropy,
  evaluate,
  gradient,
  input,
  maxPool,
  mean,
  mul,
  type Node,
  reduceSum,
  relu,
  reshape,
  square,
  sub,
  sumOfSquares,
  topologicalOrder,
} from '../../lib/graph/index.js';
import { minimize } from '../../lib/solvers/index.js';
import { elementCount, Tensor } from '../../lib/tensor.js';

const x = Tensor.from([1, 2, 3, 4, 5, 6], [3, 2]);
const y = Tensor.from([0, 1, 0], [3], 'int64');

test('a feed with a batch gives costs its rows and their numbers', (t) => {
  const problem = bilevelProblem({
    upper: { weight: perSample(Tensor.zeros([3]), 'train'), shift: Tensor.zeros([]) },
    lower: { v: Tensor.zeros([2]) },
    feeds: { train: feed({ x, y }, { batch: 2 }), validation: feed({ x }) },
    f: ({ u, v, validation }) => {
      t.deepEqual(validation.x.shape, [3, 2]);
      t.deepEqual(validation.index.shape, [3]);
      return add(mean(mul(validation.x, v.v)), u.shift);
    },
    g: ({ u, v, train }) => {
      t.deepEqual([train.x.shape, train.y.shape, train.index.shape, u.weight.shape], [[2, 2], [2], [2], [2]]);
      t.deepEqual([train.y.dtype, train.index.dtype], ['int64', 'int32']);
      return mean(mul(u.weight, reduceSum(square(sub(train.x, v.v)), [1])));
    },
  });
  t.deepEqual(
    problem.upper.map(({ name, whole, value }) => [name, whole.shape, value.shape]),
    [
      ['weight', [3], [2]],
      ['shift', [], []],
    ],
  );
});

const nan = Tensor.from([1, 2, 3, Number.NaN, 5, 6], [3, 2]);
const ok = { upper: { u: Tensor.zeros([2]) }, lower: { v: Tensor.zeros([2]) } };
const cost = ({ v }: { v: { v: Parameters<typeof square>[0] } }) => reduceSum(square(v.v));

const wrong: Readonly<Record<string, readonly [() => unknown, ErrorCode, RegExp]>> = {
  'a batch of 0': [() => feed({ x }, { batch: 0 }), 'INVALID_ARGUMENT', /batch of a feed but received 0/],
  'a batch that is no integer': [() => feed({ x }, { batch: 1.5 }), 'INVALID_ARGUMENT', /received 1\.5/],
  'a batch larger than the data': [() => feed({ x }, { batch: 4 }), 'INVALID_ARGUMENT', /number of rows, 3 for batch/],
  'a negative seed': [() => feed({ x }, { seed: -1 }), 'INVALID_ARGUMENT', /seed of a feed/],
  'no arrays': [() => feed({}), 'INVALID_ARGUMENT', /at least one tensor/],
  'no rows': [() => feed({ x: Tensor.zeros([0, 2]) }), 'INVALID_ARGUMENT', /at least one row/],
  'an array without rows': [() => feed({ x: Tensor.zeros([]) }), 'INVALID_ARGUMENT', /leading axis/],
  'an array that is no tensor': [() => feed({ x: [1] as never }), 'INVALID_ARGUMENT', /array x of a feed/],
  'an array called index': [() => feed({ index: x }), 'INVALID_ARGUMENT', /than index/],
  'arrays of different lengths': [() => feed({ x, y: Tensor.zeros([4]) }), 'SHAPE_MISMATCH', /x has 3 but y has 4/],
  'NaN in the data': [() => feed({ x: nan }), 'INVALID_DATA', /array x of a feed but element \[1, 1\] is NaN/],
  'infinity in a variable': [
    () => bilevelProblem({ ...ok, lower: { v: Tensor.from([0, Infinity]) }, f: cost, g: cost }),
    'INVALID_DATA',
    /variable v\.v but element \[1\] is Infinity/,
  ],
  'an integer variable': [
    () => bilevelProblem({ ...ok, upper: { u: Tensor.zeros([2], 'int32') }, f: cost, g: cost }),
    'INVALID_ARGUMENT',
    /float32 tensor for the variable u\.u/,
  ],
  'no variables': [() => bilevelProblem({ ...ok, upper: {}, f: cost, g: cost }), 'INVALID_ARGUMENT', /variables u/],
  'a cost that is no scalar': [
    () => bilevelProblem({ ...ok, f: ({ v }) => v.v, g: cost }),
    'SHAPE_MISMATCH',
    /cost f must be a float32 scalar but is float32\[2\]/,
  ],
  'a cost that is no node': [
    () => bilevelProblem({ ...ok, f: cost, g: (() => 3) as never }),
    'INVALID_ARGUMENT',
    /the value of g/,
  ],
  'rows of a feed that is not there': [
    () => bilevelProblem({ ...ok, upper: { u: perSample(Tensor.zeros([3]), 'train' as never) }, f: cost, g: cost }),
    'INVALID_ARGUMENT',
    /feed of u/,
  ],
  'rows that are not those of the feed': [
    () =>
      bilevelProblem({
        ...ok,
        upper: { u: perSample(Tensor.zeros([4]), 'train') },
        feeds: { train: feed({ x }) },
        f: cost,
        g: cost,
      }),
    'SHAPE_MISMATCH',
    /each of the 3 samples of train but has the shape \[4\]/,
  ],
  'a feed called u': [
    () => bilevelProblem({ ...ok, feeds: { u: feed({ x }) }, f: cost, g: cost } as never),
    'INVALID_ARGUMENT',
    /name of a feed/,
  ],
  'a seed beyond 31 bits': [
    () => bilevelProblem({ ...ok, f: cost, g: cost, seed: 2 ** 31 }),
    'INVALID_ARGUMENT',
    /2\^31 - 1 for seed/,
  ],
  'a set of no variable': [
    () => bilevelProblem({ ...ok, f: cost, g: cost, sets: { upper: { w: box(0, 1) } as never } }),
    'INVALID_ARGUMENT',
    /names of variables: u for sets but received "w"/,
  ],
  'a set that is a pair of numbers': [
    () => bilevelProblem({ ...ok, f: cost, g: cost, sets: { upper: { u: [0, 1] as never } } }),
    'INVALID_ARGUMENT',
    /a set such as sets\.box\(0, 1\) or sets\.simplex\(\) for the set of the variable u\.u but received \[0, 1\]/,
  ],
  'a start outside its box': [
    () => bilevelProblem({ ...ok, f: cost, g: cost, sets: { lower: { v: box(1, 2) } } }),
    'INVALID_ARGUMENT',
    /a start in box\(1, 2\) for the variable v\.v but element \[0\] is 0, and 1 at the nearest point of the set\./,
  ],
  'a start that leaves its simplex at one element': [
    () =>
      minimizationProblem({
        lower: { w: Tensor.from([1, 0, 0.5, 0.75], [2, 2]) },
        g: ({ v }) => reduceSum(square(v.w)),
        sets: { w: rows(simplex()) },
      }),
    'INVALID_ARGUMENT',
    /a start in rows\(simplex\(1\)\) for the variable v\.w but element \[1, 0\] is 0\.5, and 0\.375 at/,
  ],
  'a set that does not fit its variable': [
    () => bilevelProblem({ ...ok, f: cost, g: cost, sets: { lower: { v: l2Ball(1, { center: Tensor.zeros([3]) }) } } }),
    'SHAPE_MISMATCH',
    /The set l2Ball\(1, \{ center: float32\[3\] #\w{8} \}\) of the variable v\.v needs .* but the shape is \[2\]/,
  ],
  'a set that ties the rows of samples together': [
    () =>
      bilevelProblem({
        upper: { u: perSample(Tensor.from([1, 0, 0]), 'train') },
        lower: ok.lower,
        feeds: { train: feed({ x }) },
        f: cost,
        g: cost,
        sets: { upper: { u: simplex() } },
      }),
    'INVALID_ARGUMENT',
    /treats every sample alike, such as sets\.box\(0, 1\) or sets\.rows\(sets\.simplex\(\)\), for the variable u\.u but received simplex\(1\)/,
  ],
  'a single level without variables': [
    () => minimizationProblem({ lower: {}, feeds: {}, g: cost as never }),
    'INVALID_ARGUMENT',
    /variables v/,
  ],
};
for (const [name, [state, code, message]] of Object.entries(wrong)) {
  test(`${name} is refused where it is stated`, (t) => void t.throws(state, { code, message }));
}

test('a start at the end of its box survives rounding to float32', (t) => {
  t.notThrows(() =>
    bilevelProblem({
      upper: { u: Tensor.from([0.1]) },
      lower: ok.lower,
      f: cost,
      g: cost,
      sets: { upper: { u: box(0.1, 0.1) } },
    }),
  );
});

test('costs are stated with pools before ReLU, and derivatives by the variables stay', (t) => {
  const start = Tensor.from([0.5, -1, 0.25], [3]);
  const images = Tensor.from(
    Array.from({ length: 48 }, (_, i) => ((i * 29) % 53) / 20 - 1.2),
    [3, 1, 4, 4],
  );
  const cost = (v: Node, pixels: Node): Node => {
    const planes = relu(mul(pixels, reshape(v, [3, 1, 1, 1])));
    return mean(square(maxPool(planes, { kernel: [2, 2], strides: [2, 2] })));
  };
  let plain: readonly Node[] = [];
  const inequality = (v: Node, pixels: Node): Node => sub(cost(v, pixels), 1);
  const problem = bilevelProblem({
    upper: { u: start },
    lower: { v: start },
    feeds: { train: feed({ x: images }) },
    f: ({ u, train }) => cost(u.u, train.x),
    g: ({ v, train }) => cost(v.v, train.x),
    inequalities: {
      lower: ({ u, v, train }) => {
        plain = [cost(u.u, train.x), cost(v.v, train.x), inequality(v.v, train.x)];
        return { bounded: plain[2] as Node };
      },
    },
  });
  const stated = [problem.f, problem.g, problem.constraints.lower[0]?.value as Node];
  const variables = [problem.upper[0], problem.lower[0]].map((variable) => variable?.value as Node);
  const inputs = topologicalOrder([...stated, ...plain]).filter(({ op }) => op === 'input');
  const feeds = new Map(
    inputs.map((node) => [node, Float64Array.from(node.shape.length > 1 ? images.data : start.data)]),
  );
  for (const [index, value] of stated.entries()) {
    const written = plain[index] as Node;
    t.true(workOf(value) < workOf(written));
    const orders = (node: Node): Node[] => {
      const gradients = gradient(node, variables);
      return [node, ...gradients, ...gradient(sumOfSquares(gradients), variables)];
    };
    t.deepEqual(evaluate(orders(value), feeds), evaluate(orders(written), feeds));
    t.true(bytesMoved(gradient(value, variables)) < bytesMoved(gradient(written, variables)));
  }
});

/** Elements that ReLU works on. */
function workOf(cost: Node): number {
  const relus = topologicalOrder([cost]).filter(({ op }) => op === 'relu');
  return relus.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

function bytesMoved([du, dv]: readonly Node[]): number {
  const { instructions } = compile({ outputs: { du: du as Node, dv: dv as Node } }).cost;
  return instructions.reduce((sum, { bytes }) => sum + bytes, 0);
}

type Names = Readonly<Record<string, Node>>;

const misspelt: readonly (readonly [string, object, RegExp])[] = [
  [
    'an upper variable',
    { f: ({ u }: { u: Names }) => u.weigths },
    /no upper variable "weigths"\. Did you mean weights\?/,
  ],
  ['a lower variable', { g: ({ v }: { v: Names }) => v.tehta }, /no lower variable "tehta"\. Did you mean theta\?/],
  ['a feed', { f: ({ tran }: Record<string, Names>) => tran?.x }, /no feed "tran"\. Did you mean train\?/],
  [
    'an array',
    { f: ({ train }: Record<string, Names>) => train?.X },
    /no array "X" in the feed train\. Did you mean x\?/,
  ],
];

for (const [what, part, message] of misspelt) {
  test(`a misspelt name of ${what} is found where it is written`, (t) => {
    const statement = {
      upper: { weights: Tensor.zeros([4]) },
      lower: { theta: Tensor.zeros([4]) },
      feeds: { train: feed({ x: Tensor.zeros([6, 4]) }, { batch: 2 }) },
      f: ({ v }: { v: Record<string, Node> }) => mean(v.theta as Node),
      g: ({ v }: { v: Record<string, Node> }) => mean(v.theta as Node),
      ...part,
    };
    t.throws(() => bilevelProblem(statement as never), { code: 'INVALID_ARGUMENT', message });
  });
}

test('numbers of classes as float32 are told from soft labels', (t) => {
  const [logits, labels] = [input('logits', [6, 4]), input('labels', [6])];
  t.throws(() => crossEntropy(logits, labels), {
    code: 'SHAPE_MISMATCH',
    message: /integer type but received float32\[6\]/,
  });
});

test('a third operand is refused, and further arguments of Array.reduce are not', (t) => {
  const nodes = ['a', 'b', 'c'].map((name) => input(name, [2]));
  const [a, b, c] = nodes as [Node, Node, Node];
  t.throws(() => (add as (...operands: Node[]) => Node)(a, b, c), {
    code: 'INVALID_ARGUMENT',
    message: /add\(add\(a, b\), c\)/,
  });
  t.is(nodes.reduce(add).op, 'add');
});

test('a problem of two levels is not minimised as one', (t) => {
  const problem = bilevelProblem({
    upper: { u: Tensor.zeros([2]) },
    lower: { v: Tensor.zeros([2]) },
    f: ({ v }) => mean(v.v),
    g: ({ v }) => mean(v.v),
  });
  t.throws(() => minimize(problem as never), { code: 'INVALID_ARGUMENT', message: /two levels|bilevel problem/ });
});
