import test from 'ava';
import { compile, type ProgramSpec } from '../../../lib/compile/index.js';
import type { Unit } from '../../../lib/compile/program/ir.js';
import * as g from '../../../lib/graph/index.js';
import { bound, destination } from '../../support/compile/passes.js';

const a = g.input('a', [4, 4]);
const b = g.input('b', [4, 4]);

/** Every unit in order, with the binding that it writes. */
function schedule(results: ProgramSpec, options?: { readonly inPlace: boolean }): string[] {
  return bound(results, options).units.map((unit) => `${unit.label} -> ${destination(unit)}`);
}

test('a result is written where it is wanted', (t) => {
  t.deepEqual(schedule({ outputs: { y: g.exp(a) } }), ['exp -> y']);
  t.deepEqual(schedule({ updates: [[a, g.mul(a, 0.5)]] }), ['mul -> a']);
});

test('without writing in place every result is copied at the end', (t) => {
  const off = { inPlace: false };
  t.deepEqual(schedule({ outputs: { y: g.exp(a) } }, off), ['exp -> arena', 'output y -> y']);
  t.deepEqual(schedule({ updates: [[a, g.mul(a, 0.5)]] }, off), ['mul -> arena', 'update a -> a']);
});

test('results without memory of their own are copied', (t) => {
  t.deepEqual(schedule({ outputs: { y: a } }), ['output y -> y']);
  t.deepEqual(schedule({ outputs: { y: g.transpose(a) } }), ['output y -> y']);
  t.deepEqual(schedule({ outputs: { y: g.constant([1, 2]) } }), ['output y -> y']);
});

test('the second name of a value is a copy of the first', (t) => {
  const value = g.exp(a);
  t.deepEqual(schedule({ outputs: { y: value, z: value } }), ['exp -> y', 'output z -> z']);
});

test('inputs that trade places are both saved before either is overwritten', (t) => {
  const order = schedule({
    updates: [
      [a, b],
      [b, a],
    ],
  });
  t.deepEqual(order.toSorted(), ['save a -> arena', 'save b -> arena', 'update a -> a', 'update b -> b']);
  for (const save of ['save a -> arena', 'save b -> arena']) {
    for (const update of ['update a -> a', 'update b -> b']) t.true(order.indexOf(save) < order.indexOf(update));
  }
});

test('an update runs behind everything that reads the old value', (t) => {
  const next = g.mul(a, 0.5);
  const results = { updates: [[a, next]] as const, outputs: { total: g.reduceSum(a), product: g.matmul(a, b) } };
  t.deepEqual(schedule(results), ['reduceSum -> total', 'matmul -> product', 'mul -> a']);
});

test('of two updates that read each other one writes directly, the other is copied', (t) => {
  const results: ProgramSpec = {
    updates: [
      [a, g.exp(b)],
      [b, g.sin(a)],
    ],
  };
  t.deepEqual(schedule(results), ['sin -> arena', 'exp -> a', 'update b -> b']);
});

test('an update that moves elements is not written over what it reads', (t) => {
  t.deepEqual(schedule({ updates: [[a, g.exp(g.transpose(a))]] }), ['exp -> arena', 'update a -> a']);
  t.deepEqual(schedule({ updates: [[a, g.matmul(a, b)]] }), ['matmul -> arena', 'update a -> a']);
});

test('rows are set in place', (t) => {
  const rows = g.setRows(a, g.input('indices', [2], 'int32'), g.input('rows', [2, 4]));
  t.deepEqual(schedule({ updates: [[a, rows]] }), ['setRows -> a']);
  const ofItself = g.setRows(a, g.input('indices', [4], 'int32'), a);
  t.deepEqual(schedule({ updates: [[a, ofItself]] }), ['setRows -> arena', 'update a -> a']);
});

test('work that is done once cannot write what every step writes', (t) => {
  const once = g.exp(a);
  const isInvariant = (node: g.Node) => node === once || node === a;
  const labels = (results: ProgramSpec) =>
    bound(results, {}, isInvariant).units.map(
      (unit: Unit) => `${unit.invariant ? 'once' : 'step'} ${unit.label} -> ${destination(unit)}`,
    );
  t.deepEqual(labels({ outputs: { y: once } }), ['once exp -> y']);
  t.deepEqual(labels({ perStepOutputs: { y: once } }), ['once exp -> arena', 'step output y -> y']);
  t.deepEqual(labels({ updates: [[b, once]] }), ['once exp -> arena', 'step update b -> b']);
});

/** The section and the operations of every instruction. */
function sections(...program: Parameters<typeof compile>): string[] {
  return compile(...program).cost.instructions.map(
    ({ section, operations }) => `${section}: ${operations.split(' ').sort().join(' ')}`,
  );
}

test('work on inputs that no step changes is hoisted into the prologue', (t) => {
  const spec = { outputs: { y: g.add(g.exp(a), b) }, updates: [[b, g.mul(b, 2)]] as const };
  t.deepEqual(sections(spec), ['prologue: exp', 'step: add mul']);
  t.deepEqual(sections(spec, { hoist: false }), ['step: add exp mul']);
});

test('work on an input that differs from step to step is not hoisted', (t) => {
  const spec = { outputs: { y: g.exp(a), z: g.reduceSum(g.sin(b)) }, perStep: [a] };
  t.deepEqual(sections(spec), ['prologue: reduceSum sin', 'step: exp']);
});
