import type { OperatorImporter } from '../operation.js';
import { activationOperators } from './activation.js';
import { attentionOperators } from './attention.js';
import { constantOperators } from './constants.js';
import { controlOperators } from './control/branches.js';
import { sequenceOperators } from './control/sequences.js';
import { convolutionOperators } from './convolution.js';
import { einsumOperators } from './einsum.js';
import { elementwiseOperators } from './elementwise.js';
import { indexingOperators } from './indexing/gather.js';
import { orderingOperators } from './indexing/ordering.js';
import { scatterOperators } from './indexing/scatter.js';
import { lossOperators } from './loss.js';
import { matmulOperators } from './matmul.js';
import { normalizationOperators } from './normalization.js';
import { poolingOperators } from './pooling.js';
import { randomOperators } from './random.js';
import { recurrentOperators } from './recurrent/index.js';
import { reductionOperators } from './reduction.js';
import { blockOperators } from './resampling/blocks.js';
import { gridOperators } from './resampling/grid.js';
import { resizeOperators } from './resampling/resize.js';
import { shapeOperators } from './shape.js';
import { slicingOperators } from './slicing.js';

/** The ONNX operators that are understood, by name; all are of the default domain. */
export const operators: ReadonlyMap<string, OperatorImporter> = new Map(
  Object.entries({
    ...activationOperators,
    ...attentionOperators,
    ...constantOperators,
    ...controlOperators,
    ...convolutionOperators,
    ...randomOperators,
    ...einsumOperators,
    ...elementwiseOperators,
    ...indexingOperators,
    ...lossOperators,
    ...matmulOperators,
    ...normalizationOperators,
    ...orderingOperators,
    ...poolingOperators,
    ...recurrentOperators,
    ...reductionOperators,
    ...resizeOperators,
    ...blockOperators,
    ...gridOperators,
    ...scatterOperators,
    ...sequenceOperators,
    ...shapeOperators,
    ...slicingOperators,
  }),
);
