import { BilevelError, checkRecord, invalidArgument } from '../errors.js';
import { type Node, requireNode } from '../graph/index.js';
import { formatType } from '../tensor.js';
import type { NetworkInput } from './model-graph.js';
import { quote } from './quote.js';

/** The input of a network that has one, or the inputs by their names in the file. */
export type NetworkInputs = Node | Readonly<Record<string, Node>>;

/**
 * A node of the declared type for every input, by name.
 * @param others inputs after the first, where that is given as a single node
 * @param known inputs that may be given although none of the declared ones
 * @throws INVALID_ARGUMENT for a missing or unknown name, SHAPE_MISMATCH
 */
export function bindInputs(
  declared: readonly NetworkInput[],
  given: NetworkInputs,
  others: Readonly<Record<string, Node>> = {},
  known = declared,
): ReadonlyMap<string, Node> {
  const nodes = new Map(Object.entries(inputsByName(declared, given, others)));
  const unknown = [...nodes.keys()].find((name) => !known.some((each) => each.name === name));
  if (unknown !== undefined) throw unknownInput(declared, unknown);
  const missing = declared.find(({ name }) => !nodes.has(name));
  if (missing !== undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The network needs its input ${quote(missing.name)}. ${adviseInputs(declared)}`,
    );
  }
  const sizes = new Map<string, number>();
  for (const each of declared) checkInput(each, nodes.get(each.name) as Node, sizes);
  return nodes;
}

function inputsByName(
  declared: readonly NetworkInput[],
  given: NetworkInputs,
  others: Readonly<Record<string, Node>>,
): Readonly<Record<string, Node>> {
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument('x, the input of the network', 'a node, or an object of nodes by the names of inputs', given);
  }
  checkRecord(others, 'inputs');
  if (!isNode(given)) return { ...given, ...others };
  const [first] = declared;
  if (first === undefined) throw new BilevelError('INVALID_FILE', 'The output of the model depends on no input.');
  if (Object.hasOwn(others, first.name)) {
    throw invalidArgument('inputs', `inputs after the first, which is ${quote(first.name)}`, first.name);
  }
  return { ...others, [first.name]: given };
}

function isNode(given: NetworkInputs): given is Node {
  return 'op' in given && Array.isArray(given.inputs);
}

/** The error for a name that is not an input of the network. */
export function unknownInput(declared: readonly NetworkInput[], name: string | undefined): BilevelError {
  return new BilevelError(
    'INVALID_ARGUMENT',
    `The network has no input ${name === undefined ? 'at all' : quote(name)}. ${adviseInputs(declared)}`,
  );
}

function adviseInputs(declared: readonly NetworkInput[]): string {
  if (declared.length === 0) return 'It depends on none.';
  const names = declared.map((each) => `${quote(each.name)} ${declaredType(each)}`);
  return `Its inputs are: ${names.join(', ')}${declared.length > 1 ? '; give all of them by name' : ''}.`;
}

/** As the file says it: `int64[batch, 16]`, with a question mark for a size of which it says nothing. */
export function declaredType({ dtype, shape }: NetworkInput): string {
  return shape === undefined ? dtype : `${dtype}[${shape.map((size) => size ?? '?').join(', ')}]`;
}

/**
 * The first axis is the batch, which is free whatever the file says; sizes with one name are one size.
 * @param sizes of the names that have been seen, to which it adds
 */
function checkInput(declared: NetworkInput, node: Node, sizes: Map<string, number>): void {
  const { name, dtype, shape } = declared;
  requireNode(node, `input ${quote(name)} of the network`);
  const received = formatType(node);
  const fits = shape === undefined || (shape.length === node.shape.length && node.shape.every(sizeFits));
  function sizeFits(size: number, axis: number): boolean {
    const expected = shape?.[axis];
    return axis === 0 || typeof expected !== 'number' || expected === size;
  }
  if (!fits || node.dtype !== dtype) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected ${declaredType(declared)} for input ${quote(name)} of the network but received ${received}.`,
    );
  }
  for (const [axis, size] of node.shape.entries()) {
    const symbol = shape?.[axis];
    if (typeof symbol !== 'string' || symbol === '') continue;
    const known = sizes.get(symbol) ?? size;
    sizes.set(symbol, known);
    if (known === size) continue;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Axis ${axis} of input ${quote(name)} has the size ${quote(symbol)}, which is ${known} in an input before it, but ` +
        `received ${received}.`,
    );
  }
}

/**
 * A batch size that is written into the middle of a file can go unnoticed until the output.
 * @throws SHAPE_MISMATCH when the output has the file's number of rows in place of that of the first input
 */
export function checkBatch(first: NetworkInput | undefined, bound: ReadonlyMap<string, Node>, output: Node): void {
  const x = bound.get(first?.name ?? '');
  const declared = first?.shape?.[0];
  if (x === undefined || x.shape[0] === declared || output.shape[0] !== declared || declared === undefined) return;
  throw new BilevelError(
    'SHAPE_MISMATCH',
    `The model was exported for batches of ${declared} and gives ${formatType(output)} for ${formatType(x)}; export it ` +
      'with a dynamic batch axis.',
  );
}
