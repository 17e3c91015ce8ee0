import { elementCount } from '../../../tensor.js';
import { type Lowering, plain } from './lowering.js';

export const randomUniform: Lowering<'randomUniform'> = ({ shape }, operands) =>
  plain('randomUniform', [elementCount(shape)], { key: operands.buffer(0), y: operands.target });
