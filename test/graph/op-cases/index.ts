import { convolutions } from './convolutions.js';
import { elementwise } from './elementwise.js';
import { indexed } from './indexed.js';
import type { OpCase } from './op-case.js';
import { pools } from './pools.js';
import { products } from './products.js';
import { random } from './random.js';
import { ranks } from './ranks.js';
import { reductions } from './reductions.js';
import { shapes } from './shapes.js';
import { sparse } from './sparse.js';
import { warped } from './warps.js';

export * from './op-case.js';

export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...shapes,
  ...reductions,
  ...products,
  ...convolutions,
  ...pools,
  ...indexed,
  ...warped,
  ...sparse,
  ...random,
  ...ranks,
];
