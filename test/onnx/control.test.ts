import test from 'ava';
import { input } from '../../lib/graph/index.js';
import type { OnnxLimits } from '../../lib/onnx/file/limits.js';
import { Network } from '../../lib/onnx/index.js';
import { bools, buildModel, encode, int64s, type TestGraph, type TestModel } from '../support/onnx/builder.js';
import { random } from '../support/onnx/operator-case.js';

async function apply(model: Omit<TestModel, 'inputs' | 'outputs'>, limits: Partial<OnnxLimits> = {}): Promise<void> {
  const bytes = encode(buildModel({ inputs: { x: { shape: [2, 3] } }, outputs: ['y'], ...model }));
  const network = await Network.load(bytes, { limits });
  network.apply(input('x', [2, 3]), network.parameterNodes());
}

const identity: TestGraph = {
  inputs: { turn: { type: 'int64', shape: [] }, before: { type: 'bool', shape: [] }, state: { shape: [2, 3] } },
  nodes: [
    { op: 'Identity', inputs: ['before'], outputs: ['after'] },
    { op: 'Identity', inputs: ['state'], outputs: ['next'] },
  ],
  outputs: ['after', 'next'],
};

const loopOf = (turns: string, body: TestGraph): TestModel['nodes'] => [
  { op: 'Loop', name: 'loop', inputs: [turns, 'go', 'x'], outputs: ['y'], attributes: { body: { graph: body } } },
];

test('a loop of more turns than the limits allow is refused before it is written out', async (t) => {
  const initializers = { go: bools([1], []), turns: int64s([2 ** 40], []) };
  await t.throwsAsync(() => apply({ initializers, nodes: loopOf('turns', identity) }), {
    code: 'LIMIT_EXCEEDED',
    message: /loop.*operations/,
  });
});

test('a loop that never ends is refused, whether or not it makes anything', async (t) => {
  const initializers = { go: bools([1], []) };
  await t.throwsAsync(() => apply({ initializers, nodes: loopOf('', identity) }, { operations: 1000 }), {
    code: 'LIMIT_EXCEEDED',
    message: /operations/,
  });
});

test('conditions that depend on data are refused with the reason', async (t) => {
  const initializers = { go: bools([1], []), zero: random([]) };
  const sum = { op: 'ReduceSum', inputs: ['x'], outputs: ['sum'], attributes: { keepdims: 0 } };
  const compare = { op: 'Greater', inputs: ['sum', 'zero'], outputs: ['condition'] };
  const branch: TestGraph = { nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['z'] }], outputs: ['z'] };
  const attributes = { then_branch: { graph: branch }, else_branch: { graph: branch } };
  const choose = { op: 'If', name: 'choice', inputs: ['condition'], outputs: ['y'], attributes };
  await t.throwsAsync(() => apply({ initializers, nodes: [sum, compare, choose] }), {
    code: 'UNSUPPORTED_OPERATOR',
    message: /choice.*depends on the network's data/,
  });
  const body = { ...identity, nodes: [sum, compare, ...identity.nodes.slice(1)], outputs: ['condition', 'next'] };
  await t.throwsAsync(() => apply({ initializers, nodes: loopOf('', body) }), {
    code: 'UNSUPPORTED_OPERATOR',
    message: /loop.*goes on by a condition/,
  });
});

test('a body that reads what nothing defines, or gives a sequence as a result, is refused', async (t) => {
  const initializers = { go: bools([1], []), turns: int64s([2], []) };
  const missing = { ...identity, outputs: ['after', 'nowhere'] };
  await t.throwsAsync(() => apply({ initializers, nodes: loopOf('turns', missing) }), { code: 'INVALID_FILE' });
  const split = { op: 'SplitToSequence', inputs: ['x'], outputs: ['y'] };
  await t.throwsAsync(() => apply({ nodes: [split] }), { code: 'UNSUPPORTED_OPERATOR', message: /is a sequence/ });
  const sine = { op: 'Sin', name: 'sine', inputs: ['s'], outputs: ['y'] };
  await t.throwsAsync(() => apply({ nodes: [{ ...split, outputs: ['s'] }, sine] }), {
    code: 'INVALID_FILE',
    message: /sine/,
  });
});

test('positions outside a sequence and sequences of too many parts are refused', async (t) => {
  const at = (position: number, limits: Partial<OnnxLimits> = {}): Promise<void> =>
    apply(
      {
        initializers: { position: int64s([position], []) },
        nodes: [
          { op: 'SplitToSequence', name: 'split', inputs: ['x'], outputs: ['s'] },
          { op: 'SequenceAt', name: 'at', inputs: ['s', 'position'], outputs: ['y'] },
        ],
      },
      limits,
    );
  await t.notThrowsAsync(() => at(-2));
  await t.throwsAsync(() => at(2), { code: 'SHAPE_MISMATCH', message: /at.*position 2/ });
  await t.throwsAsync(() => at(0, { sequenceLength: 1 }), { code: 'LIMIT_EXCEEDED', message: /split/ });
});

test('a recurrent layer of more steps than the limits allow is refused before it is written out', async (t) => {
  const bytes = encode(
    buildModel({
      inputs: { x: { shape: ['steps', 1, 1] } },
      initializers: { weights: random([1, 4, 1]), recurrent: random([1, 4, 1]) },
      nodes: [{ op: 'LSTM', name: 'layer', inputs: ['x', 'weights', 'recurrent'], outputs: ['y'] }],
      outputs: ['y'],
    }),
  );
  const network = await Network.load(bytes);
  t.throws(() => network.apply(input('x', [10 ** 9, 1, 1]), network.parameterNodes()), {
    code: 'LIMIT_EXCEEDED',
    message: /layer.*1000000000 steps/,
  });
});
