import { bools, int64s, tensor } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';

const opsets = [23];
const [query, key, value] = [random([2, 4, 3, 2]), random([2, 4, 5, 2]), random([2, 4, 5, 3])];
const flat = [random([2, 3, 8]), random([2, 5, 8]), random([2, 5, 12])];
const shared = [random([2, 4, 3, 2]), random([2, 2, 5, 2]), random([2, 2, 5, 3])];

/** The second query may look nowhere. */
const partial = bools([1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], [3, 5]);
const infinite = tensor(
  partial.data.map((allowed, index) => (allowed ? index / 10 : -Infinity)),
  [3, 5],
);

const attention: readonly OperatorCase[] = [
  { op: 'Attention', opsets, inputs: [query, key, value] },
  { op: 'Attention', note: 'scale', opsets, inputs: [query, key, value], attributes: { scale: { float: 0.3 } } },
  {
    op: 'Attention',
    note: 'of three axes',
    opsets,
    inputs: flat,
    attributes: { q_num_heads: 4, kv_num_heads: 4 },
  },
  { op: 'Attention', note: 'shared heads', opsets, inputs: shared },
  {
    op: 'Attention',
    note: 'shared heads of three axes',
    opsets,
    inputs: [random([2, 3, 8]), random([2, 5, 4]), random([2, 5, 6])],
    attributes: { q_num_heads: 4, kv_num_heads: 2 },
  },
  { op: 'Attention', note: 'one head of keys', opsets, inputs: [query, random([2, 1, 5, 2]), random([2, 1, 5, 3])] },
  {
    op: 'Attention',
    note: 'bool mask',
    opsets,
    inputs: [
      query,
      key,
      value,
      bools(
        partial.data.map((x, i) => (x || i === 7 ? 1 : 0)),
        [3, 5],
      ),
    ],
  },
  {
    op: 'Attention',
    note: 'bool mask of four axes',
    opsets,
    inputs: [
      query,
      key,
      value,
      bools(
        Array.from({ length: 30 }, (_, i) => (i % 3 ? 1 : 0)),
        [2, 1, 3, 5],
      ),
    ],
  },
  { op: 'Attention', note: 'float mask of three axes', opsets, inputs: [query, key, value, random([4, 3, 5])] },
  { op: 'Attention', note: 'bool mask with an empty row', opsets, inputs: [query, key, value, partial] },
  { op: 'Attention', note: 'float mask with an empty row', opsets, inputs: [query, key, value, infinite] },
  { op: 'Attention', note: 'causal', opsets, inputs: [query, key, value], attributes: { is_causal: 1 } },
  {
    op: 'Attention',
    note: 'causal with a mask',
    opsets,
    inputs: [query, key, value, partial],
    attributes: { is_causal: 1 },
  },
  {
    op: 'Attention',
    note: 'softcap',
    opsets,
    inputs: [query, key, value],
    attributes: { softcap: { float: 0.7 } },
  },
  // ONNX Runtime shows the least finite number in place of -infinity in stage 2.
  ...[0, 1, 2, 3].map(
    (mode): OperatorCase => ({
      op: 'Attention',
      note: `with past and scores of stage ${mode}`,
      opsets,
      inputs: [query, key, value, random([3, 9]), random([2, 4, 4, 2]), random([2, 4, 4, 3])],
      attributes: { is_causal: mode === 2 ? 0 : 1, softcap: { float: 0.7 }, qk_matmul_output_mode: mode },
      outputs: 4,
    }),
  ),
  {
    op: 'Attention',
    note: 'with counted keys',
    opsets: [24],
    inputs: [query, key, value, undefined, undefined, undefined, int64s([3, 5])],
    attributes: { is_causal: 1 },
  },
  {
    op: 'Attention',
    note: 'with a mask that ends early',
    opsets: [24],
    inputs: [tensor([0], [1, 1, 1, 1]), random([1, 1, 3, 1]), tensor([1, 2, 6], [1, 1, 3, 1]), tensor([0, 0], [1, 2])],
    expected: { shape: [1, 1, 1, 1], data: [1.5] },
  },
];

const rotaryEmbedding: readonly OperatorCase[] = [
  { op: 'RotaryEmbedding', opsets, inputs: [random([2, 4, 3, 6]), random([2, 3, 3]), random([2, 3, 3])] },
  {
    op: 'RotaryEmbedding',
    note: 'interleaved at positions',
    opsets,
    inputs: [random([2, 4, 3, 6]), random([8, 3]), random([8, 3]), int64s([0, 1, 2, 5, 6, 7], [2, 3])],
    attributes: { interleaved: 1 },
  },
  {
    op: 'RotaryEmbedding',
    note: 'of three axes, in part',
    opsets,
    inputs: [random([2, 3, 24]), random([8, 2]), between(-1, 1, [8, 2]), int64s([0, 1, 2, 5, 6, 7], [2, 3])],
    attributes: { num_heads: 4, rotary_embedding_dim: 4 },
  },
];

export const attentions: readonly OperatorCase[] = [...attention, ...rotaryEmbedding];
