import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { checkLimit } from '../../file/limits.js';
import { integers, type Operation, type OperatorImporter, Sequence } from '../../operation.js';

/** A position in a sequence, which may count from the end; `length` is the first one behind it. */
function positionIn(op: Operation, index: number, length: number, last: number, fallback: number): number {
  const stated = op.optionalScalarInput(index) ?? fallback;
  const position = stated < 0 ? stated + length : stated;
  if (!Number.isInteger(position) || position < 0 || position > last) {
    throw op.mismatch(`has the position ${stated} in a sequence of ${length}`);
  }
  return position;
}

function sequenceAt(op: Operation): Node {
  const items = op.sequenceInput(0);
  const item = items[positionIn(op, 1, items.length, items.length - 1, 0)];
  if (item === undefined) throw op.mismatch('reads an empty sequence');
  return item;
}

function insert(op: Operation): Sequence {
  const items = op.sequenceInput(0);
  return new Sequence(items.toSpliced(positionIn(op, 2, items.length, items.length, items.length), 0, op.input(1)));
}

function erase(op: Operation): Sequence {
  const items = op.sequenceInput(0);
  return new Sequence(items.toSpliced(positionIn(op, 1, items.length, items.length - 1, -1), 1));
}

/** Parts of the stated lengths, of one length, or single entries, whose axis is then removed unless keepdims is set. */
function splitToSequence(op: Operation): Sequence {
  const x = op.input(0);
  const axis = g.normalizeAxis(op.attributes.int('axis', 0), x.shape.length);
  const keep = op.attributes.flag('keepdims', true);
  const size = x.shape[axis] ?? 0;
  const stated = op.optionalConstantInput(1);
  const single = op.optionalInput(1)?.shape.length !== 1;
  const part = stated?.[0] ?? 1;
  if (single && part < 1) throw op.invalid('needs parts of at least one entry');
  const count = single ? Math.ceil(size / part) : (stated?.length ?? 0);
  checkLimit(op.context.limits, 'sequenceLength', count, `The number of parts of ${op.node.label}`);
  const equal = (): number[] => Array.from({ length: count }, (_, index) => Math.min(part, size - index * part));
  const lengths = single ? equal() : (stated ?? []);
  if (lengths.some((length) => length < 0) || lengths.reduce((a, b) => a + b, 0) !== size)
    throw op.mismatch(`cannot split ${size} into the parts ${lengths.join(', ')}`);
  const none = x.shape.map(() => 0);
  let start = 0;
  const parts = lengths.map((length) => {
    const from = start;
    start += length;
    return g.slice(x, { starts: none.with(axis, from), limits: x.shape.with(axis, start) });
  });
  if (stated !== undefined || keep) return new Sequence(parts);
  return new Sequence(parts.map((each) => g.reshape(each, x.shape.toSpliced(axis, 1))));
}

function concatFromSequence(op: Operation): Node {
  const items = op.sequenceInput(0);
  const [first] = items;
  const stated = op.attributes.int('axis');
  const isNew = op.attributes.flag('new_axis');
  if (first === undefined) throw op.mismatch('joins an empty sequence');
  if (stated === undefined) throw op.invalid('needs the attribute axis');
  const axis = g.normalizeAxis(stated, first.shape.length + (isNew ? 1 : 0));
  return g.concat(isNew ? items.map((item) => g.expandDims(item, [axis])) : items, axis);
}

function empty(op: Operation): Sequence {
  op.attributes.ignore('dtype');
  return new Sequence([]);
}

export const sequenceOperators: Record<string, OperatorImporter> = {
  ConcatFromSequence: { build: concatFromSequence, since: 11 },
  SequenceAt: { build: sequenceAt, since: 11 },
  SequenceConstruct: { build: (op) => new Sequence(op.inputs.map((_, index) => op.input(index))), since: 11 },
  SequenceEmpty: { build: empty, since: 11 },
  SequenceErase: { build: erase, since: 11 },
  SequenceInsert: { build: insert, since: 11 },
  SequenceLength: {
    build: (op) => integers([op.sequenceInput(0).length], []),
    since: 11,
    constantAlmostEverywhere: true,
  },
  SplitToSequence: { build: splitToSequence, since: 11 },
};
