import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Operation, OperatorImporter } from '../operation.js';

/** [batch, heads, sequence, size], to which [batch, sequence, heads size] is cut; `attribute` says how many heads it has. */
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

/** True where a query may look: at keys that are not later than itself, `past` keys before all queries included. */
function causalMask(op: Operation, queries: number, keys: number, past: number): Node {
  return g.lessEqual(op.sequence(keys), g.add(g.reshape(op.sequence(queries), [queries, 1]), past));
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
 * softmax(scale Q K' + mask) V for each head (Vaswani et al., 2017), with scores softly limited to +-softcap, fewer heads of
 * keys than of queries, and keys and values of earlier calls in front. The fourth output is the scores at one of four stages.
 */
function attention(op: Operation): Node[] {
  const { attributes } = op;
  attributes.ignore('softmax_precision');
  const query = toHeads(op, op.input(0), 'q_num_heads');
  const past = op.optionalInput(4);
  const key = appendTo(past, toHeads(op, op.input(1), 'kv_num_heads'));
  const value = appendTo(op.optionalInput(5), toHeads(op, op.input(2), 'kv_num_heads'));
  const [queries, keys, size] = [query.shape[2] ?? 0, key.shape[2] ?? 0, query.shape[3] ?? 0];

  const scale = attributes.float('scale', 1 / Math.sqrt(size));
  const products = multiplyHeads(op, g.mul(query, scale), key, true);
  const softcap = attributes.float('softcap', 0);
  const capped = softcap > 0 ? g.mul(g.tanh(g.div(products, softcap)), softcap) : products;
  const masked = withMask(op, capped);
  const causal = attributes.flag('is_causal');
  const scores = causal ? g.where(causalMask(op, queries, keys, past?.shape[2] ?? 0), masked, -Infinity) : masked;
  const weights = maskedSoftmax(scores);

  const stage = [products, capped, scores, weights][attributes.int('qk_matmul_output_mode', 0)];
  if (stage === undefined) throw op.invalid('has a qk_matmul_output_mode outside 0 to 3');
  const output = multiplyHeads(op, weights, value, false);
  return [op.input(0).shape.length === 3 ? joinHeads(output) : output, key, value, stage];
}

/** A mask of truth values says where to look; one of numbers is added to the scores. */
function withMask(op: Operation, scores: Node): Node {
  const mask = op.optionalInput(3);
  if (mask === undefined) return scores;
  return mask.dtype === 'bool' ? g.where(mask, scores, -Infinity) : g.add(scores, mask);
}

/**
 * Rotates pairs of features by angles that grow with the position (Su et al., 2021): neighbours as pairs, or each feature of
 * the first half with that of the second. Features from `rotary_embedding_dim` on stay.
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
  Attention: { build: attention, since: 23 },
  RotaryEmbedding: { build: rotaryEmbedding, since: 23 },
};
