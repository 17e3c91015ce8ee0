import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Operation, OperatorImporter } from '../operation.js';

/**
 * [batch, heads, sequence, size], to which [batch, sequence, heads size] is cut; `attribute` says how many heads it
 * has.
 */
function toHeads(op: Operation, x: Node, attribute: string): Node {
  const [batch = 0, length = 0, width = 0] = x.shape;
  const heads = op.attributes.int(attribute);
  if (x.shape.length === 4) return x;
  if (x.shape.length !== 3) throw op.mismatch(`needs tensors of 3 or 4 axes, not of ${x.shape.length}`);
  if (heads === undefined) throw op.invalid(`needs the attribute ${attribute} for inputs of 3 axes`);
  if (heads < 1 || width % heads !== 0) throw op.mismatch(`cannot part ${width} features among ${heads} heads`);
  return g.transpose(g.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** The inverse of `toHeads`: heads side by side. */
function joinHeads(x: Node): Node {
  const [batch = 0, heads = 0, length = 0, size = 0] = x.shape;
  return g.reshape(g.transpose(x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

/** What came before, if anything, and x behind it. */
function appendTo(past: Node | undefined, x: Node): Node {
  return past === undefined ? x : g.concat([past, x], 2);
}

/**
 * Scores with -infinity where a query must not look. A mask of truth values says where it may, one of numbers is added;
 * from opset 24 on either may end early, and each sample may say how many of its keys count. A causal query looks at no
 * key behind itself: the queries stand at the end of what counts where that is said, else behind the past.
 */
function maskScores(op: Operation, scores: Node, past: number): Node {
  const [queries = 0, keys = 0] = scores.shape.slice(2);
  const [mask, lengths] = [op.optionalInput(3), op.optionalInput(6)];
  const counted = lengths === undefined ? undefined : g.reshape(lengths, [lengths.shape[0] ?? 0, 1, 1, 1]);
  const position = op.sequence(keys);
  let masked = mask === undefined ? scores : withMask(scores, op.opset < 24 ? mask : fillMask(mask, keys));
  if (op.attributes.flag('is_causal')) {
    const last = g.add(
      g.reshape(op.sequence(queries), [queries, 1]),
      counted === undefined ? past : g.sub(counted, queries),
    );
    masked = g.where(g.lessEqual(position, last), masked, -Infinity);
  }
  return counted === undefined ? masked : g.where(g.less(position, counted), masked, -Infinity);
}

function withMask(scores: Node, mask: Node): Node {
  return mask.dtype === 'bool' ? g.where(mask, scores, -Infinity) : g.add(scores, mask);
}

/** A mask for fewer keys leaves the others out. */
function fillMask(mask: Node, keys: number): Node {
  const missing = keys - (mask.shape.at(-1) ?? keys);
  if (missing <= 0) return mask;
  const nothing = g.constant(mask.dtype === 'bool' ? 0 : -Infinity, [], mask.dtype);
  return g.concat([mask, g.broadcastTo(nothing, [...mask.shape.slice(0, -1), missing])], -1);
}

/**
 * Softmax along the last axis in which -infinity stands for what is left out. Of a row without anything else nothing is
 * left, neither a weight nor a derivative, instead of NaN.
 */
function maskedSoftmax(x: Node): Node {
  const largest = g.stopGradient(g.reduceMax(x, [-1], { keepDims: true }));
  const exponentials = g.exp(g.sub(x, g.where(g.equal(largest, -Infinity), 0, largest)));
  const sum = g.reduceSum(exponentials, [-1], { keepDims: true });
  return g.div(exponentials, g.where(g.equal(sum, 0), 1, sum));
}

/** a b for each head of `a`; neighbouring heads of `a` share one of `b` where it has fewer. */
function multiplyHeads(op: Operation, a: Node, b: Node, transposeB: boolean): Node {
  const [batch = 0, heads = 0, rows = 0, size = 0] = a.shape;
  const shared = b.shape[1] ?? 0;
  if (shared < 1 || heads % shared !== 0) throw op.mismatch(`cannot share ${shared} heads among ${heads}`);
  const grouped = g.reshape(a, [batch, shared, (heads / shared) * rows, size]);
  const product = g.matmul(grouped, b, { transposeB });
  return g.reshape(product, [batch, heads, rows, product.shape[3] ?? 0]);
}

/**
 * softmax(scale Q K' + mask) V for each head (Vaswani et al., 2017), with scores softly limited to +-softcap, fewer
 * heads of keys than of queries, and keys and values of earlier calls in front. The fourth output is the scores at one
 * of four stages.
 */
function attention(op: Operation): Node[] {
  const { attributes } = op;
  attributes.ignore('softmax_precision');
  const query = toHeads(op, op.input(0), 'q_num_heads');
  const past = op.optionalInput(4);
  const key = appendTo(past, toHeads(op, op.input(1), 'kv_num_heads'));
  const value = appendTo(op.optionalInput(5), toHeads(op, op.input(2), 'kv_num_heads'));

  const scale = attributes.float('scale', 1 / Math.sqrt(query.shape[3] ?? 0));
  const products = multiplyHeads(op, g.mul(query, scale), key, true);
  const softcap = attributes.float('softcap', 0);
  const capped = softcap > 0 ? g.mul(g.tanh(g.div(products, softcap)), softcap) : products;
  const scores = maskScores(op, capped, past?.shape[2] ?? 0);
  const weights = maskedSoftmax(scores);

  const stage = [products, capped, scores, weights][attributes.int('qk_matmul_output_mode', 0)];
  if (stage === undefined) throw op.invalid('has a qk_matmul_output_mode outside 0 to 3');
  const output = multiplyHeads(op, weights, value, false);
  return [op.input(0).shape.length === 3 ? joinHeads(output) : output, key, value, stage];
}

/**
 * Rotates pairs of features by angles that grow with the position (Su et al., 2021): neighbours as pairs, or each
 * feature of the first half with that of the second. Features from `rotary_embedding_dim` on stay.
 */
function rotaryEmbedding(op: Operation): Node {
  const { attributes } = op;
  const x = toHeads(op, op.input(0), 'num_heads');
  const size = x.shape[3] ?? 0;
  const rotated = attributes.int('rotary_embedding_dim', 0) || size;
  const interleaved = attributes.flag('interleaved');
  if (rotated < 0 || rotated > size || rotated % 2 !== 0)
    throw op.mismatch(`cannot rotate ${rotated} of ${size} features`);
  const features = (y: Node, start: number, stop: number): Node =>
    g.slice(y, {
      starts: y.shape.map((_, axis) => (axis === 3 ? start : 0)),
      limits: y.shape.map((total, axis) => (axis === 3 ? stop : total)),
    });
  const positions = op.optionalInput(3);
  const angle = (index: number): Node => {
    const cache = op.input(index);
    return g.expandDims(positions === undefined ? cache : g.gather(cache, positions), [1]);
  };
  const [cos, sin] = [angle(1), angle(2)];

  const [half, pairs] = [rotated / 2, x.shape.slice(0, 3)];
  const part = g.reshape(features(x, 0, rotated), interleaved ? [...pairs, half, 2] : [...pairs, 2, half]);
  const axis = interleaved ? 4 : 3;
  const component = (index: number): Node => g.gather(part, g.constant(index, [], 'int64'), axis);
  const [real, imaginary] = [component(0), component(1)];
  const turned = [g.sub(g.mul(cos, real), g.mul(sin, imaginary)), g.add(g.mul(sin, real), g.mul(cos, imaginary))].map(
    (each) => g.expandDims(each, [axis]),
  );
  const joined = g.reshape(g.concat(turned, axis), [...pairs, rotated]);
  const result = rotated === size ? joined : g.concat([joined, features(x, rotated, size)], 3);
  return op.input(0).shape.length === 3 ? joinHeads(result) : result;
}

export const attentionOperators: Record<string, OperatorImporter> = {
  Attention: { build: attention, since: 23, until: 24 },
  RotaryEmbedding: { build: rotaryEmbedding, since: 23 },
};
