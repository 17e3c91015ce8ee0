import type { AttributesOf, OpName } from '../ops/index.js';
import { batched } from './batched.js';
import { conv, convFilterGradient, convInputGradient } from './conv.js';
import { elementwise } from './elementwise.js';
import * as indexing from './indexing.js';
import { matmul } from './matmul.js';
import { randomUniform } from './random.js';
import * as ranks from './ranks.js';
import * as reduce from './reduce.js';
import type { Rule } from './rule.js';
import * as shape from './shape.js';
import * as sparse from './sparse.js';

/** How each primitive is evaluated at many points at once; 'none' where there are no operands that could be stacked. */
export const rules: { readonly [K in OpName]: Rule<AttributesOf<K>> | 'none' } = {
  input: 'none',
  constant: 'none',
  neg: elementwise,
  abs: elementwise,
  sign: elementwise,
  exp: elementwise,
  log: elementwise,
  sqrt: elementwise,
  tanh: elementwise,
  sigmoid: elementwise,
  erf: elementwise,
  relu: elementwise,
  softplus: elementwise,
  sin: elementwise,
  cos: elementwise,
  floor: elementwise,
  ceil: elementwise,
  round: elementwise,
  not: elementwise,
  stopGradient: elementwise,
  cast: elementwise,
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  pow: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  equal: elementwise,
  notEqual: elementwise,
  less: elementwise,
  lessEqual: elementwise,
  greater: elementwise,
  greaterEqual: elementwise,
  and: elementwise,
  or: elementwise,
  where: elementwise,
  ...shape,
  ...reduce,
  matmul,
  conv,
  convInputGradient,
  convFilterGradient,
  maxPoolIndices: batched,
  averagePool: batched,
  averagePoolGradient: batched,
  ...indexing,
  warpAffine: batched,
  warpAffineGradient: batched,
  ...sparse,
  randomUniform,
  ...ranks,
};
