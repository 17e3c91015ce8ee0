import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import type { Operation, OperatorImporter } from '../operation.js';
import { quote } from '../quote.js';

/** A tensor with one letter for each axis. */
interface Labelled {
  readonly x: Node;
  readonly labels: readonly string[];
}

/**
 * Sums of products by Einstein's convention. Operands meet two at a time from the left, each pair as one batched matrix
 * product over the letters that neither a later operand nor the result needs.
 */
function einsum(op: Operation): Node {
  const { terms, result } = readEquation(op);
  const operands = terms.map((labels, index): Labelled => {
    const x = op.input(index);
    if (labels.length !== x.shape.length) {
      throw op.mismatch(`gives ${labels.length} letters to an operand of shape [${x.shape.join(', ')}]`);
    }
    return { x, labels };
  });
  const product = operands.reduce((left, right, index) => {
    const needed = new Set([...result, ...terms.slice(index + 1).flat()]);
    return contract(sumAlone(left, [right.labels], needed), sumAlone(right, [left.labels], needed), needed);
  });
  const { x, labels } = sumAlone(product, [], new Set(result));
  return g.transpose(
    x,
    result.map((label) => labels.indexOf(label)),
  );
}

function readEquation(op: Operation): { terms: string[][]; result: string[] } {
  const equation = op.attributes.text('equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const terms = left.split(',').map((term) => [...term]);
  const all = terms.flat();
  // Without an arrow the result has the letters that occur once, in alphabetical order.
  const once = [...new Set(all)].filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
  const result = right === undefined ? once : [...right];
  if ([...terms, result].some((term) => new Set(term).size !== term.length) || equation.includes('.')) {
    throw op.unsupported(`has the equation ${quote(equation)}; ellipses and repeated letters are not supported`);
  }
  if (terms.length !== op.inputs.length || result.some((label) => !all.includes(label))) {
    throw op.invalid(`has the equation ${quote(equation)}, which does not fit its ${op.inputs.length} operands`);
  }
  return { terms, result };
}

/** Sums over the axes that only this operand has and nothing needs. */
function sumAlone(
  { x, labels }: Labelled,
  others: readonly (readonly string[])[],
  needed: ReadonlySet<string>,
): Labelled {
  const keep = (label: string): boolean => needed.has(label) || others.some((other) => other.includes(label));
  const axes = [...labels.keys()].filter((axis) => !keep(labels[axis] ?? ''));
  return { x: g.reduceSum(x, axes), labels: labels.filter(keep) };
}

function contract(left: Labelled, right: Labelled, needed: ReadonlySet<string>): Labelled {
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const a = arrange(left, batch, rows, inner);
  const b = arrange(right, batch, inner, columns);
  const sizes = [...batch, ...rows].map((label) => sizeOf(left, label));
  return {
    x: g.reshape(g.matmul(a, b), [...sizes, ...columns.map((label) => sizeOf(right, label))]),
    labels: [...batch, ...rows, ...columns],
  };
}

/** The axes in the order of three groups, each group as one axis. */
function arrange(operand: Labelled, ...groups: readonly (readonly string[])[]): Node {
  const order = groups.flat().map((label) => operand.labels.indexOf(label));
  const sizes = groups.map((group) => elementCount(group.map((label) => sizeOf(operand, label))));
  return g.reshape(g.transpose(operand.x, order), sizes);
}

function sizeOf({ x, labels }: Labelled, label: string): number {
  return x.shape[labels.indexOf(label)] ?? 1;
}

export const einsumOperators: Record<string, OperatorImporter> = {
  Einsum: { build: einsum, since: 12 },
};
