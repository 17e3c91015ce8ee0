import { fileURLToPath } from 'node:url';
import test from 'ava';
import { BilevelError, type ErrorCode } from '../../lib/errors.js';
import { input } from '../../lib/graph/index.js';
import { defaultLimits, Network, type OnnxLimits } from '../../lib/onnx/index.js';
import { buildModel, encode, int64s, type TestNode, type TestTensor, tensor } from '../support/onnx/builder.js';
import { chain, changed, codeOf, linear, weights } from '../support/onnx/untrusted-models.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

/** For each limit a bound that the file goes beyond, when it is loaded or applied. */
const beyond: Readonly<Record<keyof OnnxLimits, readonly [bound: number, bytes: Uint8Array]>> = {
  modelBytes: [50, encode(buildModel(linear))],
  fields: [20, encode(buildModel(linear))],
  packedValues: [
    5,
    changed((model) => Object.assign(weights(model), { rawData: new Uint8Array(), floatData: Array(6).fill(1) })),
  ],
  nestingDepth: [3, encode(buildModel(linear))],
  stringBytes: [4, encode(buildModel(chain([{ op: 'Softplus', inputs: ['x'], outputs: ['y'] }])))],
  nodes: [
    1,
    encode(
      buildModel(
        chain([
          { op: 'Exp', inputs: ['x'], outputs: ['a'] },
          { op: 'Exp', inputs: ['a'], outputs: ['y'] },
        ]),
      ),
    ),
  ],
  initializers: [1, encode(buildModel(linear))],
  rank: [1, encode(buildModel(linear))],
  tensorElements: [5, encode(buildModel(linear))],
  windowSize: [
    2,
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 3] } },
        initializers: { shape: int64s([0, 1, 3]) },
        nodes: [
          { op: 'Reshape', inputs: ['x', 'shape'], outputs: ['planes'] },
          { op: 'MaxPool', inputs: ['planes'], outputs: ['y'], attributes: { kernel_shape: [3] } },
        ],
        outputs: ['y'],
      }),
    ),
  ],
  operations: [2, encode(buildModel(chain([{ op: 'Softsign', inputs: ['x'], outputs: ['y'] }])))],
  sequenceLength: [
    2,
    encode(
      buildModel(
        chain([
          { op: 'SequenceConstruct', inputs: ['x', 'x', 'x'], outputs: ['s'] },
          { op: 'ConcatFromSequence', inputs: ['s'], outputs: ['y'], attributes: { axis: 0 } },
        ]),
      ),
    ),
  ],
  foldedElements: [
    8,
    encode(
      buildModel({
        ...chain([
          { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['zeros'] },
          { op: 'Add', inputs: ['x', 'zeros'], outputs: ['y'] },
        ]),
        initializers: { shape: int64s([3, 3]) },
      }),
    ),
  ],
  parameterBytes: [31, encode(buildModel(linear))],
};

for (const [name, [bound, bytes]] of Object.entries(beyond)) {
  test(`the limit ${name} is kept, and the error says how to raise it`, async (t) => {
    const run = async (limit: number): Promise<void> => {
      const network = await Network.load(bytes, { limits: { [name]: limit } });
      network.apply(input('x', [3, 3]), network.parameterNodes());
    };
    const error = await t.throwsAsync(() => run(bound), { instanceOf: BilevelError, code: 'LIMIT_EXCEEDED' });
    t.regex(error?.message ?? '', new RegExp(`limit ${name} of ${bound}.*limits: \\{ ${name}: \\d+ \\}`));
    await t.notThrowsAsync(() => run(1000));
  });
}

test('limits are checked themselves', async (t) => {
  const bytes = encode(buildModel(linear));
  // @ts-expect-error a limit that does not exist
  await t.throwsAsync(() => Network.load(bytes, { limits: { node: 3 } }), {
    code: 'UNKNOWN_OPTION',
    message: /"node"/,
  });
  await t.throwsAsync(() => Network.load(bytes, { limits: { nodes: -1 } }), {
    code: 'INVALID_ARGUMENT',
    message: /limits\.nodes/,
  });
  t.deepEqual(Object.keys(beyond).sort(), Object.keys(defaultLimits).sort());
});

test('nested groups are refused before they exhaust the stack', async (t) => {
  // Field 99, which the schema does not know, opens again inside itself.
  const [open, close] = [
    [0x9b, 0x06],
    [0x9c, 0x06],
  ];
  const groups = Uint8Array.from([...Array(50_000).fill(open), ...Array(50_000).fill(close)].flat());
  t.is(await codeOf(groups), 'INVALID_FILE');
});

test('a file above the size limit is refused before it is read', async (t) => {
  await t.throwsAsync(() => Network.load(`${fixtures}mlp/model.onnx`, { limits: { modelBytes: 1000 } }), {
    code: 'LIMIT_EXCEEDED',
    message: /modelBytes/,
  });
});

/** A window that fits just so into x with its padding. */
function pool(op: string, cells: number): readonly TestNode[] {
  const attributes = { kernel_shape: [cells], pads: [cells - 1, 0] };
  return [
    { op: 'Expand', inputs: ['x', 'planes'], outputs: ['h'] },
    { op, inputs: ['h'], outputs: ['y'], attributes },
  ];
}

/** Small files that ask for much work or memory, and the error they get at once. */
const expensive: Readonly<Record<string, readonly [code: ErrorCode, nodes: readonly TestNode[]]>> = {
  'a slice that turns around a billion elements': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Expand', inputs: ['x', 'wide'], outputs: ['h'] },
      { op: 'Slice', inputs: ['h', 'last', 'first', 'zero', 'back'], outputs: ['y'] },
    ],
  ],
  'a product of a billion numbers': [
    'UNSUPPORTED_OPERATOR',
    [
      { op: 'Expand', inputs: ['x', 'wide'], outputs: ['h'] },
      { op: 'ReduceProd', inputs: ['h'], outputs: ['y'], attributes: { axes: [0] } },
    ],
  ],
  'a range of a billion numbers': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Range', inputs: ['zero_', 'billion', 'one_'], outputs: ['h'] },
      { op: 'Expand', inputs: ['x', 'h'], outputs: ['y'] },
    ],
  ],
  'a one-hot code of a billion digits': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Cast', inputs: ['x'], outputs: ['h'], attributes: { to: 7 } },
      { op: 'OneHot', inputs: ['h', 'billion', 'pair'], outputs: ['y'] },
    ],
  ],
  'a pool of a billion cells': ['LIMIT_EXCEEDED', pool('MaxPool', 2 ** 30)],
  'a mean of a billion cells': ['LIMIT_EXCEEDED', pool('AveragePool', 2 ** 30)],
  'a pool of more cells than can be counted': ['LIMIT_EXCEEDED', pool('MaxPool', 2 ** 52)],
  'a resized axis of which one cell is made of a billion': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Expand', inputs: ['x', 'wide'], outputs: ['h'] },
      {
        op: 'Resize',
        inputs: ['h', '', '', 'two'],
        outputs: ['y'],
        attributes: { mode: 'linear', antialias: 1, axes: [0] },
      },
    ],
  ],
  'an axis resized to a billion': [
    'LIMIT_EXCEEDED',
    [{ op: 'Resize', inputs: ['x', '', '', 'wide'], outputs: ['y'], attributes: { mode: 'cubic' } }],
  ],
  'a dilated mean over millions of planes': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Expand', inputs: ['x', 'deep'], outputs: ['h'] },
      {
        op: 'AveragePool',
        inputs: ['h'],
        outputs: ['y'],
        attributes: { kernel_shape: [5_000_000, 1, 1], dilations: [2, 1, 1] },
      },
    ],
  ],
  'a transposed convolution of endless size': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Expand', inputs: ['x', 'planes'], outputs: ['h'] },
      { op: 'ConvTranspose', inputs: ['h', 'filter'], outputs: ['y'], attributes: { output_shape: [2 ** 50] } },
    ],
  ],
  'a split into a billion outputs': [
    'LIMIT_EXCEEDED',
    [{ op: 'Split', inputs: ['x'], outputs: ['y'], attributes: { axis: 1, num_outputs: 2 ** 30 } }],
  ],
  'a sequence of a million parts': [
    'LIMIT_EXCEEDED',
    [
      { op: 'Expand', inputs: ['x', 'million'], outputs: ['h'] },
      { op: 'SplitToSequence', inputs: ['h'], outputs: ['s'], attributes: { axis: 1 } },
      { op: 'ConcatFromSequence', inputs: ['s'], outputs: ['y'], attributes: { axis: 1 } },
    ],
  ],
  'an endless tensor': ['LIMIT_EXCEEDED', [{ op: 'Expand', inputs: ['x', 'endless'], outputs: ['y'] }]],
  'many large constants': [
    'LIMIT_EXCEEDED',
    [
      { op: 'ConstantOfShape', inputs: ['million'], outputs: ['h0'], attributes: { value: { tensor: int64s([1]) } } },
      ...Array.from({ length: 100 }, (_, index) => ({
        op: 'Add',
        inputs: [`h${index}`, `h${index}`],
        outputs: [`h${index + 1}`],
      })),
      { op: 'Expand', inputs: ['x', 'h100'], outputs: ['y'] },
    ],
  ],
};

for (const [what, [code, nodes]] of Object.entries(expensive)) {
  test(`${what} is refused`, async (t) => {
    const network = await Network.load(
      encode(
        buildModel({
          opset: 19,
          inputs: { x: { shape: ['batch', 1] } },
          initializers: {
            planes: int64s([1, 1, 1]),
            deep: int64s([1, 1, 20_000_000, 1, 1]),
            two: int64s([2]),
            filter: tensor([1], [1, 1, 1]),
            wide: int64s([1_000_000_000, 1]),
            endless: int64s([2 ** 40, 2 ** 40]),
            million: int64s([1_000_000]),
            billion: int64s([1_000_000_000], []),
            zero_: int64s([0], []),
            one_: int64s([1], []),
            last: int64s([-1]),
            first: int64s([-2_000_000_000]),
            zero: int64s([0]),
            back: int64s([-1]),
            pair: tensor([0, 1]),
          },
          nodes,
          outputs: ['y'],
        }),
      ),
    );
    t.throws(() => network.apply(input('x', [1, 1]), network.parameterNodes()), { instanceOf: BilevelError, code });
  });
}

/** Small files that ask for long lists: of cells of new axes, of windows of volumes, of places of blocks. */
const lengths: Readonly<Record<string, { node: TestNode; shape: number[]; stored: Record<string, TestTensor> }>> = {
  Resize: {
    node: { op: 'Resize', inputs: ['x', '', 'scales'], outputs: ['y'] },
    shape: [1, 1, 4],
    stored: { scales: tensor([1, 1, 2 ** 28]) },
  },
  Conv: {
    node: { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: { pads: [2 ** 24, 0, 0, 2 ** 24, 0, 0] } },
    shape: [1, 1, 2, 1, 1],
    stored: { w: tensor([1, 1], [1, 1, 2, 1, 1]) },
  },
  Col2Im: {
    node: {
      op: 'Col2Im',
      inputs: ['x', 'image', 'block'],
      outputs: ['y'],
      attributes: { pads: [2 ** 40, 0], strides: [2 ** 40] },
    },
    shape: [1, 1, 2],
    stored: { image: int64s([1]), block: int64s([1]) },
  },
  LpPool: {
    node: { op: 'LpPool', inputs: ['x'], outputs: ['y'], attributes: { kernel_shape: [2 ** 30] } },
    shape: [1, 1, 2],
    stored: {},
  },
};

for (const [op, { node, shape, stored }] of Object.entries(lengths)) {
  test(`a short file cannot make ${op} list what does not fit in memory`, async (t) => {
    const model = buildModel({
      opset: 18,
      inputs: { x: { shape } },
      initializers: stored,
      nodes: [node],
      outputs: ['y'],
    });
    const network = await Network.load(encode(model));
    t.throws(() => network.apply(input('x', shape), network.parameterNodes()), { code: 'LIMIT_EXCEEDED' });
  });
}
