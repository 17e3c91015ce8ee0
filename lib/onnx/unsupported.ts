import { BilevelError } from '../errors.js';
import type { ModelNode } from './model-node.js';
import type { Exporter } from './origins.js';

/** How a file uses an operator. */
export interface OperatorUse {
  /**
   * Behind its domain where that is not the standard operators', as in `com.microsoft.FusedMatMul`; cut where it would
   * be endless.
   */
  readonly name: string;
  /** The nodes that apply it, as messages name them. */
  readonly nodes: readonly string[];
  /** Why it is not understood and what to do about it; undefined where it is. */
  readonly problem?: string;
}

/** A file uses operators that are not understood: which, where, and what else is in it. */
export class UnsupportedOperatorsError extends BilevelError {
  readonly details: {
    readonly opset: number;
    readonly exporter: Exporter;
    readonly operators: readonly OperatorUse[];
  };

  /** @param operators all operators of the file, at least one of them with a problem */
  constructor(opset: number, exporter: Exporter, operators: readonly OperatorUse[]) {
    const [first, ...others] = operators.flatMap(({ problem, ...use }) =>
      problem === undefined ? [] : [{ problem, ...use }],
    );
    const also = others
      .slice(0, 10)
      .map(({ nodes }) => `${nodes[0]}${nodes.length > 1 ? ` and ${nodes.length - 1} more like it` : ''}`);
    const more = others.length > also.length ? `; and ${others.length - also.length} more operators` : '';
    const rest = also.length === 0 ? '' : ` Nor are these understood: ${also.join('; ')}${more}.`;
    super('UNSUPPORTED_OPERATOR', `${first?.problem}${rest}`);
    this.details = { opset, exporter, operators };
  }
}

/**
 * The operators of a file in the order of their first nodes.
 * @param problemOf why a node is not understood
 */
export function listOperators(
  nodes: readonly ModelNode[],
  problemOf: (node: ModelNode) => string | undefined,
): OperatorUse[] {
  const byName = new Map<string, ModelNode[]>();
  for (const node of nodes) {
    const name = `${node.domain === '' ? '' : `${node.domain}.`}${node.opType}`.slice(0, 100);
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [node]);
    else same.push(node);
  }
  // Whether an operator is understood depends on its name and the opset, which all its nodes share.
  return [...byName].map(([name, same]) => {
    const problem = problemOf(same[0] as ModelNode);
    return { name, nodes: same.map(({ label }) => label), ...(problem === undefined ? {} : { problem }) };
  });
}
