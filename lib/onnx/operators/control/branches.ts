import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { checkLimit } from '../../file/limits.js';
import {
  type ImportResult,
  integers,
  type Operation,
  type OperatorImporter,
  Sequence,
  type Value,
} from '../../operation.js';

function body(op: Operation, name: string): (args: readonly Value[]) => Value[] {
  const graph = op.attributes.graph(name);
  if (graph === undefined) throw op.invalid(`needs the graph ${name}`);
  return op.context.readBody(graph);
}

/** The branch that is taken must be known, as when it depends on shapes. */
function branch(op: Operation): ImportResult {
  const condition = op.optionalScalarInput(0);
  op.attributes.ignore('then_branch', 'else_branch');
  return body(op, condition ? 'then_branch' : 'else_branch')([]);
}

/**
 * A loop is written out, so that how often it runs must be known: by a number, by a condition that does not depend on
 * data, or both. The body gets the number of the turn, the condition and what is carried; it gives the next condition,
 * what is carried, and slices of the outputs that are stacked.
 */
function loop(op: Operation): ImportResult {
  const graph = op.attributes.graph('body');
  if (graph === undefined) throw op.invalid('needs the graph body');
  const turns = op.optionalScalarInput(0) ?? Infinity;
  let condition = op.optionalScalarInput(1) ?? 1;
  const { limits } = op.context;
  const what = `The number of operations of ${op.node.label}, which is written out for ${turns} turns,`;
  if (condition !== 0 && turns !== Infinity) checkLimit(limits, 'operations', turns * graph.node.length, what);
  const run = op.context.readBody(graph);
  let carried = op.values.slice(2).map((value, index) => value ?? op.input(index + 2));
  const stacks = Array.from({ length: Math.max(0, graph.output.length - 1 - carried.length) }, (): Node[] => []);
  for (let turn = 0; turn < turns && condition !== 0; turn++) {
    checkLimit(limits, 'operations', turn, what);
    const [next, ...results] = run([integers([turn], []), g.constant(1, [], 'bool'), ...carried]);
    if (next === undefined || next instanceof Sequence || !g.isOp(next, 'constant')) {
      throw op.unsupported(
        'goes on by a condition that depends on data or weights; it must be known when the graph is built',
      );
    }
    condition = next.attributes.data[0] ?? 0;
    carried = results.slice(0, carried.length);
    for (const [index, stack] of stacks.entries()) {
      const slice = results[carried.length + index];
      if (slice === undefined || slice instanceof Sequence) throw op.invalid('stacks what is no tensor');
      stack.push(slice);
    }
  }
  return [...carried, ...stacks.map((stack) => stackUp(op, stack))];
}

function stackUp(op: Operation, slices: readonly Node[]): Node {
  if (slices.length === 0) throw op.unsupported('stacks nothing, whose shape is not known');
  return g.concat(
    slices.map((slice) => g.expandDims(slice, [0])),
    0,
  );
}

export const controlOperators: Record<string, OperatorImporter> = {
  If: { build: branch },
  Loop: { build: loop },
};
