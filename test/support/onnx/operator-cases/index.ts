import type { OperatorCase } from '../operator-case.js';
import { activation } from './activation.js';
import { attentions } from './attention.js';
import { constants } from './constants.js';
import { control } from './control.js';
import { convolution } from './convolution.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import { matmul } from './matmul.js';
import { normalization } from './normalization.js';
import { ordering } from './ordering.js';
import { pooling } from './pooling.js';
import { recurrent } from './recurrent.js';
import { reduction } from './reduction.js';
import { resampling } from './resampling.js';
import { scatter } from './scatter.js';
import { shape } from './shape.js';
import { dropout, loss } from './training.js';

/** Cases of every operator whose result ONNX Runtime can confirm. */
export const operatorCases: readonly OperatorCase[] = [
  ...elementwise,
  ...activation,
  ...matmul,
  ...attentions,
  ...control,
  ...convolution,
  ...pooling,
  ...normalization,
  ...reduction,
  ...recurrent,
  ...shape,
  ...indexing,
  ...scatter,
  ...ordering,
  ...resampling,
  ...constants,
  ...loss,
  ...dropout,
];
