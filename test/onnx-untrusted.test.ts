import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import test from 'ava';
import { Random } from '../lib/data/random.js';
import { BilevelError, type ErrorCode } from '../lib/errors.js';
import { input } from '../lib/graph/index.js';
import { defaultLimits, Network, type OnnxLimits } from '../lib/onnx/index.js';
import {
  type ModelProto,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProto_SegmentSchema,
} from '../lib/onnx/schema/onnx_pb.js';
import { Tensor } from '../lib/tensor.js';
import {
  type AttributeValue,
  buildModel,
  encode,
  int64s,
  rawBytes,
  type TestModel,
  type TestNode,
  tensor,
} from './support/onnx-builder.js';
import { evaluateModel, random } from './support/operator-case.js';

const fixtures = fileURLToPath(new URL('../../test/fixtures/', import.meta.url));

/** y = x w + b. */
const linear: TestModel = {
  inputs: { x: { shape: ['batch', 3] } },
  initializers: { w: random([3, 2]), b: random([2]) },
  nodes: [{ op: 'Gemm', name: 'head', inputs: ['x', 'w', 'b'], outputs: ['y'] }],
  outputs: ['y'],
};

function chain(nodes: readonly TestNode[], outputs: readonly string[] = ['y']): TestModel {
  return { inputs: { x: { shape: ['batch', 3] } }, nodes, outputs };
}

/** `linear` with its messages changed by hand. */
function changed(change: (model: ModelProto) => void): Uint8Array {
  const model = buildModel(linear);
  change(model);
  return encode(model);
}

function weights(model: ModelProto) {
  const [w] = model.graph?.initializer ?? [];
  if (w === undefined) throw new Error('The model has no weights.');
  return w;
}

/** Loads and applies, as a user of the file would. */
async function use(bytes: Uint8Array): Promise<void> {
  const network = await Network.load(bytes);
  const parameters = network.parameterNodes();
  network.apply(input('x', network.inputShape(2)), parameters, { key: input('key', [2], 'int32') });
  network.toBytes(network.initialParameters());
}

/** The code of the error that `use` gives; an error of any other class fails the test that calls it. */
async function codeOf(bytes: Uint8Array): Promise<ErrorCode | undefined> {
  try {
    await use(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof BilevelError) return error.code;
    throw error;
  }
}

for (const name of ['conv4-train', 'smooth-mlp']) {
  test(`every truncation of ${name} is an invalid file`, async (t) => {
    const bytes = await readFile(`${fixtures}${name}/model.onnx`);
    const ends = [
      ...Array(64).keys(),
      ...Array.from({ length: 200 }, (_, index) => Math.floor((index * bytes.length) / 200)),
      bytes.length - 1,
    ];
    for (const end of ends) t.is(await codeOf(bytes.subarray(0, end)), 'INVALID_FILE', `cut at ${end}`);
  });

  test(`flipped bytes in ${name} never give more than an error with a code`, async (t) => {
    const bytes = await readFile(`${fixtures}${name}/model.onnx`);
    const random = Random.fromSeed(3, 'flips');
    const codes = new Set<ErrorCode | undefined>();
    for (let round = 0; round < 400; round++) {
      const damaged = Uint8Array.from(bytes);
      // Half of the flips hit the last part, where the nodes are and not only weights.
      const low = round % 2 === 0 ? 0 : bytes.length - 3000;
      for (let flip = 0; flip <= round % 3; flip++) {
        const position = low + Math.floor(random.uniform() * (bytes.length - low));
        damaged[position] = Math.floor(random.uniform() * 256);
      }
      codes.add(await codeOf(damaged));
    }
    t.true(codes.has('INVALID_FILE'));
    t.true(codes.has('UNSUPPORTED_OPERATOR'));
    t.true(codes.has(undefined));
  });
}

test('files of other formats are refused', async (t) => {
  for (const text of ['', '{"a": 1}', '<html></html>', '\x7fELF\x02\x01', 'PK\x03\x04', '%PDF-1.7']) {
    t.is(await codeOf(new TextEncoder().encode(text)), 'INVALID_FILE', text);
  }
  const reference = await readFile(`${fixtures}smooth-mlp/reference.safetensors`);
  t.is(await codeOf(reference), 'INVALID_FILE');
});

test('a missing file and a folder are told apart', async (t) => {
  await t.throwsAsync(() => Network.load(`${fixtures}none.onnx`), { code: 'NOT_FOUND', message: /none\.onnx/ });
  await t.throwsAsync(() => Network.load(fixtures), { code: 'IO_ERROR' });
});

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

const invalid: Readonly<Record<string, readonly [message: RegExp, model: TestModel]>> = {
  'a cycle': [
    /cycle: Neg node "b" -> Relu node "c" -> Neg node "b"|cycle: Relu node "c" -> Neg node "b" -> Relu node "c"/,
    chain([
      { op: 'Exp', name: 'a', inputs: ['x'], outputs: ['p'] },
      { op: 'Add', name: 'd', inputs: ['p', 'q'], outputs: ['y'] },
      { op: 'Neg', name: 'b', inputs: ['r'], outputs: ['q'] },
      { op: 'Relu', name: 'c', inputs: ['q'], outputs: ['r'] },
    ]),
  ],
  'a node that reads itself': [
    /cycle: Add node "a" -> Add node "a"/,
    chain([{ op: 'Add', name: 'a', inputs: ['x', 'y'], outputs: ['y'] }]),
  ],
  'a cycle beside the way to the output': [
    /cycle/,
    chain([
      { op: 'Exp', inputs: ['x'], outputs: ['y'] },
      { op: 'Neg', inputs: ['q'], outputs: ['q'] },
    ]),
  ],
  'a name that nothing defines': [
    /Add node "a" reads "z"/,
    chain([{ op: 'Add', name: 'a', inputs: ['x', 'z'], outputs: ['y'] }]),
  ],
  'an output that nothing defines': [/output "z"/, chain([{ op: 'Exp', inputs: ['x'], outputs: ['y'] }], ['z'])],
  'a name defined twice': [
    /Neg node number 1 defines "y"/,
    chain([
      { op: 'Exp', inputs: ['x'], outputs: ['y'] },
      { op: 'Neg', inputs: ['x'], outputs: ['y'] },
    ]),
  ],
  'a node that defines the input': [/defines "x"/, chain([{ op: 'Exp', inputs: ['y'], outputs: ['x'] }], ['x'])],
  'an input too few': [/Add node "a".*input 1/, chain([{ op: 'Add', name: 'a', inputs: ['x'], outputs: ['y'] }])],
  'an attribute of another type': [
    /perm of Transpose node "a".*INTS.*FLOAT/,
    chain([{ op: 'Transpose', name: 'a', inputs: ['x'], outputs: ['y'], attributes: { perm: { float: 1 } } }]),
  ],
  'an axis that does not exist': [
    /Concat node "a".*axis/,
    chain([{ op: 'Concat', name: 'a', inputs: ['x', 'x'], outputs: ['y'], attributes: { axis: 5 } }]),
  ],
};

for (const [what, [message, model]] of Object.entries(invalid)) {
  test(`${what} is an invalid file`, async (t) => {
    await t.throwsAsync(() => use(encode(buildModel(model))), {
      instanceOf: BilevelError,
      code: 'INVALID_FILE',
      message,
    });
  });
}

function single(op: string, attributes: Readonly<Record<string, AttributeValue>> = {}, domain = ''): TestModel {
  return chain([{ op, name: 'layer', domain, inputs: ['x'], outputs: ['y'], attributes }]);
}

const unsupported: Readonly<Record<string, readonly [message: RegExp, model: TestModel]>> = {
  'an operator that is not known': [/Hardmax node "layer" \(opset 17\).*not supported; export/, single('Hardmax')],
  'an operator of another domain': [
    /Gelu node "layer" \(domain "com\.microsoft"\)/,
    single('Gelu', {}, 'com.microsoft'),
  ],
  'an operator newer than the opset': [/Gelu node "layer" \(opset 17\) exists from opset 20/, single('Gelu')],
  'an opset that is too old': [/opset 8.*9 to 23/, { ...single('Relu'), opset: 8 }],
  'an opset that is too new': [/opset 24.*9 to 23/, { ...single('Relu'), opset: 24 }],
  'an attribute that is not known': [/Relu node "layer" \(opset 17\).*fancy/, single('Relu', { fancy: 1 })],
  'a word that is not known': [
    /Gelu node "layer".*approximate="sinh"/,
    { ...single('Gelu', { approximate: 'sinh' }), opset: 20 },
  ],
  'a cast to a narrow integer': [/Cast node "layer".*uint8/, single('Cast', { to: TensorProto_DataType.UINT8 })],
  'a control-flow operator': [/If node "layer"/, single('If')],
};

for (const [what, [message, model]] of Object.entries(unsupported)) {
  test(`${what} is not supported`, async (t) => {
    await t.throwsAsync(() => use(encode(buildModel(model))), {
      instanceOf: BilevelError,
      code: 'UNSUPPORTED_OPERATOR',
      message,
    });
  });
}

const badTensors: Readonly<
  Record<string, readonly [code: ErrorCode, message: RegExp, change: (model: ModelProto) => void]>
> = {
  'too few bytes': ['INVALID_FILE', /"w".*needs 6.*holds 5/, (model) => (weights(model).rawData = new Uint8Array(20))],
  'part of an element': ['INVALID_FILE', /"w".*needs 6/, (model) => (weights(model).rawData = new Uint8Array(23))],
  'a negative size': ['INVALID_FILE', /impossible shape \[-3, 2\]/, (model) => (weights(model).dims = [-3n, 2n])],
  'a size that overflows': ['INVALID_FILE', /impossible shape/, (model) => (weights(model).dims = [2n ** 62n, 2n])],
  'a product that overflows': [
    'LIMIT_EXCEEDED',
    /tensorElements/,
    (model) => (weights(model).dims = [2n ** 32n, 2n ** 32n]),
  ],
  strings: ['UNSUPPORTED_OPERATOR', /"w".*STRING/, (model) => (weights(model).dataType = TensorProto_DataType.STRING)],
  'an unknown type': ['UNSUPPORTED_OPERATOR', /"w".*number 77/, (model) => (weights(model).dataType = 77)],
  segments: ['INVALID_FILE', /segments/, (model) => (weights(model).segment = create(TensorProto_SegmentSchema, {}))],
  'the name of another': ['INVALID_FILE', /same name/, (model) => (weights(model).name = 'b')],
};

for (const [what, [code, message, change]] of Object.entries(badTensors)) {
  test(`an initializer with ${what} is refused`, async (t) => {
    await t.throwsAsync(() => use(changed(change)), { instanceOf: BilevelError, code, message });
  });
}

test('a sparse initializer is refused by name where it is used', async (t) => {
  const bytes = changed(({ graph }) => {
    const [w, ...rest] = graph?.initializer ?? [];
    if (graph === undefined || w === undefined) throw new Error('The model has no weights.');
    graph.initializer = rest;
    graph.sparseInitializer = [create(SparseTensorProtoSchema, { values: w })];
  });
  await t.throwsAsync(() => use(bytes), { code: 'UNSUPPORTED_OPERATOR', message: /"w".*sparse/ });
});

/** A model whose weights w lie in another file, and the folder they are in. */
async function withExternalData(
  entries: Readonly<Record<string, string>>,
  run: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'bilevel-external-'));
  const folder = join(root, 'model');
  try {
    await mkdir(join(folder, 'data'), { recursive: true });
    const padded = Buffer.concat([Buffer.alloc(8), rawBytes(random([3, 2])), Buffer.alloc(4)]);
    for (const file of [join(root, 'secret.bin'), join(folder, 'weights.bin'), join(folder, 'data', 'weights.bin')]) {
      await writeFile(file, padded);
    }
    await symlink(join(root, 'secret.bin'), join(folder, 'link.bin'));
    await symlink(root, join(folder, 'up'));
    await symlink('weights.bin', join(folder, 'inside.bin'));
    const path = join(folder, 'model.onnx');
    const bytes = changed((model) => {
      const w = weights(model);
      w.rawData = new Uint8Array();
      w.dataLocation = TensorProto_DataLocation.EXTERNAL;
      w.externalData = Object.entries(entries).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      );
    });
    await writeFile(path, bytes);
    await run(path, folder);
  } finally {
    await rm(root, { recursive: true });
  }
}

for (const location of ['weights.bin', 'data/weights.bin', './data/weights.bin', 'inside.bin']) {
  test(`external data are read from ${location}, and put inside when saved`, async (t) => {
    await withExternalData({ location, offset: '8', length: '24' }, async (path) => {
      const network = await Network.load(path);
      t.deepEqual(network.parameters.get('w')?.value.toArray(), [...random([3, 2]).data]);
      const x = random([2, 3]);
      const expected = await evaluateModel(encode(buildModel(linear)), x);
      t.deepEqual(await evaluateModel(network.toBytes({}), x), expected);
    });
  });
}

const refusedLocations: Readonly<Record<string, ErrorCode>> = {
  '../secret.bin': 'INVALID_FILE',
  'data/../../secret.bin': 'INVALID_FILE',
  'data/../weights.bin': 'INVALID_FILE',
  '..\\secret.bin': 'INVALID_FILE',
  '/etc/hostname': 'INVALID_FILE',
  'C:\\secret.bin': 'INVALID_FILE',
  'link.bin': 'INVALID_FILE',
  'up/secret.bin': 'INVALID_FILE',
  data: 'INVALID_FILE',
  '.': 'INVALID_FILE',
  '': 'INVALID_FILE',
  'weights.bin\0.txt': 'INVALID_FILE',
  'none.bin': 'NOT_FOUND',
};

for (const [location, code] of Object.entries(refusedLocations)) {
  test(`external data at ${JSON.stringify(location)} are refused`, async (t) => {
    await withExternalData({ location, offset: '8', length: '24' }, async (path) => {
      await t.throwsAsync(() => Network.load(path), { instanceOf: BilevelError, code });
    });
  });
}

for (const range of [
  { offset: '8', length: '32' },
  { offset: '100' },
  { offset: '-1', length: '24' },
  { offset: '1e3', length: '24' },
  { offset: '8', length: '99999999999999999999' },
  { offset: '9007199254740990', length: '24' },
  { offset: '8', length: '20' },
]) {
  test(`external data at ${JSON.stringify(range)} are refused`, async (t) => {
    await withExternalData({ location: 'weights.bin', ...range }, async (path) => {
      await t.throwsAsync(() => Network.load(path), { instanceOf: BilevelError, code: 'INVALID_FILE' });
    });
  });
}

test('a model given as bytes may not refer to files', async (t) => {
  await withExternalData({ location: 'weights.bin', offset: '8', length: '24' }, async (path) => {
    const bytes = await readFile(path);
    await t.throwsAsync(() => Network.load(bytes), { code: 'INVALID_FILE', message: /by its path/ });
  });
});

test('external data are counted against the limits', async (t) => {
  await withExternalData({ location: 'weights.bin', offset: '8', length: '24' }, async (path) => {
    await t.throwsAsync(() => Network.load(path, { limits: { parameterBytes: 23 } }), { code: 'LIMIT_EXCEEDED' });
  });
});

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
          inputs: { x: { shape: ['batch', 1] } },
          initializers: {
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

test('bytes are copied, so that their owner may change them, and may be shared memory', async (t) => {
  const bytes = encode(buildModel(linear));
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const network = await Network.load(shared);
  shared.fill(0);
  t.deepEqual(network.toBytes({}), bytes);
});

test('names of objects are ordinary names', async (t) => {
  const names = ['__proto__', 'constructor', 'toString'];
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 2] } },
        initializers: { ['__proto__']: tensor([1, 2]), constructor: tensor([3, 4]), toString: tensor([5, 6]) },
        nodes: names.map((name, index) => ({
          op: 'Add',
          inputs: [index === 0 ? 'x' : `h${index}`, name],
          outputs: [index === 2 ? 'y' : `h${index + 1}`],
        })),
        outputs: ['y'],
      }),
    ),
  );
  t.deepEqual([...network.parameters.keys()], names);
  const x = input('x', [1, 2]);
  t.deepEqual(network.apply(x, network.parameterNodes()).shape, [1, 2]);
  t.throws(() => network.apply(x, {}), { code: 'INVALID_ARGUMENT' });
  t.throws(() => network.toBytes({ valueOf: Tensor.zeros([2]) }), { code: 'INVALID_ARGUMENT' });
});
