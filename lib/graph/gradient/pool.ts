import * as f from '../functions/pool.js';
import { one } from '../ops/infer.js';
import type { AveragePoolAttributes, AveragePoolGradientAttributes } from '../ops/pool.js';
import type { Rule } from './rule.js';

export const averagePool: Rule<AveragePoolAttributes> = ({ inputs, attributes }, dy) => [
  f.averagePoolGradient(dy, { ...attributes, inputSize: one(inputs).shape.slice(2) }),
];

export const averagePoolGradient: Rule<AveragePoolGradientAttributes> = (
  { attributes: { inputSize: _, ...attributes } },
  dx,
) => [f.averagePool(dx, attributes)];
