import { checkShape, elementCount } from '../../tensor.js';
import type { Op } from '../op.js';
import { one, requireDType, requireShape } from './infer.js';
import { at } from './offsets.js';
import { philox } from './philox.js';
import type { ShapeAttributes } from './shape.js';

/** Uniform numbers in [0, 1), a pure function of the key and the position. */
export const randomUniform: Op<ShapeAttributes> = {
  infer(inputs, { shape }) {
    const key = one(inputs);
    requireDType(key, ['int32'], 'the key');
    requireShape(key.shape, [2], 'the key');
    checkShape(shape);
    return { dtype: 'float32', shape };
  },
  evaluate(inputs, { shape }) {
    const { data } = one(inputs);
    const result = new Float64Array(elementCount(shape));
    for (let block = 0; 4 * block < result.length; block++) {
      const words = philox([block >>> 0, Math.floor(block / 2 ** 32), 0, 0], [at(data, 0), at(data, 1)]);
      for (const [lane, word] of words.entries()) {
        if (4 * block + lane < result.length) result[4 * block + lane] = (word >>> 8) / 2 ** 24;
      }
    }
    return result;
  },
};
