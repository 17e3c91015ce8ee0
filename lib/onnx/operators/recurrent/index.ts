import type { OperatorImporter } from '../../operation.js';
import { gru } from './gru.js';
import { lstm } from './lstm.js';
import { rnn } from './rnn.js';

export const recurrentOperators: Record<string, OperatorImporter> = {
  GRU: { build: gru },
  LSTM: { build: lstm },
  RNN: { build: rnn },
};
