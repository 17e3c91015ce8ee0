import { checkKeys, invalidArgument } from '../../errors.js';
import { formatType, sameShape } from '../../tensor.js';
import {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  exp,
  greaterEqual,
  less,
  log,
  mul,
  stopGradient,
  sub,
  where,
} from '../functions/elementwise.js';
import { iota } from '../functions/leaf.js';
import { argMax, type ReduceOptions, reduceMax, reduceSum } from '../functions/reduce.js';
import { expandDims, reshape } from '../functions/shape.js';
import { type Node, requireNode } from '../node.js';
import { mismatch, requireDType, requireShape, sizeAt } from '../ops/infer.js';
import { mean } from './normalization.js';

/** bool [...indices, depth]: true where the position on the new last axis is the index; all false for other indices. */
function positionMask(indices: Node, depth: number): Node {
  requireDType(requireNode(indices, 'indices'), ['int32', 'int64'], 'the indices');
  return equal(expandDims(indices, [-1]), iota(depth, indices.dtype));
}

/**
 * The share of rows whose largest logit is that of their label, 0 to 1: a scalar, from logits [..., c] and integer
 * labels [...]. Of equal logits the first counts. It has no derivative.
 * @throws SHAPE_MISMATCH
 */
export function accuracy(logits: Node, labels: Node): Node {
  const axis = requireNode(logits, 'logits').shape.length - 1;
  if (axis < 0) throw mismatch('Expected the logits to have an axis of classes but received a scalar.');
  requireShape(requireNode(labels, 'labels').shape, logits.shape.slice(0, axis), 'the labels');
  return mean(cast(equal(argMax(logits, axis), cast(labels, 'int64')), 'float32'));
}

/** float32 [...indices, depth] with 1 where the position on the new last axis is the index, else 0. */
export function oneHot(indices: Node, depth: number): Node {
  return cast(positionMask(indices, depth), 'float32');
}

/** x less its largest element along the axis, which cancels in what follows and so is a constant for derivatives. */
function shifted(x: Node, axis: number): { readonly largest: Node; readonly rest: Node } {
  const largest = stopGradient(reduceMax(x, [axis], { keepDims: true }));
  return { largest, rest: sub(x, largest) };
}

/** log of the sum of exp(x) along one axis or several, which are removed unless `keepDims` is set. */
export function logSumExp(x: Node, axes: number | readonly number[] = -1, options: ReduceOptions = {}): Node {
  checkKeys(options, ['keepDims'], 'logSumExp');
  const { keepDims = false } = options;
  const summed = typeof axes === 'number' ? [axes] : axes;
  const most = stopGradient(reduceMax(x, summed, { keepDims: true }));
  // An infinity is its own result; taken off and added again it would be no number.
  const largest = where(less(abs(most), Number.POSITIVE_INFINITY), most, 0);
  const sum = reduceSum(exp(sub(x, largest)), summed, { keepDims });
  return add(log(sum), reshape(largest, sum.shape));
}

/** exp(x) over its sum along the axis. */
export function softmax(x: Node, axis = -1): Node {
  const exponentials = exp(shifted(x, axis).rest);
  return div(exponentials, reduceSum(exponentials, [axis], { keepDims: true }));
}

/** log(softmax(x)) without leaving the range of float32. */
export function logSoftmax(x: Node, axis = -1): Node {
  const { rest } = shifted(x, axis);
  return sub(rest, log(reduceSum(exp(rest), [axis], { keepDims: true })));
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** A label that does not count, such as -100 of padding: its loss and all its derivatives are 0. None by default. */
  readonly ignoreIndex?: number;
}

/**
 * Softmax cross-entropy of each row, in nats: logSumExp(logits[i]) - logits[i, labels[i]], float32 [b], from logits [b,
 * c] and integer labels [b] in 0 .. c - 1. There may be any number of axes in place of b, as for the steps of a
 * sequence or for tasks side by side. A label outside the classes gives NaN, which stops a solver; in a feed it is
 * refused when the problem is stated. The mean over the labels that count is the sum of the result over how many are
 * not `ignoreIndex`.
 *
 * Soft labels are float32 [b, c], how much each class counts: -sum_c labels[i, c] log softmax(logits[i])_c, which has a
 * derivative by the labels, too. They need not sum to 1.
 * @throws INVALID_ARGUMENT for an ignoreIndex that is no integer, or beside soft labels; SHAPE_MISMATCH
 */
export function crossEntropy(logits: Node, labels: Node, options: CrossEntropyOptions = {}): Node {
  checkKeys(options, ['ignoreIndex'], 'crossEntropy');
  const { ignoreIndex } = options;
  if (ignoreIndex !== undefined && !Number.isSafeInteger(ignoreIndex)) {
    throw invalidArgument('ignoreIndex of crossEntropy', 'an integer', ignoreIndex);
  }
  const axis = requireNode(logits, 'logits').shape.length - 1;
  if (axis < 0) throw mismatch('Expected the logits to have an axis of classes but received a scalar.');
  if (requireNode(labels, 'labels').dtype === 'float32') {
    if (ignoreIndex !== undefined) {
      throw invalidArgument(
        'ignoreIndex of crossEntropy',
        'none beside soft labels, of which some may be all 0,',
        ignoreIndex,
      );
    }
    if (sameShape(labels.shape, logits.shape.slice(0, axis))) {
      throw mismatch(
        `Expected numbers of classes in an integer type but received ${formatType(labels)}; float32 labels are soft ones, ` +
          'one for each class. Make the labels an Int32Array, or ask for a type: Tensor.from(labels, shape, "int64").',
      );
    }
    requireShape(labels.shape, logits.shape, 'the soft labels');
    return mul(-1, reduceSum(mul(labels, logSoftmax(logits, axis)), [axis]));
  }
  requireShape(labels.shape, logits.shape.slice(0, axis), 'the labels');
  const classes = sizeAt(logits.shape, axis);
  // A comparison with the positions fuses with the reduction around it, which an indexed read would not.
  const { rest } = shifted(logits, axis);
  const mask = positionMask(labels, classes);
  const loss = sub(log(reduceSum(exp(rest), [axis])), reduceSum(where(mask, rest, 0), [axis]));
  const known = and(greaterEqual(labels, 0), less(labels, classes));
  // labelsOf knows it by this form.
  const checked = where(known, loss, Number.NaN);
  return ignoreIndex === undefined ? checked : where(equal(labels, ignoreIndex), 0, checked);
}
