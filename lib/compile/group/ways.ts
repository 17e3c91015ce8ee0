import type { Node } from '../../graph/node.js';
import { elementCount, sameShape } from '../../tensor.js';
import { bytesOf } from '../bytes.js';
import { isElementwise } from '../classes.js';
import type { MutableGroup, StepGraph } from './group.js';
import type { Passes } from './passes.js';

/** Operations that a vector unit finishes in about a cycle; others are never done twice. */
const quickOps: ReadonlySet<string> = new Set([
  'abs',
  'add',
  'and',
  'cast',
  'equal',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'maximum',
  'minimum',
  'mul',
  'neg',
  'not',
  'notEqual',
  'or',
  'relu',
  'sign',
  'sub',
  'where',
]);

/** Longer chains are not followed: they do not pay, and looking at them takes time. */
const maxDepth = 8;

/** What a pass has to do to have a value: operations to add, and operands to read in addition. */
export interface Way {
  /** In bytes that could be moved meanwhile. */
  readonly cost: number;
  readonly operations: ReadonlySet<Node>;
  readonly operands: ReadonlySet<Node>;
}

const nothing: Way = { cost: 0, operations: new Set(), operands: new Set() };

/** How a pass can compute a value instead of reading it; undefined when it must not. */
export function wayTo(value: Node, reader: MutableGroup, passes: Passes, graph: StepGraph): Way | undefined {
  const { isInvariant, target } = graph;
  const [member] = reader.members;
  if (isInvariant(value) !== isInvariant(member as Node)) return undefined;
  const way = new Search(value, reader, passes, graph).computed(value, 1);
  if (way === undefined) return undefined;
  const operations = reader.members.size + way.operations.size;
  const operands = passes.operands(reader).size + way.operands.size;
  return operations <= target.maxOperations && operands <= target.maxOperands ? way : undefined;
}

/** Looks for the cheapest way of a pass to a value that it does not read. */
class Search {
  readonly #avoided: Node;
  readonly #reader: MutableGroup;
  readonly #passes: Passes;
  readonly #graph: StepGraph;
  readonly #found = new Map<Node, Way | undefined>();

  constructor(avoided: Node, reader: MutableGroup, passes: Passes, graph: StepGraph) {
    this.#avoided = avoided;
    this.#reader = reader;
    this.#passes = passes;
    this.#graph = graph;
  }

  /** The way that computes a value. */
  computed(value: Node, depth: number): Way | undefined {
    const { shape } = this.#reader;
    if (depth > maxDepth || !quickOps.has(value.op) || !sameShape(value.shape, shape)) return undefined;
    let way = this.#way(new Set([value]), nothing.operands);
    for (const input of value.inputs) {
      const inputWay = this.#available(input, depth + 1);
      if (inputWay === undefined) return undefined;
      way = this.#way(
        new Set([...way.operations, ...inputWay.operations]),
        new Set([...way.operands, ...inputWay.operands]),
      );
    }
    return way;
  }

  /** The way to a value that is there, is read, or is computed, whichever is cheapest. */
  #available(value: Node, depth: number): Way | undefined {
    const { base } = this.#graph.views.viewOf(value);
    const isRead = this.#passes.operands(this.#reader).has(base) && base !== this.#avoided;
    if (this.#reader.members.has(value) || isRead) return nothing;
    if (this.#found.has(value)) return this.#found.get(value);
    const isStored = !isElementwise(value.op) || this.#passes.writer(value) !== undefined;
    const read = isStored ? this.#way(nothing.operations, new Set([base])) : undefined;
    const compute = isElementwise(value.op) ? this.computed(value, depth) : undefined;
    const way = compute && (read === undefined || compute.cost <= read.cost) ? compute : read;
    this.#found.set(value, way);
    return way;
  }

  #way(operations: ReadonlySet<Node>, operands: ReadonlySet<Node>): Way {
    const { operationBytes } = this.#graph.target;
    let cost = 0;
    for (const { shape } of operations) cost += operationBytes * elementCount(shape);
    return { cost: cost + bytesOf(operands), operations, operands };
  }
}
