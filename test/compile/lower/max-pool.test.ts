import test from 'ava';
import { type CompiledProgram, compile } from '../../../lib/compile/index.js';
import * as g from '../../../lib/graph/index.js';
import { elementCount } from '../../../lib/tensor.js';
import { interpret } from '../../support/graph/interpreter.js';

const x = g.input('x', [2, 3, 6, 6]);
const other = g.input('other', [2, 3, 6, 6]);
const windows = { kernel: [2, 2], strides: [2, 2] };
const flat = (node: g.Node): g.Node => g.reshape(node, [2, 3, elementCount(node.shape.slice(2))]);

function opcodes(outputs: Readonly<Record<string, g.Node>>): readonly string[] {
  return compile({ outputs })
    .cost.instructions.map((instruction) => instruction.opcode)
    .filter((opcode) => opcode !== 'fused');
}

test('maxima are picked where their positions are found', (t) => {
  t.deepEqual(opcodes({ y: g.maxPool(x, windows) }), ['maxPool']);
  const y = g.maxPool(g.tanh(x), windows);
  t.deepEqual(opcodes({ y, dx: g.gradient(g.reduceSum(y), [x])[0] as g.Node }), ['maxPool', 'scatterAddElements']);
});

test('positions are found for others to pick, or for themselves', (t) => {
  const indices = g.maxPoolIndices(x, windows);
  t.deepEqual(opcodes({ indices }), ['maxPool']);
  t.deepEqual(opcodes({ y: g.gatherElements(flat(other), flat(indices)) }), ['maxPool', 'gatherElements']);
});

test('what is picked from other rows than planes is gathered', (t) => {
  const indices = g.maxPoolIndices(x, windows);
  const rows = (node: g.Node): g.Node => g.reshape(node, [2, elementCount(node.shape.slice(1))]);
  t.deepEqual(opcodes({ y: g.gatherElements(rows(x), rows(indices)) }), ['maxPool', 'gatherElements']);
});

test('values of pools without derivatives are made from picked elements, unless that is switched off', (t) => {
  const y = g.maxPool(g.relu(g.mul(x, -2)), windows);
  const [on, off] = [compile({ outputs: { y } }), compile({ outputs: { y } }, { workOnPicked: false })];
  const bytes = ({ cost }: CompiledProgram): number => cost.instructions.reduce((sum, each) => sum + each.bytes, 0);
  t.true(bytes(on) < bytes(off), `${bytes(on)} of ${bytes(off)}`);
  const values = [on, off].map((program) => {
    const tensors = { x: Float64Array.from({ length: 216 }, (_, i) => ((i * 37) % 101) - 50), y: new Float64Array(54) };
    interpret(program, tensors, 1);
    return tensors.y;
  });
  t.deepEqual(values[0], values[1]);
  t.true(values[0]?.some((value) => value > 0));
});
