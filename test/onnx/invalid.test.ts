import { create } from '@bufbuild/protobuf';
import test from 'ava';
import { BilevelError, type ErrorCode } from '../../lib/errors.js';
import {
  type ModelProto,
  SparseTensorProtoSchema,
  TensorProto_DataType,
  TensorProto_SegmentSchema,
} from '../../lib/onnx/file/schema/onnx_pb.js';
import { type AttributeValue, buildModel, encode, int64s, type TestModel, tensor } from '../support/onnx/builder.js';
import { chain, changed, use, weights } from '../support/onnx/untrusted-models.js';

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

test('an error of folding names the node', async (t) => {
  const bytes = encode(
    buildModel({
      ...chain([
        { op: 'Gather', name: 'a', inputs: ['table', 'place'], outputs: ['h'] },
        { op: 'Add', inputs: ['x', 'h'], outputs: ['y'] },
      ]),
      initializers: { table: int64s([1, 2, 3]), place: int64s([9]) },
    }),
  );
  await t.throwsAsync(() => use(bytes), {
    code: 'INDEX_OUT_OF_RANGE',
    message: /Gather node "a" \(opset 17\): The index 9 is not one of 0 to 2/,
  });
});

test('a convolution whose window is larger than its input is refused by name', async (t) => {
  const bytes = encode(
    buildModel({
      inputs: { x: { shape: ['n', 1, 3] } },
      initializers: { w: tensor([1, 2, 3, 4, 5], [1, 1, 5]) },
      nodes: [{ op: 'Conv', name: 'wide', inputs: ['x', 'w'], outputs: ['y'] }],
      outputs: ['y'],
    }),
  );
  await t.throwsAsync(() => use(bytes), {
    code: 'SHAPE_MISMATCH',
    message: /Conv node "wide".*window of 5.*input of 3/,
  });
});

function single(op: string, attributes: Readonly<Record<string, AttributeValue>> = {}, domain = ''): TestModel {
  return chain([{ op, name: 'layer', domain, inputs: ['x'], outputs: ['y'], attributes }]);
}

const unsupported: Readonly<Record<string, readonly [message: RegExp, model: TestModel]>> = {
  'an operator that is not known': [
    /NonMaxSuppression node "layer" \(opset 17\).*not supported; export/,
    single('NonMaxSuppression'),
  ],
  'an operator of another domain': [
    /Gelu node "layer" \(domain "com\.microsoft"\)/,
    single('Gelu', {}, 'com.microsoft'),
  ],
  'an operator newer than the opset': [/Gelu node "layer" \(opset 17\) is understood from opset 20 on/, single('Gelu')],
  'an opset that is too old': [
    /Relu node "layer" \(opset 6\) is understood from opset 7 on/,
    { ...single('Relu'), opset: 6 },
  ],
  'an opset that is too new': [
    /Relu node "layer" \(opset 29\) is understood up to opset 28/,
    { ...single('Relu'), opset: 29 },
  ],
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
