import { BilevelError } from '../errors.js';
import { evaluate, isOp, labelsOf, type Node, topologicalOrder } from '../graph/index.js';
import { elementCount } from '../tensor.js';
import { type FeedInputs, feedBinding, isResident, type ResidentInputs } from './inputs.js';

type Values = Map<Node, Float64Array>;

/** Rows with such labels that are looked at to see whether the cost leaves them out; what comes later a run tells. */
const mostRows = 1 << 16;

/** Operations that only move elements: NaN stays NaN, and arrives or does not. All others are taken to pass it on. */
const moving: ReadonlySet<string> = new Set(['reshape', 'transpose', 'broadcastTo', 'slice', 'stopGradient', 'where']);

/**
 * Refuses labels in a feed in memory that are no class of the cross-entropy which reads them, unless the cost leaves
 * their loss out by a `where` whose condition depends on the feed alone.
 * @param name of the cost
 * @throws INVALID_DATA naming feed, row, label and classes
 */
export function checkLabels(name: string, cost: Node, feeds: readonly FeedInputs[]): void {
  const order = topologicalOrder([cost]);
  for (const loss of order) {
    const labelled = labelsOf(loss);
    if (labelled === undefined) continue;
    const { labels, classes } = labelled;
    const isBad = (label: number): boolean => !(label >= 0 && label < classes);
    const source = feedOf(labels, feeds.filter(isResident));
    if (source === undefined) continue;
    let looked = 0;
    for (const { rows, values } of batchesWith(source, labels, isBad)) {
      const bad = [...values.keys()].filter((position) => isBad(values[position] ?? 0));
      const counts = (positions: readonly number[]): boolean =>
        arrives(order, loss, positions, (node) => valuesOf(node, source, rows));
      if (counts(bad)) {
        const position = bad.find((each) => counts([each])) ?? 0;
        const row = rows[Math.floor((position * rows.length) / values.length)] ?? 0;
        throw refusal(name, source, row, values[position] ?? Number.NaN, classes);
      }
      looked += bad.length;
      if (looked > mostRows) break;
    }
  }
}

function refusal(cost: string, { name }: ResidentInputs, row: number, label: number, classes: number): BilevelError {
  const advice =
    label < 0
      ? `If it marks what is not to count, write crossEntropy(logits, labels, { ignoreIndex: ${label} }); a mask that multiplies ` +
        'does not help, since 0 times NaN is NaN.'
      : 'Labels count from 0: correct them, or give the model more classes.';
  return new BilevelError(
    'INVALID_DATA',
    `The cost ${cost} takes the label ${label} from row ${row} of the feed ${name}, but crossEntropy has the classes 0 to ` +
      `${classes - 1} there. ${advice}`,
  );
}

/** The one feed, and nothing else, that a node is computed of. */
function feedOf(node: Node, feeds: readonly ResidentInputs[]): ResidentInputs | undefined {
  const inputs = topologicalOrder([node]).filter((each) => isOp(each, 'input'));
  return feeds.find((feed) => inputs.length > 0 && inputs.every((input) => isOf(feed, input)));
}

function isOf({ name, feed }: ResidentInputs, input: Node): boolean {
  if (!isOp(input, 'input')) return false;
  const names = [...Object.keys(feed.arrays), 'index'].map((array) => feedBinding(name, array));
  return names.includes(input.attributes.name);
}

/** The labels of batches that together hold all rows, those without bad ones left out. */
function* batchesWith(
  source: ResidentInputs,
  labels: Node,
  isBad: (label: number) => boolean,
): Generator<{ readonly rows: readonly number[]; readonly values: Float64Array }> {
  const { size, batch = size } = source.feed;
  const suspicious = rowsWithBad(source, labels, isBad) ?? Array.from({ length: size }, (_, row) => row);
  for (let start = 0; start < suspicious.length; start += batch) {
    const some = suspicious.slice(start, start + batch);
    const [last = 0] = some.slice(-1);
    const rows =
      source.feed.batch === undefined
        ? Array.from({ length: size }, (_, row) => row)
        : Array.from({ length: batch }, (_, position) => some[position] ?? last);
    const values = valuesOf(labels, source, rows);
    if (values?.some(isBad)) yield { rows, values };
    if (source.feed.batch === undefined) return;
  }
}

/**
 * The rows of an array with a bad element, where labels are the array's rows as they are: the usual case, which has to
 * be quick.
 */
function rowsWithBad(
  { name, feed }: ResidentInputs,
  labels: Node,
  isBad: (label: number) => boolean,
): readonly number[] | undefined {
  let node: Node | undefined = labels;
  while (node !== undefined && ['reshape', 'gather', 'shardable'].includes(node.op)) node = node.inputs[0];
  const [array] = Object.entries(feed.arrays).filter(
    ([key]) => node !== undefined && isOp(node, 'input') && node.attributes.name === feedBinding(name, key),
  );
  if (array === undefined) return undefined;
  const [, { data }] = array;
  const width = data.length / feed.size;
  const rows: number[] = [];
  for (let position = 0; position < data.length; position++) {
    const row = Math.floor(position / width);
    if (isBad(Number(data[position])) && rows.at(-1) !== row) rows.push(row);
  }
  return rows;
}

/** A node's value for a batch of these rows, when it is computed of the feed and constants alone. */
function valuesOf(
  node: Node,
  { feed, index, rows: nodes }: ResidentInputs,
  rows: readonly number[],
): Float64Array | undefined {
  const given: Values = new Map([[index, Float64Array.from(rows)]]);
  const isGiven = (each: Node): boolean => given.has(each);
  for (const [key, { data }] of Object.entries(feed.arrays)) {
    const place = nodes[key];
    if (place === undefined || !topologicalOrder([node]).includes(place)) continue;
    const width = data.length / feed.size;
    const elements = rows.flatMap((row) =>
      Array.from(data.subarray(row * width, (row + 1) * width) as ArrayLike<number | bigint>, Number),
    );
    given.set(place, Float64Array.from(elements));
  }
  if (topologicalOrder([node], isGiven).some((each) => isOp(each, 'input') && !isGiven(each))) return undefined;
  return evaluate([node], given)[0];
}

/** Whether NaN at these elements of `loss` gets on to where it is reckoned with, as far as that is known beforehand. */
function arrives(
  order: readonly Node[],
  loss: Node,
  positions: readonly number[],
  known: (node: Node) => Float64Array | undefined,
): boolean {
  const start = new Float64Array(elementCount(loss.shape));
  for (const position of positions) start[position] = Number.NaN;
  const tracked: Values = new Map([[loss, start]]);
  for (const node of order) {
    if (node === loss || !node.inputs.some((input) => tracked.get(input)?.some(Number.isNaN))) continue;
    if (!moving.has(node.op)) return true;
    const operands: Values = new Map();
    for (const input of node.inputs) {
      const isCondition = input.dtype === 'bool';
      const value = tracked.get(input) ?? (isCondition ? known(input) : new Float64Array(elementCount(input.shape)));
      if (value === undefined) return false;
      operands.set(input, value);
    }
    tracked.set(node, evaluate([node], operands)[0] ?? start);
  }
  return false;
}
