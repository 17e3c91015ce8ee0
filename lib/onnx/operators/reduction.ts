import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import type { Operation, OperatorImporter } from '../operation.js';

type Reduce = (x: Node, axes: readonly number[], options: { readonly keepDims: boolean }) => Node;

/** The opset from which the axes are an input; before it they are an attribute. ReduceSum moved before the others. */
const axesInputSince = { sum: 13, others: 18 } as const;

function reduction(reduce: Reduce, inputSince: number = axesInputSince.others): OperatorImporter {
  return {
    build(op) {
      const x = op.input(0);
      const stated = op.opset >= inputSince ? op.optionalConstantInput(1) : op.attributes.ints('axes');
      const noop = op.attributes.flag('noop_with_empty_axes');
      const keepDims = op.attributes.flag('keepdims', true);
      // Without axes everything is reduced, or nothing; then a logarithm or square in the operator is still taken.
      const unstated = noop ? [] : [...x.shape.keys()];
      const axes = stated?.length ? stated.map((axis) => g.normalizeAxis(axis, x.shape.length)) : unstated;
      return exactly(op, x, (real) => reduce(real, axes, { keepDims }));
    },
  };
}

/**
 * Integer sums are exact in the float64 of constant folding; of data they would be rounded to float32. Of no bool at
 * all the largest is false and the smallest true, which the infinities of an empty reduction say by their sign; of no
 * integer they are the ends of the range.
 */
function exactly(op: Operation, x: Node, reduce: (x: Node) => Node): Node {
  if (x.dtype === 'float32') return reduce(x);
  if (x.dtype === 'bool') return g.greater(reduce(g.cast(x, 'float32')), 0);
  if (x.op !== 'constant') throw op.unsupported(`reduces ${x.dtype} data, which is supported for constants only`);
  const reduced = reduce(g.cast(x, 'float32'));
  const [least, most] = x.dtype === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [-largestInteger, largestInteger];
  return g.cast(elementCount(x.shape) === 0 ? g.clip(reduced, least, most) : reduced, x.dtype);
}

/** Integers beyond it saturate where they are read, and so do results. */
const largestInteger = Number.MAX_SAFE_INTEGER;

const minimum: Reduce = (x, axes, options) => g.neg(g.reduceMax(g.neg(x), axes, options));

const mostFactors = 1024;

/** One multiplication for each factor, since products of many are rare. */
function product(op: Operation): Reduce {
  return (x, axes, { keepDims }) => {
    const factors = axes.reduce((result, axis) => {
      const size = result.shape[axis] ?? 0;
      if (size > mostFactors) throw op.unsupported(`multiplies ${size} numbers; at most ${mostFactors} are supported`);
      const parts = Array.from({ length: size }, (_, index) => sliceAt(result, axis, index));
      return parts.length === 0 ? g.broadcastTo(1, withOne(result.shape, axis)) : parts.reduce(g.mul);
    }, x);
    const kept = x.shape.filter((_, axis) => !axes.includes(axis));
    return keepDims ? factors : g.reshape(factors, kept);
  };
}

function withOne(shape: readonly number[], axis: number): number[] {
  return shape.map((size, index) => (index === axis ? 1 : size));
}

function sliceAt(x: Node, axis: number, index: number): Node {
  const starts = x.shape.map((_, position) => (position === axis ? index : 0));
  const limits = x.shape.map((size, position) => (position === axis ? index + 1 : size));
  return g.slice(x, { starts, limits });
}

/** The position of the largest or smallest element; the last of equal ones is the first of the axis in reverse. */
function argMax(sign: 1 | -1): OperatorImporter['build'] {
  return (op) => {
    const x = op.input(0);
    const axis = g.normalizeAxis(op.attributes.int('axis', 0), x.shape.length);
    const last = (x.shape[axis] ?? 0) - 1;
    const signed = sign === 1 ? x : g.neg(x);
    const result = op.attributes.flag('select_last_index')
      ? g.sub(
          last,
          g.argMax(
            g.gather(
              signed,
              op.sequence(last + 1, (index) => last - index),
              axis,
            ),
            axis,
          ),
        )
      : g.argMax(signed, axis);
    return op.attributes.flag('keepdims', true) ? g.expandDims(result, [axis]) : result;
  };
}

export const reductionOperators: Record<string, OperatorImporter> = {
  ArgMax: { build: argMax(1), constantAlmostEverywhere: true },
  ArgMin: { build: argMax(-1), constantAlmostEverywhere: true },
  ReduceL1: reduction((x, axes, options) => g.reduceSum(g.abs(x), axes, options)),
  ReduceL2: reduction(g.norm),
  ReduceLogSum: reduction((x, axes, options) => g.log(g.reduceSum(x, axes, options))),
  ReduceLogSumExp: reduction(g.logSumExp),
  ReduceMax: reduction(g.reduceMax),
  ReduceMean: reduction(g.mean),
  ReduceMin: reduction(minimum),
  ReduceProd: { build: (op) => reduction(product(op)).build(op) },
  ReduceSum: reduction(g.reduceSum, axesInputSince.sum),
  ReduceSumSquare: reduction((x, axes, options) => g.reduceSum(g.square(x), axes, options)),
};
