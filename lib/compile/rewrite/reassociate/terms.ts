import { createNode, isOp, type Node, type NodeOf } from '../../../graph/node.js';
import { sameShape } from '../../../tensor.js';

/** A matrix, or a stack of them along leading axes, as it is or with its last two axes swapped. */
export interface Factor {
  readonly node: Node;
  readonly transposed: boolean;
}

/**
 * A multiple of a matrix. The coefficient is one number for each matrix of a stack, or one for all; 1 where there is
 * none.
 */
export interface Term {
  readonly coefficient: Node | undefined;
  readonly factor: Factor;
}

export function plain(node: Node): Factor {
  return { node, transposed: false };
}

export function transposed({ node, transposed: swapped }: Factor): Factor {
  return { node, transposed: !swapped };
}

export function sameFactor(a: Factor, b: Factor): boolean {
  return a.node === b.node && a.transposed === b.transposed;
}

export function factorsOf({ inputs, attributes }: NodeOf<'matmul'>): readonly [Factor, Factor] {
  const [a, b] = inputs as readonly [Node, Node];
  return [
    { node: a, transposed: attributes.transposeA },
    { node: b, transposed: attributes.transposeB },
  ];
}

/** The two matrices whose product a matrix is: (A B)' = B' A'. */
export function splitProduct({ node, transposed: swapped }: Factor): readonly [Factor, Factor] | undefined {
  if (!isOp(node, 'matmul')) return undefined;
  const [a, b] = factorsOf(node);
  return swapped ? [transposed(b), transposed(a)] : [a, b];
}

/** A sum of more terms is left as it is beyond them: graphs of many steps hold long ones. */
const maxTerms = 16;

const openedOps: ReadonlySet<string> = new Set(['add', 'sub', 'neg', 'mul', 'transpose']);

/** Whether a node may have terms other than itself. */
export function isOpened(node: Node): boolean {
  return openedOps.has(node.op);
}

/**
 * The terms of which a matrix is the sum: sums, multiples and transposes of sums are opened, and multiples of one
 * matrix are joined.
 * @param opens which nodes may be opened
 */
export function termsOf(factor: Factor, opens: (node: Node) => boolean): Term[] {
  const found: Term[] = [];
  let opened = 0;
  const open = (term: Term): void => {
    const stops = opened >= maxTerms || !opens(term.factor.node);
    opened++;
    let parts = 0;
    for (const part of stops ? [] : partsOf(term)) {
      parts++;
      open(part);
    }
    if (parts === 0) join(found, term);
  };
  open({ coefficient: undefined, factor });
  return found;
}

/** The terms of which a sum, a multiple or a transpose is the sum; of anything else none. */
function* partsOf({ coefficient, factor: { node, transposed: swapped } }: Term): Iterable<Term> {
  const [a, b] = node.inputs as readonly [Node, Node];
  const part = (inner: Node, times = coefficient, swap = swapped): Term => ({
    coefficient: times,
    factor: { node: inner, transposed: swap },
  });
  if (isOp(node, 'add') || isOp(node, 'sub')) {
    if (!node.inputs.every((input) => sameShape(input.shape, node.shape))) return;
    yield part(a);
    yield isOp(node, 'sub') ? part(b, negated(coefficient)) : part(b);
  } else if (isOp(node, 'neg')) {
    yield part(a, negated(coefficient));
  } else if (isOp(node, 'mul')) {
    const multiple = asMultiple(node);
    if (multiple) yield part(multiple.inner, product(coefficient, multiple.coefficient));
  } else if (untransposed(node)) {
    yield part(a, coefficient, !swapped);
  }
}

/** Adds a term to others, of which one may be of the same matrix. */
function join(terms: Term[], term: Term): void {
  const same = terms.findIndex(({ factor }) => sameFactor(factor, term.factor));
  if (same < 0) terms.push(term);
  else terms[same] = joined(terms[same] as Term, term.coefficient);
}

/** coefficient * node */
export function scaledBy(coefficient: Node | undefined, node: Node): Node {
  return coefficient === undefined ? node : createNode('mul', [coefficient, node], {});
}

/** The value of a term. */
export function termValue({ coefficient, factor: { node, transposed: swapped } }: Term): Node {
  if (!swapped) return scaledBy(coefficient, node);
  const rank = node.shape.length;
  const permutation = node.shape.map((_, axis) => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis));
  return scaledBy(coefficient, createNode('transpose', [node], { permutation }));
}

export function sumOf(values: readonly Node[]): Node {
  return values.reduce((a, b) => createNode('add', [a, b], {}));
}

function one(): Node {
  return createNode('constant', [], { dtype: 'float32', shape: [], data: Float64Array.of(1) });
}

/** Whether an elementwise operation of a shape takes one number for each matrix from an operand. */
function isCoefficient({ shape }: Node): boolean {
  return shape.slice(-2).every((size) => size === 1);
}

function asMultiple(node: NodeOf<'mul'>): { readonly coefficient: Node; readonly inner: Node } | undefined {
  if (node.shape.length < 2) return undefined;
  const [a, b] = node.inputs as readonly [Node, Node];
  if (isCoefficient(a) && sameShape(b.shape, node.shape)) return { coefficient: a, inner: b };
  return isCoefficient(b) && sameShape(a.shape, node.shape) ? { coefficient: b, inner: a } : undefined;
}

function joined({ coefficient, factor }: Term, more: Node | undefined): Term {
  return { coefficient: createNode('add', [coefficient ?? one(), more ?? one()], {}), factor };
}

function product(a: Node | undefined, b: Node): Node {
  return a === undefined ? b : createNode('mul', [a, b], {});
}

function negated(coefficient: Node | undefined): Node {
  return createNode('neg', [coefficient ?? one()], {});
}

/** What a node swaps the last two axes of. */
export function untransposed(node: Node): Node | undefined {
  if (!isOp(node, 'transpose')) return undefined;
  const { permutation } = node.attributes;
  const last = permutation.length - 1;
  const swapsLastTwo = permutation.every((from, to) => from === (to === last ? last - 1 : to === last - 1 ? last : to));
  return swapsLastTwo ? node.inputs[0] : undefined;
}
