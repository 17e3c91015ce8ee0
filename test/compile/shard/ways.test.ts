// Every operation on several ranks, whatever of its operands is dealt to them, gives what it gives on one.
import test from 'ava';
import { shard } from '../../../lib/compile/shard/shard.js';
import { evaluate, gradient, isOp, type Node, reduceSum, shardable, square } from '../../../lib/graph/index.js';
import { drawInputs, inputNodes, type OpCase, opCases } from '../../graph/op-cases/index.js';
import { worstError } from '../../support/engine/run-native.js';
import { evaluateTogether } from '../../support/graph/lockstep.js';

/** Each operand along each axis, alone and with the others along their axis of that number. */
function* dealings({ inputs }: OpCase): Iterable<readonly (number | undefined)[]> {
  for (const [operand, { shape }] of inputs.entries()) {
    for (const axis of shape.keys()) {
      const alone = inputs.map((_, index) => (index === operand ? axis : undefined));
      yield alone;
      const together = inputs.map(({ shape: each }, index) =>
        index >= operand && axis < each.length ? axis : undefined,
      );
      if (together.some((each, index) => each !== alone[index])) yield together;
    }
  }
}

function rootsOf(value: Node, inputs: readonly Node[]): Node[] {
  if (value.dtype !== 'float32') return [value];
  const reals = inputs.filter(({ dtype }) => dtype === 'float32');
  const slopes = gradient(reduceSum(square(value)), reals);
  return [
    value,
    ...slopes,
    ...gradient(
      slopes.map((slope) => reduceSum(square(slope))).reduce((a, b) => a.add(b), reduceSum(value)),
      reals,
    ),
  ];
}

for (const row of opCases) {
  // A user's graph has no sums over the ranks, and scalars have no axes.
  if (row.op === 'allReduce' || row.inputs.every(({ shape }) => shape.length === 0)) continue;
  test(`${row.op}: ${row.name}`, (t) => {
    const data = drawInputs(row, 3);
    for (const axes of dealings(row)) {
      const inputs = inputNodes(row);
      const feeds = new Map(inputs.map((node, index) => [node, data[index] as Float64Array]));
      const expected = evaluate(rootsOf(row.build(...inputs), inputs), feeds);
      const marked = inputs.map((node, index) => (axes[index] === undefined ? node : shardable(node, axes[index])));
      const roots = rootsOf(row.build(...marked), inputs);
      for (const size of [2, 3]) {
        const ranks = Array.from(
          { length: size },
          (_, rank) => shard({ values: roots, updates: [] }, { rank, size }).values,
        );
        const { values } = evaluateTogether(ranks, feeds);
        for (const [rank, own] of values.entries()) {
          for (const [index, value] of own.entries()) {
            const error = worstError(value, expected[index] as Float64Array);
            t.true(error <= 1e-10, `${axes}, rank ${rank} of ${size}, root ${index}: ${error}`);
          }
        }
        t.false(ranks.flat().some((node) => isOp(node, 'shardable')));
      }
    }
  });
}
