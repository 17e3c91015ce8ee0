import test from 'ava';
import { type CompiledProgram, compile, formatCost } from '../../../lib/compile/index.js';
import { makeUnit } from '../../../lib/compile/lower/lower.js';
import { encode } from '../../../lib/compile/program/encode.js';
import type { FusedInstruction, MutableBinding, PlainInstruction, Storage } from '../../../lib/compile/program/ir.js';
import { formatMagic, formatVersion, opcodes, outputModes, tapeOps } from '../../../lib/encoded.js';
import * as g from '../../../lib/graph/index.js';
import type { DType } from '../../../lib/tensor.js';

const x: MutableBinding = { name: 'x', dtype: 'float32', shape: [2, 3], access: 'read', perStep: true };
const y: MutableBinding = { name: 'y', dtype: 'int64', shape: [2], access: 'write', perStep: false };

function inBinding(binding: MutableBinding): Storage {
  const elementCount = binding.shape.reduce((product, size) => product * size, 1);
  return { dtype: binding.dtype, elementCount, place: { kind: 'binding', binding } };
}

function inArena(offset: number, elementCount: number): Storage {
  return { dtype: 'float32', elementCount, place: { kind: 'arena', offset } };
}

function constant(dtype: DType, data: Float64Array): Storage {
  return { dtype, elementCount: data.length, place: { kind: 'constant', data } };
}

/** A pass that sums |operand - 1.5| over the rows of a matrix. */
function sumOfRows(operand: Storage, result: Storage): FusedInstruction {
  return {
    opcode: 'fused',
    sizes: [2, 3],
    outer: 1,
    reduced: 1,
    operands: [{ storage: operand, offset: 0, strides: [3, 1] }],
    tape: [
      { op: 'constant', destination: 1, operands: [], immediate: 1.5 },
      { op: 'sub', destination: 2, operands: [0, 1], immediate: 0 },
      { op: 'abs', destination: 1, operands: [2], immediate: 0 },
    ],
    outputs: [{ mode: 'sum', register: 1, view: { storage: result, offset: 4, strides: [1, 0] } }],
  };
}

function argMax(operand: Storage, result: Storage): PlainInstruction {
  return { opcode: 'argMax', numbers: [1, 2, 3], buffers: { x: operand, y: result }, flops: 0 };
}

test('words are those of docs/program-format.md', (t) => {
  const [a, b, middle] = [inBinding(x), inBinding(y), inArena(128, 6)];
  const units = [makeUnit('step', [argMax(middle, b)], false), makeUnit('once', [sumOfRows(a, middle)], true)];
  const { words, constants, bindings } = encode(units, [x, y], 192);
  const header = [formatMagic, formatVersion, 192, 2, 3, 1, 2];
  const boundWords = [0, 6, 0, 1, 2, 2, 1, 0];
  const buffers = [0, 128, 0, 6, 1, 1, 2, 2, 1, 0, 0, 6];
  const tape = [tapeOps.indexOf('constant'), 1, 0, 0, 0, 1.5, tapeOps.indexOf('sub'), 2, 0, 1, 0, 0];
  tape.push(tapeOps.indexOf('abs'), 1, 2, 0, 0, 0);
  const fused = [2, 1, 1, 2, 3, 1, 2, 0, 3, 1, 3, ...tape, 1, outputModes.indexOf('sum'), 1, 0, 4, 1, 0];
  const plain = [1, 2, 3, 0, 1];
  // The prologue comes first, whatever the order of the units.
  const instructions = [opcodes.indexOf('fused'), fused.length, ...fused, opcodes.indexOf('argMax'), 5, ...plain];
  t.deepEqual([...words], [...header, ...boundWords, ...buffers, ...instructions]);
  t.is(constants.length, 0);
  t.deepEqual(bindings, [x, y]);
});

test('constants start on cache lines, in the bytes of their type, and one array is kept once', (t) => {
  const data = Float64Array.of(1, -2);
  const stored = [constant('int64', data), constant('float32', data), constant('int32', data), constant('int64', data)];
  stored.push(constant('bool', Float64Array.of(1, 0, 1)));
  const units = stored.map((storage) => makeUnit('lookup', [argMax(storage, inBinding(y))], false));
  const { words, constants } = encode(units, [y], 0);
  const bufferWords = words.subarray(7 + 4);
  const offsets = stored.map((_, index) => bufferWords[4 * 2 * index + 1]);
  t.deepEqual(offsets, [0, 64, 128, 0, 192]);
  t.is(constants.length, 256);
  t.deepEqual([...new BigInt64Array(constants.buffer, 0, 2)], [1n, -2n]);
  t.deepEqual([...new Float32Array(constants.buffer, 64, 2)], [1, -2]);
  t.deepEqual([...new Int32Array(constants.buffer, 128, 2)], [1, -2]);
  t.deepEqual([...constants.subarray(192, 195)], [1, 0, 1]);
});

const [m, n, k] = [4, 5, 6];
const a = g.input('a', [m, k]);
const b = g.input('b', [k, n]);

/** exp(a) b, with exp(a) in the prologue, added to a sum over steps. */
function accumulation(): CompiledProgram {
  const total = g.input('total', [m, n]);
  const step = g.input('step', []);
  const product = g.matmul(g.exp(a), g.mul(b, step));
  return compile({ updates: [[total, g.add(total, product)]], perStep: [step] });
}

test('costs count every instruction: operations, bytes and where it runs', (t) => {
  const { cost } = accumulation();
  const rows = cost.instructions.map(({ section, opcode, operations, flops, bytes }) => [
    section,
    opcode,
    operations,
    flops,
    bytes,
  ]);
  t.deepEqual(rows, [
    ['prologue', 'fused', 'exp', m * k, 4 * 2 * m * k],
    ['step', 'fused', 'mul', k * n, 4 * (2 * k * n + 1)],
    ['step', 'matmul', 'matmul', 2 * m * n * k, 4 * (m * k + k * n + m * n)],
    ['step', 'fused', 'add', m * n, 4 * 3 * m * n],
  ]);
  t.is(cost.prologueFlops, m * k);
  t.is(cost.stepFlops, k * n + 2 * m * n * k + m * n);
  t.is(cost.bindingBytes, 4 * (m * k + k * n + m * n + 1));
});

test('a reduction counts an operation for each element, a lookup the rows that it names', (t) => {
  const table = g.input('table', [100, 8]);
  const { cost } = compile({
    outputs: { sum: g.reduceSum(table, [0]), rows: g.gather(table, g.input('indices', [3], 'int32')) },
  });
  const byOpcode = new Map(cost.instructions.map((instruction) => [instruction.opcode, instruction]));
  t.like(byOpcode.get('fused'), { flops: 800, bytes: 4 * (800 + 8) });
  t.like(byOpcode.get('gather'), { flops: 0, bytes: 4 * (2 * 24 + 3) });
});

test('rows that are set touch the whole table only where they are set in a copy of it', (t) => {
  const [table, rows] = [g.input('table', [100, 8]), g.input('rows', [3, 8])];
  const next = g.setRows(table, g.input('indices', [3], 'int32'), rows);
  const bytes = (program: CompiledProgram): number | undefined =>
    program.cost.instructions.find(({ opcode }) => opcode === 'setRows')?.bytes;
  t.is(bytes(compile({ updates: [[table, next]] })), 4 * (3 + 24 + 24));
  t.is(bytes(compile({ outputs: { next } })), 4 * (3 + 24 + 800 + 800));
});

test('the listing has two lines for each instruction and two for the totals', (t) => {
  const program = accumulation();
  const lines = program.explain().split('\n');
  t.is(lines.length, 2 * 4 + 2);
  t.deepEqual(
    lines.filter((_, index) => index % 2 === 0).map((line) => line.trim().split(/\s+/).slice(0, 3).join(' ')),
    ['0 once fused', '1 step fused', '2 step matmul', '3 step fused', `4 instructions, arena`],
  );
  t.regex(lines[4] ?? '', /240 flop {2}.*296 B {2}matmul/);
  t.regex(lines[7] ?? '', /total=store/);
  const timed = formatCost(program.cost, Float64Array.of(2e-3, 0.5, 0.25, 0.125), 4).split('\n');
  t.deepEqual(
    [0, 2, 4, 6].map((index) => /(\S+) ms/.exec(timed[index] ?? '')?.[1]),
    ['2.000', '125.000', '62.500', '31.250'],
  );
  const { arenaBytes, liveBytes } = program.cost;
  t.is(lines.at(-2), `4 instructions, arena ${arenaBytes} B, needed at one time ${liveBytes} B`);
  t.is(lines.at(-1), `once a run 24 flop, each step 290 flop`);
});
