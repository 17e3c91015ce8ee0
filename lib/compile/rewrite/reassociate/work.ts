import { isOp, type Node } from '../../../graph/node.js';
import { matmulSizes } from '../../../graph/ops/matmul.js';
import { topologicalOrder } from '../../../graph/traverse.js';
import { bytesOf } from '../../bytes.js';
import { classOf } from '../../classes.js';
import type { Target } from '../../target.js';
import { varyingOf } from '../../varying.js';

/**
 * What is computed once a run counts as a part of this many in every step. Methods repeat a step on one mini-batch 10
 * to 20 times; a larger number would burden runs of a single step with products that never pay there.
 */
const assumedSteps = 10;

/** What computing something costs. */
export interface Work {
  /** Floating-point operations of products once a run. */
  readonly prologueFlops: number;
  /** Those in every step. */
  readonly stepFlops: number;
  /** Time of a step, in floating-point operations of products. */
  readonly step: number;
  /** The same with the share of what is done once a run. */
  readonly total: number;
}

export const noWork: Work = { prologueFlops: 0, stepFlops: 0, step: 0, total: 0 };

export function plus(a: Work, b: Work): Work {
  return {
    prologueFlops: a.prologueFlops + b.prologueFlops,
    stepFlops: a.stepFlops + b.stepFlops,
    step: a.step + b.step,
    total: a.total + b.total,
  };
}

/** Whether one work is less than another, with no more in every step. */
export function isLess(a: Work, b: Work): boolean {
  return a.total < b.total && a.step <= b.step && a.stepFlops <= b.stepFlops;
}

/** Whether one work is less than another in every step, whatever is done once a run. */
export function isLessEachStep(a: Work, b: Work): boolean {
  return a.step < b.step && a.stepFlops <= b.stepFlops;
}

/** Floating-point operations of a product of matrices, 0 of anything else. */
function productFlops(node: Node): number {
  if (!isOp(node, 'matmul')) return 0;
  const [a, b] = node.inputs as readonly [Node, Node];
  const { batch, m, n, k } = matmulSizes(a, b, node.attributes);
  return 2 * batch * m * n * k;
}

/** Products by their operations and the memory that they read and write, anything else by what it writes. */
export function workOf(node: Node, invariant: boolean, { flopsPerByte }: Target): Work {
  const kind = classOf(node.op);
  if (kind === 'leaf' || kind === 'view') return noWork;
  const flops = productFlops(node);
  const touched = flops > 0 ? [...node.inputs, node] : [node];
  const time = flops + flopsPerByte * bytesOf(touched);
  return invariant
    ? { prologueFlops: flops, stepFlops: 0, step: 0, total: time / assumedSteps }
    : { prologueFlops: 0, stepFlops: flops, step: time, total: time };
}

/** @param changing inputs that differ from step to step; undefined when everything is computed in every step */
export function workOfGraph(roots: readonly Node[], changing: ReadonlySet<Node> | undefined, target: Target): Work {
  const order = topologicalOrder(roots);
  const varying = changing === undefined ? new Set(order) : varyingOf(order, changing);
  let work = noWork;
  for (const node of order) {
    work = plus(work, workOf(node, !varying.has(node), target));
  }
  return work;
}
