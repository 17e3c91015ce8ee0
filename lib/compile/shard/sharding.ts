import { mul } from '../../graph/functions/elementwise.js';
import { constant, input } from '../../graph/functions/leaf.js';
import { allReduce } from '../../graph/functions/ranks.js';
import { reduceMax } from '../../graph/functions/reduce.js';
import { pad, reshape, slice } from '../../graph/functions/shape.js';
import { createNode, isOp, type Node, type NodeOf } from '../../graph/node.js';
import type { AttributesOf, OpName } from '../../graph/ops/index.js';
import { withOrigin } from '../../graph/origin.js';
import { withInputs } from '../../graph/rewrite.js';
import { topologicalOrder } from '../../graph/traverse.js';
import { elementCount, type Shape } from '../../tensor.js';
import { groupsOf, isConv } from './conv.js';
import { keepsTerms } from './terms.js';
import type { Way } from './way.js';
import { wayOf } from './ways.js';

/** Which of the processes that compute together this one is. */
export interface RankOf {
  /** From 0 on. */
  readonly rank: number;
  readonly size: number;
}

/** What a rank has of a value. */
type Held =
  /** All of it, as every rank has. */
  | { readonly kind: 'whole'; readonly node: Node }
  /** Neighbours along an axis, which counts whole multiples of `items` things that are dealt to the ranks. */
  | { readonly kind: 'part'; readonly node: Node; readonly axis: number; readonly items: number }
  /** A term: the value is the sum of those of all ranks. */
  | { readonly kind: 'term'; readonly node: Node };

/** What a step computes: values, and new values of inputs. */
export interface Computed {
  readonly values: readonly Node[];
  readonly updates: readonly (readonly [target: Node, value: Node])[];
}

/** Inputs of which a rank has its part alone, by name: the axis along which they are dealt. */
export type Parts = Readonly<Record<string, number>>;

export const isMark = (node: Node): boolean => isOp(node, 'shardable');
const only = ({ inputs }: Node): Node => inputs[0] as Node;

/** How many things an axis counts that are dealt: where ranks get equally many, it does not matter what they are. */
export const itemsOf = (size: number, { size: ranks }: RankOf): number => (size % ranks === 0 ? ranks : size);

function extentOf(size: number, items: number, { rank, size: ranks }: RankOf): readonly [start: number, end: number] {
  const at = (index: number): number => (size / items) * Math.floor((index * items) / ranks);
  return [at(rank), at(rank + 1)];
}

/** Where a rank's part of a dealt input begins along its axis, and the shape that it has. */
export function partOf(shape: Shape, axis: number, ranks: RankOf): { readonly start: number; readonly shape: Shape } {
  const size = shape[axis] as number;
  const [start, end] = extentOf(size, itemsOf(size, ranks), ranks);
  return { start, shape: shape.with(axis, end - start) };
}

/** Finds out what a rank has of each value of a graph. */
export class Sharding {
  readonly #ranks: RankOf;
  readonly #partAxes: Parts;
  readonly #held = new Map<Node, Held>();
  readonly #gatheredFrom = new Map<string, number>();
  readonly #partInputs = new Map<string, Node>();
  readonly #parts = new Map<string, Node>();
  readonly #terms = new Map<Node, Node>();

  constructor(ranks: RankOf, parts: Parts) {
    this.#ranks = ranks;
    this.#partAxes = parts;
  }

  /** Finds out what the rank has of all that values are computed of. */
  visitAll({ values, updates }: Computed): void {
    for (const node of topologicalOrder([...values, ...updates.map(([, value]) => value)]))
      withOrigin(
        () => node.origin,
        () => this.#held.set(node, this.#hold(node)),
      );
  }

  /** What was visited: all values whole, but of those of inputs that are dealt the rank's part. */
  finished({ values, updates }: Computed): Computed {
    return {
      values: values.map((value) => this.whole(value)),
      updates: updates.map(([target, value]) => {
        const axis = this.#axisOf(target);
        if (axis === undefined) return [target, this.whole(value)];
        const items = itemsOf(target.shape[axis] as number, this.#ranks);
        return [this.#partInput(target as NodeOf<'input'>, axis), this.#part(value, axis, items)];
      }),
    };
  }

  /** The axis along which a value is dealt, a rank having the part that it would have of an input. */
  partAxisOf(node: Node): number | undefined {
    const held = this.#of(node);
    if (held.kind !== 'part') return undefined;
    return held.items === itemsOf(node.shape[held.axis] as number, this.#ranks) ? held.axis : undefined;
  }

  /** Elements that had to be put together because inputs are dealt, by the names of these. */
  get gatheredFrom(): ReadonlyMap<string, number> {
    return this.#gatheredFrom;
  }

  /** What is dealt because of a mark would have to be put together anyway. */
  #countGathered(gathered: Node): void {
    const parts = new Set([gathered]);
    for (const node of parts) {
      if (isMark(node)) return;
      for (const each of node.inputs) if (this.#of(each).kind === 'part') parts.add(each);
    }
    for (const node of parts) {
      if (!isOp(node, 'input')) continue;
      const { name } = node.attributes;
      this.#gatheredFrom.set(name, (this.#gatheredFrom.get(name) ?? 0) + elementCount(gathered.shape));
    }
  }

  #axisOf(node: Node): number | undefined {
    return isOp(node, 'input') && Object.hasOwn(this.#partAxes, node.attributes.name)
      ? this.#partAxes[node.attributes.name]
      : undefined;
  }

  /** In place of an input that is dealt. */
  #partInput({ attributes: { name, dtype, shape } }: NodeOf<'input'>, axis: number): Node {
    const known = this.#partInputs.get(name);
    if (known !== undefined) return known;
    const made = input(name, partOf(shape, axis, this.#ranks).shape, dtype);
    this.#partInputs.set(name, made);
    return made;
  }

  #hold(node: Node): Held {
    const axis = this.#axisOf(node);
    if (axis !== undefined) {
      const items = itemsOf(node.shape[axis] as number, this.#ranks);
      return { kind: 'part', node: this.#partInput(node as NodeOf<'input'>, axis), axis, items };
    }
    if (isOp(node, 'shardable')) return this.#dealt(node, only(node), node.attributes.axis);
    const helds = node.inputs.map((input) => this.#of(input));
    const largest = isOp(node, 'reduceMax') ? this.#largest(node, helds[0] as Held) : undefined;
    if (largest !== undefined) return { kind: 'whole', node: largest };
    const way = helds.some(({ kind }) => kind === 'part') ? this.#wayOf(node, helds) : undefined;
    if (way !== undefined) return this.#followed(node, way.way, way.items);
    if (keepsTerms(node, (input) => this.#of(input).kind === 'term')) return this.#ofTerms(node);
    return {
      kind: 'whole',
      node: rebuilt(
        node,
        node.inputs.map((input) => this.whole(input)),
        node.shape,
      ),
    };
  }

  /** The first way that goes on with a part. */
  #wayOf(node: Node, helds: readonly Held[]): { readonly way: Way; readonly items: number } | undefined {
    for (const [operand, held] of helds.entries()) {
      if (held.kind !== 'part') continue;
      const way = wayOf(node, operand, held.axis, held.items);
      if (way !== undefined) return { way, items: held.items };
    }
    return undefined;
  }

  /** The largest element of what is dealt along an axis that is reduced: of those of the ranks, which are far fewer. */
  #largest({ attributes: { axes } }: NodeOf<'reduceMax'>, held: Held): Node | undefined {
    if (held.kind !== 'part' || !axes.includes(held.axis)) return undefined;
    const own = reduceMax(held.node, axes);
    const { rank, size } = this.#ranks;
    const none = own.shape.map(() => 0);
    const slots = { low: [rank, ...none], high: [size - 1 - rank, ...none] };
    return reduceMax(allReduce(pad(reshape(own, [1, ...own.shape]), slots)), [0]);
  }

  #followed(node: Node, { operands, result }: Way, items: number): Held {
    const inputs = node.inputs.map((input, index) => {
      const axis = operands[index];
      return axis === undefined ? this.whole(input) : this.#part(input, axis, items);
    });
    if (result === 'term') return { kind: 'term', node: rebuilt(node, inputs, node.shape) };
    const [start, end] = this.#extent(node.shape[result] as number, items);
    const part = rebuilt(node, inputs, node.shape.with(result, end - start));
    return { kind: 'part', node: part, axis: result, items };
  }

  /** Sums are taken later: what all ranks have whole is a term of the first. */
  #ofTerms(node: Node): Held {
    const isSum = isOp(node, 'add') || isOp(node, 'sub') || isOp(node, 'concat');
    const inputs = node.inputs.map((input) => {
      const held = this.#of(input);
      if (held.kind === 'term') return held.node;
      return isSum ? this.#term(input) : this.whole(input);
    });
    return { kind: 'term', node: rebuilt(node, inputs, node.shape) };
  }

  #dealt(node: Node, input: Node, axis: number): Held {
    const held = this.#of(input);
    const size = node.shape[axis] as number;
    // What is there for fewer than all is computed by all.
    if (held.kind === 'part' || size < this.#ranks.size) return held;
    const items = itemsOf(size, this.#ranks);
    return { kind: 'part', node: this.#part(input, axis, items), axis, items };
  }

  #of(node: Node): Held {
    return this.#held.get(node) as Held;
  }

  /** The whole value of a node of the graph. */
  whole(node: Node): Node {
    const held = this.#of(node);
    if (held.kind === 'whole') return held.node;
    const whole = this.#together(node, held);
    // What was put together once is no longer a term; a part may go on as one.
    if (held.kind === 'term') this.#held.set(node, { kind: 'whole', node: whole });
    return whole;
  }

  readonly #wholes = new Map<Node, Node>();

  #together(node: Node, held: Exclude<Held, { kind: 'whole' }>): Node {
    if (held.kind === 'term') return allReduce(held.node);
    const known = this.#wholes.get(node);
    if (known !== undefined) return known;
    const isThere = isMark(node) && this.#of(only(node)).kind === 'whole';
    const whole = node.dtype === 'float32' && !isThere ? this.#gathered(node, held) : this.#again(node);
    this.#wholes.set(node, whole);
    if (whole.op === 'allReduce') this.#countGathered(node);
    return whole;
  }

  /** Zeros where the others have their parts, which their sum puts in. */
  #gathered({ shape }: Node, { node, axis, items }: Extract<Held, { kind: 'part' }>): Node {
    const size = shape[axis] as number;
    const [start, end] = this.#extent(size, items);
    const none = shape.map(() => 0);
    return allReduce(pad(node, { low: none.with(axis, start), high: none.with(axis, size - end) }));
  }

  /**
   * What is marked is there whole already, or is put together before the mark. Integers and truths are computed by all:
   * sums have float32 only, which does not hold all integers.
   */
  #again(node: Node): Node {
    if (isMark(node)) return this.whole(only(node));
    return withInputs(
      node,
      node.inputs.map((input) => this.whole(input)),
    );
  }

  /** This rank's part of a node of the graph. */
  #part(node: Node, axis: number, items: number): Node {
    const held = this.#of(node);
    if (held.kind === 'part' && held.axis === axis && held.items === items) return held.node;
    const key = `${node.id} ${axis} ${items}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const whole = this.whole(node);
    const [start, end] = this.#extent(node.shape[axis] as number, items);
    const starts = whole.shape.map(() => 0).with(axis, start);
    const part = slice(whole, { starts, limits: whole.shape.with(axis, end) });
    this.#parts.set(key, part);
    return part;
  }

  /** The value of a node that all ranks have whole, as a term: other ranks than the first add nothing. */
  #term(node: Node): Node {
    const known = this.#terms.get(node);
    if (known !== undefined) return known;
    // Zero times the value, and not zeros, so that all ranks wait for the same sums before this one.
    const term = mul(this.whole(node), constant(this.#ranks.rank === 0 ? 1 : 0));
    this.#terms.set(node, term);
    return term;
  }

  #extent(size: number, items: number): readonly [start: number, end: number] {
    return extentOf(size, items, this.#ranks);
  }
}

/** The operation on other operands, with the shape that its result then has. */
function rebuilt(node: Node, inputs: readonly Node[], shape: Shape): Node {
  if (isOp(node, 'reshape') || isOp(node, 'broadcastTo')) return createNode(node.op, inputs, { shape });
  if (isOp(node, 'slice')) {
    const { starts, limits, strides } = node.attributes;
    const whole = node.inputs[0] as Node;
    const cut = (limit: number, axis: number): number =>
      node.shape[axis] === whole.shape[axis] ? (shape[axis] as number) : limit;
    return createNode('slice', inputs, { starts, limits: limits.map(cut), strides });
  }
  if (inputs.every((input, index) => input === node.inputs[index])) return node;
  if (isConv(node)) {
    const attributes = { ...node.attributes, groups: groupsOf(node.op, inputs, shape) } as AttributesOf<OpName>;
    return createNode<OpName>(node.op, inputs, attributes);
  }
  return withInputs(node, inputs);
}
