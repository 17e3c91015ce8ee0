import type { Shape } from '../../tensor.js';
import { createNode, type Node } from '../node.js';
import { list } from './arguments.js';

/**
 * float32 uniform numbers in [0, 1) from Philox4x32-10: a pure function of the int32 [2] key and the position, so one
 * key gives the same numbers on every device.
 */
export function randomUniform(key: Node, shape: Shape): Node {
  return createNode('randomUniform', [key], { shape: list(shape, 'shape') });
}
