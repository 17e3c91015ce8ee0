import { BilevelError } from '../errors.js';
import { UnsupportedOperatorsError } from '../onnx/index.js';
import { printable } from '../printable.js';
import { formatTable } from './output.js';
import { print, style } from './print.js';

/** What kept a file from being loaded, where that is its operators. */
export function unsupportedIn(error: unknown): UnsupportedOperatorsError | undefined {
  const cause = error instanceof BilevelError ? error.cause : undefined;
  return cause instanceof UnsupportedOperatorsError ? cause : undefined;
}

/** What a file is made of that cannot be loaded for its operators. */
export function printUnsupported(model: string, error: unknown): void {
  const cause = unsupportedIn(error);
  if (cause === undefined) return;
  const { opset, operators } = cause.details;
  const table = formatTable(
    ['Not supported', 'nodes', 'first'],
    operators
      .filter(({ problem }) => problem !== undefined)
      .map(({ name, nodes }) => [name, String(nodes.length), nodes[0] ?? '']),
    ['left', 'right', 'left'],
  );
  const counts = operators.map(({ name, nodes }) => [name, nodes.length] as const);
  print([`${style('bold', model)}  opset ${opset}`, renderOperators(counts), '', table, ''].join('\n'));
}

export function renderOperators(counts: Iterable<readonly [string, number]>): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return printable(`Operators  ${sorted.map(([name, count]) => `${name} ×${count}`).join(', ')}`);
}
