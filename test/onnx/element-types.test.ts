import test from 'ava';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from '../../lib/data/half.js';
import { TensorProto_DataType as DataType, type TensorProto } from '../../lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';

const formats = { float16: [encodeFloat16, decodeFloat16], bfloat16: [encodeBfloat16, decodeBfloat16] } as const;

for (const [name, [encodeHalf, decodeHalf]] of Object.entries(formats)) {
  test(`every bit pattern of ${name} survives decoding and encoding`, (t) => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = decodeHalf(bits);
      if (Number.isNaN(value)) t.true(Number.isNaN(decodeHalf(encodeHalf(value))));
      else if (encodeHalf(value) !== bits) t.fail(`${bits} becomes ${value} becomes ${encodeHalf(value)}`);
    }
  });

  test(`${name} rounds to nearest, ties to even`, (t) => {
    for (let bits = 1; bits < decodeLimit(decodeHalf) - 1; bits++) {
      const [low, high] = [decodeHalf(bits), decodeHalf(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const above = Math.fround(middle + (high - low) / 64);
      if (encodeHalf(middle) !== even || encodeHalf(above) !== bits + 1) t.fail(`between ${low} and ${high}`);
    }
    t.pass();
  });
}

/** Bits of infinity. */
function decodeLimit(decodeHalf: (bits: number) => number): number {
  let bits = 0x7000;
  while (decodeHalf(bits) !== Infinity) bits++;
  return bits;
}

test('numbers beyond float16 become infinite', (t) => {
  t.is(encodeFloat16(65519), encodeFloat16(65504));
  t.is(decodeFloat16(encodeFloat16(65520)), Infinity);
  t.is(decodeFloat16(encodeFloat16(-1e9)), -Infinity);
  t.is(encodeFloat16(-0), 0x8000);
});

const values = [0.5, -2, 1.25];

/** How each element type can be stored: bytes for raw_data, or entries of a typed field. */
const storages: Readonly<Record<string, readonly [type: DataType, store: (proto: TensorProto) => void]>> = {
  'float32 in float_data': [DataType.FLOAT, (proto) => (proto.floatData = [...values])],
  'float64 in raw_data': [
    DataType.DOUBLE,
    (proto) => (proto.rawData = new Uint8Array(Float64Array.from(values).buffer)),
  ],
  'float64 in double_data': [DataType.DOUBLE, (proto) => (proto.doubleData = [...values])],
  'float16 in raw_data': [
    DataType.FLOAT16,
    (proto) => (proto.rawData = new Uint8Array(Uint16Array.from(values, encodeFloat16).buffer)),
  ],
  'float16 in int32_data': [DataType.FLOAT16, (proto) => (proto.int32Data = values.map(encodeFloat16))],
  'bfloat16 in raw_data': [
    DataType.BFLOAT16,
    (proto) => (proto.rawData = new Uint8Array(Uint16Array.from(values, encodeBfloat16).buffer)),
  ],
  'bfloat16 in int32_data': [DataType.BFLOAT16, (proto) => (proto.int32Data = values.map(encodeBfloat16))],
};

for (const [name, [type, store]] of Object.entries(storages)) {
  test(`weights of ${name} are read as float32 and saved in their own type`, async (t) => {
    const model = buildModel({
      inputs: { x: { shape: ['batch', 3] } },
      initializers: { w: tensor(values) },
      nodes: [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }],
      outputs: ['y'],
    });
    const [proto] = model.graph?.initializer ?? [];
    if (proto === undefined) throw new Error('The model has no weights.');
    proto.rawData = new Uint8Array();
    proto.dataType = type;
    store(proto);
    const network = await Network.load(encode(model));
    t.deepEqual(network.parameters.get('w')?.value.toArray(), values);
    const saved = await Network.load(network.toBytes({ w: Tensor.from([3, 0.1, -0]) }));
    const rounded = saved.parameters.get('w')?.value.toArray() ?? [];
    const precision = name.startsWith('bfloat16') ? 2 ** -8 : name.startsWith('float16') ? 2 ** -11 : 2 ** -24;
    t.is(rounded[0], 3);
    t.true(Math.abs(Number(rounded[1]) - 0.1) <= 0.1 * precision);
    t.is(rounded[2], -0);
    t.is(
      saved.warnings.some(({ code }) => code === 'CONVERTED_PRECISION'),
      type !== DataType.FLOAT,
    );
  });
}
