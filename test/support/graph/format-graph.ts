import type { Node } from '../../../lib/graph/node.js';
import { topologicalOrder } from '../../../lib/graph/traverse.js';
import { formatType } from '../../../lib/tensor.js';

function formatAttribute([name, value]: [string, unknown]): string {
  const text = value instanceof Float64Array && value.length > 8 ? `[${value.length} elements]` : formatValue(value);
  return `${name}=${text}`;
}

function formatValue(value: unknown): string {
  if (value instanceof Float64Array || Array.isArray(value)) return `[${Array.from(value, formatValue).join(', ')}]`;
  return typeof value === 'string' ? value : String(value);
}

/**
 * A listing of everything that `nodes` depend on, one line a node in order of creation, such as
 * `%7 = matmul(%3, %5) transposeA=false, transposeB=true : float32[200, 10]`.
 */
export function formatGraph(nodes: readonly Node[]): string {
  const lines = topologicalOrder(nodes).map((node) => {
    const inputs = node.inputs.map(({ id }) => `%${id}`).join(', ');
    const attributes = Object.entries(node.attributes as object)
      .map(formatAttribute)
      .join(', ');
    return `%${node.id} = ${node.op}(${inputs}) ${attributes}${attributes === '' ? '' : ' '}: ${formatType(node)}`;
  });
  return lines.join('\n');
}
