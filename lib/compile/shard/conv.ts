import type { Node, NodeOf } from '../../graph/node.js';
import type { Shape } from '../../tensor.js';
import type { Rule } from './way.js';

/** The tensors of y = conv(x, w). */
type Role = 'x' | 'w' | 'y';
type ConvOp = 'conv' | 'convInputGradient' | 'convFilterGradient';

interface Roles {
  readonly operands: readonly [Role, Role];
  readonly result: Role;
}

const rolesOf: Readonly<Record<ConvOp, Roles>> = {
  conv: { operands: ['x', 'w'], result: 'y' },
  convInputGradient: { operands: ['y', 'w'], result: 'x' },
  convFilterGradient: { operands: ['x', 'y'], result: 'w' },
};

/** What the first two axes count, of one group: that of the channels of x, and those of filters, count groups too. */
const countedBy: Readonly<Record<Role, readonly ['batch' | 'filter', 'channel' | 'filter']>> = {
  x: ['batch', 'channel'],
  w: ['filter', 'channel'],
  y: ['batch', 'filter'],
};

/** The axis of which groups are the outermost part. */
const groupAxis: Readonly<Record<Role, number>> = { x: 1, w: 0, y: 1 };

/**
 * Whole groups are each by themselves, as the networks of tasks are. Else samples, and without groups channels and
 * filters too, are counted by two of the three tensors: by an operand and the result, or else there is a sum over them.
 */
export const convWay: Rule<ConvOp> = ({ op, attributes: { groups } }, operand, axis, items) => {
  const { operands, result } = rolesOf[op];
  const role = operands[operand] as Role;
  if (groups > 1 && axis === groupAxis[role] && groups % items === 0) {
    return { operands: operands.map((each) => groupAxis[each]), result: groupAxis[result] };
  }
  const counted = axis < 2 ? countedBy[role][axis] : undefined;
  if (counted === undefined || (counted !== 'batch' && groups > 1)) return undefined;
  const axisOf = (each: Role): number | undefined => {
    const found = countedBy[each].indexOf(counted);
    return found < 0 ? undefined : found;
  };
  return { operands: operands.map(axisOf), result: axisOf(result) ?? 'term' };
};

export const isConv = (node: Node): node is NodeOf<ConvOp> => node.op in rolesOf;

/** The groups of the operation on parts of its operands, with a part of its result. */
export function groupsOf(op: ConvOp, inputs: readonly Node[], result: Shape): number {
  const { operands, result: resultRole } = rolesOf[op];
  const channels = (role: 'x' | 'w'): number => {
    const shape = role === resultRole ? result : inputs[operands.indexOf(role)]?.shape;
    return shape?.[1] as number;
  };
  return channels('x') / channels('w');
}
