import { elementCount } from '../../../tensor.js';
import { type Lowering, plain } from './lowering.js';

export const allReduce: Lowering<'allReduce'> = ({ shape }, operands) =>
  plain('allReduce', [elementCount(shape)], { x: operands.buffer(0), y: operands.target });
