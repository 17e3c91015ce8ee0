import * as g from '../../../lib/graph/index.js';
import { cases, integers, type OpCase } from './op-case.js';

export const random: readonly OpCase[] = cases('randomUniform', (key) => g.randomUniform(key, [3, 7]), [
  ['matrix', [integers([2], 'int32', -(2 ** 31), 2 ** 31 - 1)]],
  ['scalar', [integers([2])], (key) => g.randomUniform(key, [])],
  ['nothing', [integers([2])], (key) => g.randomUniform(key, [0, 4])],
  ['several blocks', [integers([2])], (key) => g.randomUniform(key, [1000])],
]);
