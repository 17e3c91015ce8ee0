import { int64s, type TestTensor } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';

const [steps, batch, features, hidden] = [4, 3, 2, 5];
const x = random([steps, batch, features]);

interface Variant extends Pick<OperatorCase, 'note' | 'attributes'> {
  readonly directions?: number;
  readonly lengths?: readonly number[];
  /** Whether the first states are given. */
  readonly states?: true;
  readonly peepholes?: true;
  readonly withoutBias?: true;
  readonly opsets?: readonly number[];
}

/** A layer whose cell has this many gates, and a memory beside its state or none. */
function layer(op: string, gates: number, memory: boolean, variant: Variant): OperatorCase {
  const {
    note,
    directions = 1,
    lengths,
    states,
    peepholes,
    withoutBias,
    opsets = [7, 14, 22],
    attributes = {},
  } = variant;
  const state = states && random([directions, batch, hidden], 1);
  const inputs: (TestTensor | undefined)[] = [
    x,
    random([directions, gates * hidden, features], 1),
    random([directions, gates * hidden, hidden], 1),
    withoutBias ? undefined : random([directions, 2 * gates * hidden], 1),
    lengths && { ...int64s(lengths), type: 'int32' },
    state,
    ...(memory ? [state && random([directions, batch, hidden], 0.8)] : []),
    ...(peepholes ? [random([directions, 3 * hidden], 1)] : []),
  ];
  return {
    op,
    ...(note === undefined ? {} : { note }),
    opsets,
    inputs,
    attributes: { hidden_size: hidden, ...attributes },
    outputs: memory ? 3 : 2,
  };
}

const both = { directions: 2, attributes: { direction: 'bidirectional' } };

/** What all kinds of layers have in common. */
const common: readonly Variant[] = [
  {},
  { note: 'backwards', attributes: { direction: 'reverse' }, opsets: [14] },
  { note: 'in both directions', ...both, states: true, opsets: [14] },
  { note: 'of sequences of different lengths', ...both, lengths: [4, 1, 3], states: true, opsets: [14] },
  { note: 'without bias', withoutBias: true, opsets: [14] },
  { note: 'limited', attributes: { clip: { float: 1.7 } }, opsets: [14] },
];

export const recurrent: readonly OperatorCase[] = [
  ...common.map((variant) => layer('RNN', 1, false, variant)),
  ...common.map((variant) => layer('GRU', 3, false, variant)),
  ...common.map((variant) => layer('LSTM', 4, true, variant)),
  layer('GRU', 3, false, {
    note: 'linear before reset',
    ...both,
    attributes: { direction: 'bidirectional', linear_before_reset: 1 },
    states: true,
    opsets: [14],
  }),
  layer('LSTM', 4, true, { note: 'with peepholes', ...both, peepholes: true, states: true, opsets: [14] }),
  layer('LSTM', 4, true, { note: 'with coupled gates', attributes: { input_forget: 1 }, opsets: [14] }),
  layer('LSTM', 4, true, {
    note: 'of other activations',
    directions: 2,
    attributes: {
      direction: 'bidirectional',
      activations: { texts: ['HardSigmoid', 'Softsign', 'tanh', 'Affine', 'LeakyRelu', 'ScaledTanh'] },
      activation_alpha: { floats: [0.3, 0.4, 0.1, 1.2] },
      activation_beta: { floats: [0.4, 0.1, 0.6] },
    },
    opsets: [14],
  }),
  layer('RNN', 1, false, {
    note: 'of rectifiers',
    ...both,
    attributes: {
      direction: 'bidirectional',
      activations: { texts: ['Relu', 'Elu'] },
      activation_alpha: { floats: [0.7] },
    },
    opsets: [14],
  }),
];
