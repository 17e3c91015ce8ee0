import { isOp, type Node, type Origin, placeOf, topologicalOrder } from '../../graph/index.js';
import type { Shape } from '../../tensor.js';
import type { OperandRange } from './non-finite.js';
import type { Culprit } from './trace.js';

/** Where an operation comes from, as far as it is known. */
export interface Source {
  readonly of: string;
  readonly derivative: number;
  readonly writtenIn?: string;
  readonly place?: string;
  readonly modelNode?: string;
}

/** Follows derivatives back to the operation as stated. */
export function sourceOf({ op, origin }: Node): Source {
  let [of, from, derivative]: [string, Origin | undefined, number] = [op, origin, 0];
  while (from?.kind === 'derivative') [of, from, derivative] = [from.of.op, from.of.origin, derivative + 1];
  const model = from?.kind === 'model' ? from.label : undefined;
  while (from?.kind === 'model') from = from.within;
  const place = from?.kind === 'written' ? placeOf(from.site) : undefined;
  return {
    of,
    derivative,
    ...(from?.kind === 'written' && { writtenIn: from.part }),
    ...(place !== undefined && { place }),
    ...(model !== undefined && { modelNode: model }),
  };
}

/** Ranges of the operands, each with the element that the result's element comes from where there is but one. */
export function rangesOf({ node, position, operands }: Culprit): OperandRange[] {
  return operands.map(({ node: operand, tensor }) => {
    let [least, largest, nans] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const element of tensor.data) {
      const value = Number(element);
      if (Number.isNaN(value)) nans++;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    const at = elementwise.has(node.op) ? broadcastPosition(position, node.shape, tensor.shape) : undefined;
    return {
      name: isOp(operand, 'input') ? operand.attributes.name : operand.op,
      shape: tensor.shape,
      ...(least > largest ? { least: Number.NaN, largest: Number.NaN } : { least, largest }),
      nans,
      ...(at !== undefined && { element: Number(tensor.data[at]) }),
    };
  });
}

const elementwise: ReadonlySet<string> = new Set([
  ...['neg', 'abs', 'exp', 'log', 'sqrt', 'tanh', 'sigmoid', 'erf', 'relu', 'softplus', 'sin', 'cos'],
  ...['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'where'],
]);

/** The element of an operand of shape `from` that an element of the result is computed of. */
function broadcastPosition(position: number, to: Shape, from: Shape): number {
  let [rest, stride, found] = [position, 1, 0];
  for (let back = 1; back <= to.length; back++) {
    const size = to.at(-back) ?? 1;
    const own = back <= from.length ? (from.at(-back) ?? 1) : 1;
    found += (rest % size) * stride * (own === 1 ? 0 : 1);
    rest = Math.floor(rest / size);
    stride *= own;
  }
  return found;
}

/** Whether a value is a sigmoid or softmax, or 1 minus one, but for scaling and moving. */
export function isProbability(node: Node | undefined): boolean {
  if (node === undefined) return false;
  const [a, b] = node.inputs;
  if (node.op === 'sigmoid') return true;
  if (['reshape', 'transpose', 'broadcastTo', 'slice', 'gather', 'gatherElements', 'stopGradient'].includes(node.op)) {
    return isProbability(a);
  }
  if (node.op === 'sub') return isNumber(a, 1) && isProbability(b);
  if (node.op === 'div') return a?.op === 'exp' && topologicalOrder(b === undefined ? [] : [b]).includes(a);
  return false;
}

function isNumber(node: Node | undefined, value: number): boolean {
  return node !== undefined && isOp(node, 'constant') && node.attributes.data.every((each) => each === value);
}
