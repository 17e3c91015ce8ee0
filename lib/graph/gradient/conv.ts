import * as f from '../functions/conv.js';
import type { ConvAttributes, ConvFilterGradientAttributes, ConvInputGradientAttributes } from '../ops/conv.js';
import { two } from '../ops/infer.js';
import type { Rule } from './rule.js';

export const conv: Rule<ConvAttributes> = ({ inputs, attributes }, dy, wanted) => {
  const [x, w] = two(inputs);
  return [
    wanted[0] ? f.convInputGradient(dy, w, { ...attributes, inputSize: x.shape.slice(2) }) : undefined,
    wanted[1] ? f.convFilterGradient(x, dy, { ...attributes, kernelSize: w.shape.slice(2) }) : undefined,
  ];
};

export const convInputGradient: Rule<ConvInputGradientAttributes> = ({ inputs, attributes: all }, dx, wanted) => {
  const { inputSize: _, ...attributes } = all;
  const [y, w] = two(inputs);
  return [
    wanted[0] ? f.conv(dx, w, attributes) : undefined,
    wanted[1] ? f.convFilterGradient(dx, y, { ...attributes, kernelSize: w.shape.slice(2) }) : undefined,
  ];
};

export const convFilterGradient: Rule<ConvFilterGradientAttributes> = ({ inputs, attributes: all }, dw, wanted) => {
  const { kernelSize: _, ...attributes } = all;
  const [x, y] = two(inputs);
  return [
    wanted[0] ? f.convInputGradient(y, dw, { ...attributes, inputSize: x.shape.slice(2) }) : undefined,
    wanted[1] ? f.conv(x, dw, attributes) : undefined,
  ];
};
