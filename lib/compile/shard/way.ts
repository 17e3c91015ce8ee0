import type { NodeOf } from '../../graph/node.js';
import type { OpName } from '../../graph/ops/index.js';

/** How an operation works on a part of its operands. */
export interface Way {
  /** Of each operand the axis of which a rank has its part; undefined for one of which it needs all. */
  readonly operands: readonly (number | undefined)[];
  /** The axis of the result of which a rank then has its part; or each has a term of the result, which is their sum. */
  readonly result: number | 'term';
}

/**
 * How an operation goes on when of one operand each rank has a part along `axis`, which counts whole multiples of
 * `items` things; undefined where the operand has to be put together first. It depends on the graph alone, never on the
 * rank.
 */
export type Rule<K extends OpName> = (node: NodeOf<K>, operand: number, axis: number, items: number) => Way | undefined;
