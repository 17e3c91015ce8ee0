import test from 'ava';
import { BilevelError } from '../../lib/errors.js';
import { add, evaluate, exp, input, mul, type Node, substitute } from '../../lib/graph/index.js';

const x = input('x', [2]);
const y = input('y', [2]);

test('inputs and computed nodes are replaced', (t) => {
  const product = mul(x, y);
  const root = add(exp(product), x);
  const [replaced, untouched] = substitute(
    [root, y],
    new Map<Node, Node>([
      [product, y],
      [x, exp(y)],
    ]),
  );
  t.is(untouched, y);
  const [value] = evaluate([replaced as Node], new Map([[y, Float64Array.of(0, 1)]]));
  t.deepEqual([...(value ?? [])], [2, 2 * Math.E]);
});

test('a replacement may depend on what it replaces', (t) => {
  const [replaced] = substitute([mul(x, x)], new Map([[x, add(x, 1)]]));
  const [value] = evaluate([replaced as Node], new Map([[x, Float64Array.of(1, -3)]]));
  t.deepEqual([...(value ?? [])], [4, 4]);
});

test('what depends on no replaced node keeps its identity', (t) => {
  const kept = exp(y);
  const [replaced, same] = substitute([add(kept, x), kept], new Map([[x, y]]));
  t.is(replaced?.inputs[0], kept);
  t.is(same, kept);
});

test('another type or what is no node is refused', (t) => {
  for (const other of [input('shape', [3]), input('dtype', [2], 'int32')]) {
    const error = t.throws(() => substitute([x], new Map([[x, other]])), { instanceOf: BilevelError });
    t.is(error?.code, 'SHAPE_MISMATCH');
  }
  t.throws(() => substitute([x], new Map([[x, 1 as unknown as Node]])), { code: 'INVALID_ARGUMENT' });
  t.throws(() => substitute([x], [[x, y]] as unknown as ReadonlyMap<Node, Node>), { code: 'INVALID_ARGUMENT' });
});
