import type { Op } from '../op.js';
import * as binary from './binary.js';
import { conv, convFilterGradient, convInputGradient } from './conv.js';
import * as indexing from './indexing.js';
import * as leaf from './leaf.js';
import { matmul } from './matmul.js';
import * as pool from './pool.js';
import * as random from './random.js';
import * as ranks from './ranks.js';
import * as reduce from './reduce.js';
import * as shape from './shape.js';
import * as sparse from './sparse.js';
import * as unary from './unary.js';
import * as warp from './warp.js';

/** The op table: every primitive by name. */
export const ops = {
  ...leaf,
  ...unary,
  ...binary,
  ...shape,
  ...reduce,
  matmul,
  conv,
  convInputGradient,
  convFilterGradient,
  ...pool,
  ...indexing,
  ...warp,
  ...sparse,
  ...random,
  ...ranks,
};

export type OpName = keyof typeof ops;
export type AttributesOf<K extends OpName> = (typeof ops)[K] extends Op<infer A> ? A : never;
