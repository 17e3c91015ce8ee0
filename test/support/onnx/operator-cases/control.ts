import { bools, int64s, type TestGraph, type TestNode, tensor } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';
import { ints } from './common.js';

const opsets = [11, 17];
const x = random([5, 3]);

const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: TestNode['attributes'] = {},
) => ({ op, inputs, outputs, attributes }) satisfies TestNode;

/** Branches that read a weight and the input from outside of them, and have a number of their own. */
const thenBranch: TestGraph = { nodes: [node('Mul', ['x', 'input1'], ['then'])], outputs: ['then'] };
const elseBranch: TestGraph = {
  initializers: { half: tensor([0.5]) },
  nodes: [node('Mul', ['x', 'half'], ['m']), node('Sin', ['m'], ['else'])],
  outputs: ['else'],
};

/** Whether the first axis of x has this length. */
const hasLength = (length: string): TestNode[] => [
  node('Shape', ['x'], ['shape']),
  node('Gather', ['shape', 'input2'], ['length']),
  node('Equal', ['length', length], ['condition']),
];

const branch = (length: string): TestNode[] => [
  ...hasLength(length),
  node('If', ['condition'], ['y0'], { then_branch: { graph: thenBranch }, else_branch: { graph: elseBranch } }),
];

/** Carries sin(state weight) and stacks the states and their squares; goes on while less than three turns are done. */
const body: TestGraph = {
  inputs: { turn: { type: 'int64', shape: [] }, before: { type: 'bool', shape: [] }, state: { shape: [5, 3] } },
  nodes: [
    node('Mul', ['state', 'input1'], ['product']),
    node('Sin', ['product'], ['next']),
    node('Mul', ['next', 'next'], ['square']),
    node('Identity', ['next'], ['copy']),
    node('Less', ['turn', 'input4'], ['after']),
  ],
  outputs: ['after', 'next', 'copy', 'square'],
};

const loop = (inputs: readonly string[], note: string): OperatorCase => ({
  op: 'Loop',
  note,
  opsets: [11, 13, 16, 19],
  inputs: [x, random([3]), ints(4), bools([1], []), ints(2)],
  nodes: [node('Loop', inputs, ['y0', 'y1', 'y2'], { body: { graph: body } })],
  outputs: 3,
});

const sequence = (
  op: string,
  note: string,
  nodes: readonly TestNode[],
  inputs: OperatorCase['inputs'] = [],
): OperatorCase => ({
  op,
  note,
  opsets: [11, 17],
  inputs: [x, random([5, 2]), ...inputs],
  nodes,
});

const sequences: readonly OperatorCase[] = [
  sequence(
    'SplitToSequence',
    'single rows',
    [
      node('SplitToSequence', ['x'], ['s'], { keepdims: 0 }),
      node('SequenceAt', ['s', 'input2'], ['a']),
      node('Sin', ['a'], ['y0']),
    ],
    [ints(-2)],
  ),
  sequence(
    'SplitToSequence',
    'parts of two',
    [node('SplitToSequence', ['x', 'input2'], ['s']), node('SequenceAt', ['s', 'input2'], ['y0'])],
    [ints(2)],
  ),
  sequence(
    'SequenceAt',
    'of stated parts',
    [node('SplitToSequence', ['x', 'input2'], ['s'], { axis: 1 }), node('SequenceAt', ['s', 'input3'], ['y0'])],
    [int64s([1, 2]), ints(1)],
  ),
  sequence('SequenceConstruct', '', [
    node('SequenceConstruct', ['x', 'input1', 'x'], ['s']),
    node('ConcatFromSequence', ['s'], ['y0'], { axis: 1 }),
  ]),
  sequence('ConcatFromSequence', 'along a new axis', [
    node('SplitToSequence', ['x'], ['s']),
    node('ConcatFromSequence', ['s'], ['y0'], { axis: -1, new_axis: 1 }),
  ]),
  sequence(
    'SequenceInsert',
    '',
    [
      node('SequenceEmpty', [], ['e'], { dtype: 1 }),
      node('SequenceInsert', ['e', 'x'], ['one']),
      node('SequenceInsert', ['one', 'input1', 'input2'], ['two']),
      node('ConcatFromSequence', ['two'], ['y0'], { axis: 1 }),
    ],
    [ints(0)],
  ),
  {
    ...sequence('SequenceEmpty', '', [
      node('SequenceEmpty', [], ['e'], { dtype: 1 }),
      node('SequenceInsert', ['e', 'x'], ['one']),
      node('ConcatFromSequence', ['one'], ['y0'], { axis: 0 }),
    ]),
  },
  sequence(
    'SequenceErase',
    '',
    [
      node('SplitToSequence', ['x'], ['s']),
      node('SequenceErase', ['s', 'input2'], ['less']),
      node('ConcatFromSequence', ['less'], ['y0'], { axis: 0 }),
    ],
    [ints(1)],
  ),
  sequence('SequenceLength', '', [
    node('SplitToSequence', ['x'], ['s']),
    node('SequenceLength', ['s'], ['n']),
    node('Cast', ['n'], ['real'], { to: 1 }),
    node('Mul', ['x', 'real'], ['y0']),
  ]),
];

export const control: readonly OperatorCase[] = [
  {
    op: 'If',
    note: 'taken',
    opsets: [7, ...opsets, 19],
    inputs: [x, random([3]), ints(0), ints(5)],
    nodes: branch('input3'),
  },
  { op: 'If', note: 'not taken', opsets, inputs: [x, random([3]), ints(0), ints(6)], nodes: branch('input3') },
  loop(['input2', '', 'x'], 'by a condition within a number of turns'),
  loop(['', 'input3', 'x'], 'by a condition alone'),
  ...sequences,
];
