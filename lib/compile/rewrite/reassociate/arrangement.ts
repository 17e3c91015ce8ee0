import { createNode, isOp, type Node } from '../../../graph/node.js';
import { withInputs } from '../../../graph/rewrite.js';
import { topologicalOrder } from '../../../graph/traverse.js';
import type { Target } from '../../target.js';
import { varies } from '../../varying.js';
import { minorTermsOf } from './minor-terms.js';
import { type Factor, isOpened } from './terms.js';
import { noWork, plus, type Work, workOf } from './work.js';

/**
 * A graph in which nodes are replaced by others of the same value where that saves work. What a replacement frees is
 * all that nothing else needs any more, and what it adds only what is not there yet (as in the rewriting of logic
 * networks by Mishchenko, Chatterjee and Brayton, "DAG-aware AIG rewriting", 2006).
 */
export class Arrangement {
  readonly target: Target;
  readonly #order: readonly Node[];
  readonly #roots: readonly Node[];
  /** How often each node is an operand or a result; 0 for what is not computed. */
  readonly #uses = new Map<Node, number>();
  /** Values that differ from step to step. */
  readonly #varying: Set<Node>;
  readonly #products = new Map<string, Node>();
  readonly #sums = new Set<Node>();
  readonly #replacements = new Map<Node, Node>();
  #minorTerms: ReadonlySet<Node> | undefined;

  /** @param changing inputs that differ from step to step; undefined when everything is computed in every step */
  constructor(roots: readonly Node[], changing: ReadonlySet<Node> | undefined, target: Target) {
    this.target = target;
    this.#order = topologicalOrder(roots);
    this.#roots = roots;
    this.#varying = new Set(changing ?? this.#order);
    for (const node of this.#order) {
      for (const input of node.inputs) this.#uses.set(input, this.uses(input) + 1);
      this.#learn(node);
    }
    for (const root of roots) this.#uses.set(root, this.uses(root) + 1);
  }

  /** The nodes in use, users before what they use. */
  *usersFirst(): Iterable<Node> {
    for (const node of this.#order.toReversed()) if (this.uses(node) > 0) yield node;
  }

  uses(node: Node): number {
    return this.#uses.get(node) ?? 0;
  }

  /** Whether a node may be a product or a sum of terms of which one is: of all others there is nothing to rearrange. */
  mayHoldProduct(node: Node): boolean {
    return this.#sums.has(node);
  }

  /** Whether a node of the graph as it was given is only a small part of every result. */
  isMinorTerm(node: Node): boolean {
    this.#minorTerms ??= minorTermsOf(this.#order, this.#roots);
    return this.#minorTerms.has(node);
  }

  /** The product of two matrices, which may be there already. */
  multiply(a: Factor, b: Factor): Node {
    const product = createNode('matmul', [a.node, b.node], { transposeA: a.transposed, transposeB: b.transposed });
    const known = this.#products.get(keyOf(product));
    return known !== undefined && this.uses(known) > 0 ? known : product;
  }

  /** Puts a node in the place of another if that is found to save work; whether it did. */
  replace(node: Node, replacement: Node, saves: (added: Work, freed: Work) => boolean): boolean {
    const uses = this.uses(node);
    // Taken first, so that what both need is neither added nor freed.
    const added = this.#acquire(replacement, uses);
    const freed = this.#release(node, uses);
    const replaced = saves(added, freed);
    if (replaced) {
      this.#replacements.set(node, replacement);
    } else {
      this.#acquire(node, uses);
      this.#release(replacement, uses);
    }
    return replaced;
  }

  /** The results with all replacements made; as they were given when there are none. */
  results(): readonly Node[] {
    if (this.#replacements.size === 0) return this.#roots;
    const built = new Map<Node, Node>();
    const stack = [...this.#roots];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const replacement = this.#replacements.get(node);
      const parts = replacement === undefined ? node.inputs : [replacement];
      const missing = built.has(node) ? [] : parts.filter((part) => !built.has(part));
      if (missing.length > 0) {
        stack.push(...missing);
        continue;
      }
      const inputs = parts.map((part) => built.get(part) as Node);
      const same = inputs.every((input, index) => input === node?.inputs[index]);
      if (!built.has(node)) {
        built.set(node, replacement === undefined ? (same ? node : withInputs(node, inputs)) : (inputs[0] as Node));
      }
      stack.pop();
    }
    return this.#roots.map((root) => built.get(root) as Node);
  }

  /** Uses a node more often. @returns the work of what was not in use */
  #acquire(node: Node, times = 1): Work {
    const uses = this.uses(node);
    this.#uses.set(node, uses + times);
    if (uses > 0) return noWork;
    const work = node.inputs.reduce((sum, input) => plus(sum, this.#acquire(input)), noWork);
    this.#learn(node);
    return plus(work, this.#workOf(node));
  }

  /** Uses a node less often. @returns the work of what is no longer in use */
  #release(node: Node, times = 1): Work {
    const uses = this.uses(node) - times;
    this.#uses.set(node, uses);
    if (uses > 0) return noWork;
    return node.inputs.reduce((work, input) => plus(work, this.#release(input)), this.#workOf(node));
  }

  #learn(node: Node): void {
    if (varies(node, this.#varying)) this.#varying.add(node);
    if (isOp(node, 'matmul')) {
      this.#products.set(keyOf(node), node);
      this.#sums.add(node);
    } else if (isOpened(node) && node.inputs.some((input) => this.#sums.has(input))) {
      this.#sums.add(node);
    }
  }

  #workOf(node: Node): Work {
    return workOf(node, !this.#varying.has(node), this.target);
  }
}

function keyOf({ inputs: [a, b], attributes }: Node): string {
  return `${a?.id} ${b?.id} ${JSON.stringify(attributes)}`;
}
