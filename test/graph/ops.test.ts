import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { BilevelError } from '../../lib/errors.js';
import { rules } from '../../lib/graph/gradient/rules.js';
import {
  add,
  cast,
  constant,
  evaluate,
  gradient,
  inner,
  input,
  mul,
  type Node,
  ops,
  reduceSum,
  relu,
  square,
  stopGradient,
} from '../../lib/graph/index.js';
import { elementCount, type Shape } from '../../lib/tensor.js';
import { compareGradient, type Point } from '../support/graph/differences.js';
import { drawInputs, inputNodes, type OpCase, opCases } from './op-cases/index.js';
import { opErrors } from './op-errors.js';

/** Directions of a case that must count, out of those tried; kinks may take the others. */
const leastAccepted = 3;

function randomConstant(shape: Shape, seed: number): Node {
  const random = Random.fromSeed(seed, 'weights');
  return constant(
    Float64Array.from({ length: elementCount(shape) }, () => 2 * random.uniform() - 1),
    shape,
  );
}

interface Instance {
  readonly inputs: readonly Node[];
  readonly reals: readonly Node[];
  readonly node: Node;
  readonly point: Point;
}

function instantiate(row: OpCase, seed: number): Instance {
  const inputs = inputNodes(row);
  const values = drawInputs(row, seed);
  return {
    inputs,
    reals: inputs.filter(({ dtype }) => dtype === 'float32'),
    node: row.build(...inputs),
    point: new Map(inputs.map((input, index) => [input, values[index] ?? new Float64Array()])),
  };
}

/** A scalar that is curved in y, so that the second derivative also passes through the gradient rule's use of dy. */
function curvedSum(y: Node): Node {
  const real = cast(y, 'float32');
  return inner([add(real, square(real))], [randomConstant(y.shape, 7)]);
}

/** Whether differences tell something: the op has a rule, or is the variable itself. */
function isDifferentiable({ op }: OpCase): boolean {
  return rules[op] !== 'none' || op === 'input';
}

/** Whether some real operand has elements to move. */
function hasElements({ inputs }: OpCase): boolean {
  return inputs.some(({ dtype, shape }) => dtype === 'float32' && elementCount(shape) > 0);
}

const title = ({ op, name }: { op: string; name: string }) => `${op}, ${name}`;

test('every op has a case and a wrong use', (t) => {
  for (const op of Object.keys(ops)) {
    t.true(
      opCases.some((row) => row.op === op),
      `${op} has no case`,
    );
    t.true(
      opErrors.some((row) => row.op === op),
      `${op} has no wrong use`,
    );
  }
});

test('names of cases are different', (t) => {
  for (const rows of [opCases, opErrors]) t.is(new Set<string>(rows.map(title)).size, rows.length);
});

for (const row of opCases) {
  test(`value: ${title(row)}`, (t) => {
    const { node, point } = instantiate(row, 1);
    t.is(node.op, row.op);
    const [value] = evaluate([node], point);
    t.is(value?.length, elementCount(node.shape));
    if (node.dtype === 'float32') return;
    t.true(value?.every((element) => Number.isInteger(element)));
    if (node.dtype === 'bool') t.true(value?.every((element) => element === 0 || element === 1));
    if (node.dtype === 'int32') t.true(value?.every((element) => element === (element | 0)));
  });

  if (!row.inputs.some(({ dtype }) => dtype === 'float32')) continue;

  if (!isDifferentiable(row)) {
    test(`no gradient: ${title(row)}`, (t) => {
      const { node, reals, point } = instantiate(row, 2);
      for (const values of evaluate(gradient(curvedSum(node), reals), point))
        t.true(values.every((value) => value === 0));
    });
    continue;
  }

  if (!hasElements(row)) {
    test(`derivatives of nothing: ${title(row)}`, (t) => {
      const { node, reals, point } = instantiate(row, 2);
      const first = gradient(curvedSum(node), reals);
      const second = gradient(inner(first, first), reals);
      for (const values of evaluate([...first, ...second], point)) t.is(values.length, 0);
    });
    continue;
  }

  test(`gradient: ${title(row)}`, (t) => {
    const { node, reals, point } = instantiate(row, 2);
    const { error, accepted } = compareGradient(curvedSum(node), reals, point, 3);
    t.true(error < 1e-7, `relative error ${error}`);
    t.true(accepted >= leastAccepted, `only ${accepted} directions count`);
  });

  test(`second derivative: ${title(row)}`, (t) => {
    const { node, reals, point } = instantiate(row, 4);
    const gradients = gradient(curvedSum(node), reals);
    const vectors = reals.map(({ shape }, index) => randomConstant(shape, 8 + index));
    const { error, accepted } = compareGradient(inner(gradients, vectors), reals, point, 5);
    t.true(error < 1e-7, `relative error ${error}`);
    t.true(accepted >= leastAccepted, `only ${accepted} directions count`);
  });
}

for (const row of opErrors) {
  test(`refused: ${title(row)}`, (t) => {
    const error = t.throws(row.build, { instanceOf: BilevelError });
    t.is(error?.code, row.code, error?.message);
    t.true(error?.message.startsWith(`${row.op}(`), error?.message);
  });
}

test('differences expose a wrong derivative', (t) => {
  const x = input('x', [4]);
  const y = reduceSum(mul(stopGradient(x), x));
  const { error, accepted } = compareGradient(y, [x], new Map([[x, Float64Array.of(1, -2, 3, 4)]]), 1);
  t.true(error > 0.1);
  t.is(accepted, 6);
});

test('directions across a kink do not count', (t) => {
  const x = input('x', [2]);
  t.is(compareGradient(reduceSum(relu(x)), [x], new Map([[x, Float64Array.of(1e-4, 1)]]), 1).accepted, 0);
});
