// Each rank computes the networks of its tasks alone, and what is summed is what has to be.
import test from 'ava';
import { perTask } from '../../../lib/bilevel/index.js';
import { shard } from '../../../lib/compile/shard/shard.js';
import {
  conv,
  gradient,
  input,
  isOp,
  type Node,
  reduceMax,
  reduceSum,
  shardable,
  square,
} from '../../../lib/graph/index.js';
import { topologicalOrder } from '../../../lib/graph/traverse.js';
import { elementCount } from '../../../lib/tensor.js';

const tasks = 6;

test('convolutions of tasks with weights of their own', (t) => {
  const [x, w] = [input('x', [tasks, 4, 2, 8, 8]), input('w', [tasks, 3, 2, 3, 3])];
  const losses = perTask({ x: shardable(x), w }, (task) => reduceSum(square(conv(task.x, task.w))));
  const [slope] = gradient(reduceSum(losses), [w]) as [Node];
  const roots = [slope, reduceMax(slope)];
  for (const [size, groups] of [
    [2, [3, 3]],
    [4, [1, 2, 1, 2]],
  ] as const) {
    for (const [rank, own] of groups.entries()) {
      const order = topologicalOrder(shard({ values: roots, updates: [] }, { rank, size }).values);
      const convolutions = order.filter((node) => isOp(node, 'conv') || isOp(node, 'convFilterGradient'));
      t.is(convolutions.length, 2);
      for (const { attributes } of convolutions) t.is((attributes as { groups: number }).groups, own);
      const summed = order.filter((node) => isOp(node, 'allReduce')).map(({ shape }) => elementCount(shape));
      // The gradient, and the largest element of each rank.
      t.deepEqual(summed, [elementCount(w.shape) + size]);
    }
  }
});
