import type { Node } from '../graph/index.js';
import { elementCount } from '../tensor.js';
import { difference, norm } from './vectors.js';

const expectedBy = {
  oracle: 'ONNX Runtime gives',
  float64: 'the evaluation in float64 gives',
  reference: 'the reference file says',
} as const;

/** What central differences hold against a derivative. */
export function differenceReason(error: number): string {
  return (
    `The derivative of the graph is off by ${error.toExponential(1)} from central differences in float64: a derivative rule ` +
    'is wrong, or the network is not differentiable here.'
  );
}

/**
 * Where computed and expected values are furthest apart.
 * @param nodes whose values are joined: one per parameter where there are as many
 */
export function distanceReason(
  from: keyof typeof expectedBy,
  parameters: readonly { readonly name: string }[],
  nodes: readonly Node[],
  actual: Float64Array,
  expected: Float64Array,
): string {
  if (actual.length !== expected.length) {
    return `The engine gives ${actual.length} elements where ${expectedBy[from]} ${expected.length}.`;
  }
  const apart = difference(actual, expected).map(Math.abs);
  const at = furthest(apart);
  const where = `element ${at} of ${apart.length}`;
  const values = `The engine gives ${actual[at]} where ${expectedBy[from]} ${expected[at]}, at ${where}`;
  if (!Number.isFinite(apart[at])) return `${values}: a value that is not finite.`;
  if (nodes.length !== parameters.length || nodes.length < 2) return `${values}.`;
  return `${values}; ${share(parameters, nodes, apart)}.`;
}

/** The first element that is not a number, else the largest. */
function furthest(apart: Float64Array): number {
  let at = 0;
  for (const [index, value] of apart.entries()) {
    if (Number.isNaN(value)) return index;
    if (value > Number(apart[at])) at = index;
  }
  return at;
}

/** The parameter to which most of a distance belongs. */
function share(parameters: readonly { readonly name: string }[], nodes: readonly Node[], apart: Float64Array): string {
  let offset = 0;
  const parts = nodes.map(({ shape }) => {
    const part = norm(apart.subarray(offset, offset + elementCount(shape)));
    offset += elementCount(shape);
    return part;
  });
  const most = Math.max(...parts);
  const percent = Math.round(100 * (most / norm(apart)) ** 2);
  return `${percent} % of the squared distance lies in parameter ${JSON.stringify(parameters[parts.indexOf(most)]?.name)}`;
}
