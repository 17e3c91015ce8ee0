import type { Random } from '../data/random.js';
import { isOp, type Node, topologicalOrder } from '../graph/index.js';
import { elementCount } from '../tensor.js';

/**
 * Random values that an input can have: reals from a normal distribution, integers that are indices into a table within
 * that table, and where nothing bounds an integer, or for a bool, zeros and ones with both in every row, as in masks.
 * @param node the input in a graph of the network
 * @param bound as `indexBounds` gives it for the node
 */
export function drawInput({ dtype, shape }: Node, bound: number | undefined, random: Random): Float64Array {
  const length = elementCount(shape);
  if (dtype === 'float32') return Float64Array.from({ length }, () => Math.fround(random.normal()));
  if (dtype !== 'bool' && bound !== undefined) return Float64Array.from({ length }, () => random.integer(bound));
  const row = shape.at(-1) ?? 1;
  return Float64Array.from({ length }, (_, index) => {
    const position = index % row;
    return position < 2 ? 1 - position : random.integer(2);
  });
}

/**
 * The least size of what each integer input indexes on the way to `outputs`: rows of a table, classes of a loss.
 * Followed are operations that hand integers on as they are. Inputs without an entry index nothing.
 */
export function indexBounds(outputs: readonly Node[]): ReadonlyMap<Node, number> {
  const bounds = new Map<Node, number>();
  /** The inputs whose elements a node holds. */
  const sources = new Map<Node, readonly Node[]>();
  const note = (indices: Node | undefined, size: number | undefined): void => {
    for (const source of sources.get(indices as Node) ?? []) {
      if (size !== undefined) bounds.set(source, Math.min(size, bounds.get(source) ?? size));
    }
  };
  for (const node of topologicalOrder(outputs)) {
    const [a, b] = node.inputs;
    if (isOp(node, 'gather')) note(b, a?.shape[node.attributes.axis]);
    else if (isOp(node, 'gatherElements')) note(b, a?.shape.at(-1));
    else if (isOp(node, 'equal')) note(a, classesOf(b));
    if (node.dtype !== 'int32' && node.dtype !== 'int64') continue;
    const held = handedOn(node).flatMap((each) => sources.get(each) ?? []);
    sources.set(node, isOp(node, 'input') ? [node] : [...new Set(held)]);
  }
  return bounds;
}

/** The operands whose elements an operation hands on. */
function handedOn(node: Node): readonly Node[] {
  switch (node.op) {
    case 'cast':
    case 'reshape':
    case 'transpose':
    case 'broadcastTo':
    case 'slice':
    case 'concat':
    case 'stopGradient':
      return node.inputs;
    case 'gather':
      return node.inputs.slice(0, 1);
    case 'where':
      return node.inputs.slice(1);
    default:
      return [];
  }
}

/** The number of classes when a node lists them, 0, 1, 2, ..., as labels are compared with. */
function classesOf(node: Node | undefined): number | undefined {
  if (node === undefined) return undefined;
  if (node.op === 'broadcastTo' || node.op === 'reshape' || node.op === 'cast') return classesOf(node.inputs[0]);
  if (!isOp(node, 'constant')) return undefined;
  const { data } = node.attributes;
  return data.length > 1 && Array.from(data).every((value, index) => value === index) ? data.length : undefined;
}
