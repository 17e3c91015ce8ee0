import type { BilevelError } from '../../errors.js';
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
  const operands = dropStretched(terms.map((labels, index) => diagonal(op, { x: op.input(index), labels })));
  const product = operands.reduce((left, right, index) => {
    const needed = new Set([...result, ...operands.slice(index + 1).flatMap(({ labels }) => labels)]);
    return contract(sumAlone(left, [right.labels], needed), sumAlone(right, [left.labels], needed), needed);
  });
  const { x, labels } = sumAlone(product, [], new Set(result));
  return g.transpose(
    x,
    result.map((label) => labels.indexOf(label)),
  );
}

/**
 * The labels of each operand and of the result. Those of the axes that an ellipsis stands for are numbers, counted from
 * the last of them: ellipses are aligned there.
 */
function readEquation(op: Operation): { terms: string[][]; result: string[] } {
  const equation = op.attributes.text('equation', '').replaceAll(' ', '');
  const [left = '', right, ...more] = equation.split('->');
  const texts = left.split(',');
  const wrong = (): BilevelError =>
    op.invalid(`has the equation ${quote(equation)}, which does not fit its ${op.inputs.length} operands`);
  const wellFormed = [...texts, right ?? ''].every((text) => /^[A-Za-z]*(\.{3}[A-Za-z]*)?$/.test(text));
  if (!wellFormed || more.length > 0 || texts.length !== op.inputs.length) throw wrong();
  let widest: string[] = [];
  const terms = texts.map((text, index) => {
    const { shape } = op.input(index);
    const count = shape.length - text.replace('...', '').length;
    if (count < 0 || (count > 0 && !text.includes('...'))) {
      throw op.mismatch(`gives the letters ${quote(text)} to an operand of shape [${shape.join(', ')}]`);
    }
    const spread = Array.from({ length: count }, (_, position) => String(count - 1 - position));
    if (count > widest.length) widest = spread;
    return insert(text, spread);
  });
  const all = terms.flat();
  // Without an arrow the result has the axes of ellipses, then the letters that occur once, in alphabetical order.
  const letters = texts.flatMap((text) => [...text.replace('...', '')]);
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label)).sort();
  const result = right === undefined ? [...widest, ...once] : insert(right, widest);
  if (new Set(result).size !== result.length || result.some((label) => !all.includes(label))) throw wrong();
  return { terms, result };
}

function insert(text: string, spread: readonly string[]): string[] {
  const at = text.indexOf('...');
  return at < 0 ? [...text] : [...text.slice(0, at), ...spread, ...text.slice(at + 3)];
}
/** A letter that occurs twice in one operand takes its diagonal. */
function diagonal(op: Operation, { x, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second < 0) return { x, labels };
  const first = labels.indexOf(labels[second] ?? '');
  const others = [...labels.keys()].filter((axis) => axis !== first && axis !== second);
  const size = x.shape[first] ?? 0;
  if (x.shape[second] !== size) throw op.mismatch(`takes the diagonal of [${x.shape.join(', ')}], which is not square`);
  const rest = others.map((axis) => x.shape[axis] ?? 0);
  const flat = g.reshape(g.transpose(x, [...others, first, second]), [...rest, size * size]);
  const picked = g.slice(flat, {
    starts: flat.shape.map(() => 0),
    limits: flat.shape,
    strides: [...rest.map(() => 1), size + 1],
  });
  return diagonal(op, { x: picked, labels: [...others, first].map((axis) => labels[axis] ?? '') });
}

/** An axis of size 1 is stretched to the size that it has in another operand: here it is left away. */
function dropStretched(operands: readonly Labelled[]): Labelled[] {
  const sizes = new Map<string, number>();
  for (const operand of operands) {
    for (const label of operand.labels) sizes.set(label, Math.max(sizes.get(label) ?? 1, sizeOf(operand, label)));
  }
  return operands.map((operand) => {
    const labels = operand.labels.filter((label) => sizeOf(operand, label) !== 1 || sizes.get(label) === 1);
    return {
      x: g.reshape(
        operand.x,
        labels.map((label) => sizeOf(operand, label)),
      ),
      labels,
    };
  });
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
