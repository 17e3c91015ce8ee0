import type { AttributesOf, OpName } from '../ops/index.js';
import * as binary from './binary.js';
import * as conv from './conv.js';
import * as indexing from './indexing.js';
import { matmul } from './matmul.js';
import * as pool from './pool.js';
import * as ranks from './ranks.js';
import * as reduce from './reduce.js';
import type { Rule } from './rule.js';
import * as shape from './shape.js';
import * as sparse from './sparse.js';
import * as unary from './unary.js';
import * as warp from './warp.js';

/**
 * The reverse rule of each primitive, written in primitives, so that a gradient of a gradient needs no rules of its
 * own; 'none' where the value is piecewise constant or not numeric, so that derivatives through it are zero.
 */
export const rules: { readonly [K in OpName]: Rule<AttributesOf<K>> | 'none' } = {
  input: 'none',
  constant: 'none',
  ...unary,
  sign: 'none',
  floor: 'none',
  ceil: 'none',
  round: 'none',
  not: 'none',
  stopGradient: 'none',
  ...binary,
  equal: 'none',
  notEqual: 'none',
  less: 'none',
  lessEqual: 'none',
  greater: 'none',
  greaterEqual: 'none',
  and: 'none',
  or: 'none',
  ...shape,
  ...reduce,
  argMax: 'none',
  matmul,
  ...conv,
  maxPoolIndices: 'none',
  ...pool,
  ...indexing,
  ...warp,
  ...sparse,
  randomUniform: 'none',
  ...ranks,
};
