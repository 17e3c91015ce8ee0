import test from 'ava';
import { keyOf, ProgramCache } from '../../lib/compile/cache.js';
import { type CompileOptions, compile, compileCached, type ProgramSpec } from '../../lib/compile/index.js';
import * as g from '../../lib/graph/index.js';

interface Choices {
  readonly size?: number;
  readonly dtype?: 'int32' | 'int64';
  readonly factor?: number;
  readonly table?: readonly number[];
  readonly axis?: number;
  readonly name?: string;
  readonly output?: string;
  readonly swapped?: boolean;
  readonly perStep?: boolean;
  readonly everyStep?: boolean;
}

/** One statement, made anew by every call. */
function statement(choices: Choices = {}): ProgramSpec {
  const { size = 4, dtype = 'int32', factor = 2, table = [1, 2], axis = 0, name = 'x', output = 'y' } = choices;
  const x = g.input(name, [size, size]);
  const rate = g.input('rate', []);
  const rows = g.input('rows', [2], dtype);
  const picked = g.mul(g.gather(x, rows, axis), g.reshape(g.constant(table), axis === 0 ? [2, 1] : [1, 2]));
  const operands = [g.mul(x, factor), g.exp(x)] as const;
  const next = choices.swapped ? g.sub(operands[1], operands[0]) : g.sub(...operands);
  const values = { [output]: g.reduceSum(picked) };
  return {
    ...(choices.everyStep ? { perStepOutputs: values } : { outputs: values }),
    updates: [[x, g.mul(next, rate)]],
    perStep: choices.perStep ? [rate] : [],
  };
}

test('a statement made anew has the key of the first one', (t) => {
  t.is(keyOf(statement(), {}), keyOf(statement(), {}));
  // Nodes in between that are not part of it do not matter.
  const first = keyOf(statement(), {});
  g.gradient(g.reduceSum(g.exp(g.input('x', [3]))), []);
  t.is(keyOf(statement(), {}), first);
});

const variants: Record<string, [Choices, CompileOptions?]> = {
  'another shape': [{ size: 5 }],
  'another dtype': [{ dtype: 'int64' }],
  'another scalar': [{ factor: 3 }],
  'minus zero': [{ factor: -0 }],
  zero: [{ factor: 0 }],
  'another constant': [{ table: [1, 2.0000001] }],
  'another attribute': [{ axis: 1 }],
  'another input name': [{ name: 'z' }],
  'another output name': [{ output: 'z' }],
  'other operands': [{ swapped: true }],
  'an input that changes with the step': [{ perStep: true }],
  'an output of every step': [{ everyStep: true }],
  'another option': [{}, { fuse: false }],
};

test('statements that differ have different keys', (t) => {
  const keys = Object.entries(variants).map(([name, [choices, options = {}]]) => [
    keyOf(statement(choices), options),
    name,
  ]);
  t.is(new Set([keyOf(statement(), {}), ...keys.map(([key]) => key)]).size, keys.length + 1);
});

test('which value belongs to which name is part of the key', (t) => {
  const [a, b] = [g.input('a', [2]), g.input('b', [2])];
  const [sum, product] = [g.add(a, b), g.mul(a, b)];
  const specs: ProgramSpec[] = [
    { outputs: { y: sum, z: product } },
    { outputs: { y: product, z: sum } },
    { outputs: { y: sum }, perStepOutputs: { z: product } },
    {
      updates: [
        [a, sum],
        [b, product],
      ],
    },
    {
      updates: [
        [a, product],
        [b, sum],
      ],
    },
  ];
  t.is(new Set(specs.map((spec) => keyOf(spec, {}))).size, specs.length);
});

test('the order in which operations were made is part of the key, for results may depend on it', (t) => {
  const x = g.input('x', [2]);
  const ordered = (first: () => g.Node, second: () => g.Node, swap: boolean) => {
    const [a, b] = swap ? [second(), first()].toReversed() : [first(), second()];
    return keyOf({ outputs: { y: g.add(a as g.Node, b as g.Node) } }, {});
  };
  const [exp, sin] = [() => g.exp(x), () => g.sin(x)];
  t.not(ordered(exp, sin, false), ordered(exp, sin, true));
});

test('large constants are equal where they are one node', (t) => {
  const values = new Float32Array(70_000);
  const x = g.input('x', [values.length]);
  const spec = (table: g.Node): ProgramSpec => ({ outputs: { y: g.add(x, table) } });
  const table = g.constant(values);
  t.is(keyOf(spec(table), {}), keyOf(spec(table), {}));
  t.not(keyOf(spec(table), {}), keyOf(spec(g.constant(values)), {}));
});

test('what was compiled before is the program that was made then', (t) => {
  const program = compileCached(statement());
  t.is(compileCached(statement()), program);
  t.not(compileCached(statement({ factor: 5 })), program);
  t.not(compileCached(statement(), { fuse: false }), program);
  t.deepEqual(program.words, compile(statement()).words);
  t.deepEqual(program.constants, compile(statement()).constants);
});

test('a wrong statement is refused as by compile', (t) => {
  t.throws(() => compileCached(statement(), { fusion: true } as CompileOptions), { code: 'UNKNOWN_OPTION' });
  t.throws(() => compileCached({ outputs: { y: 1 as never } }), { code: 'INVALID_ARGUMENT' });
});

test('beyond its limits the cache forgets what was not asked for the longest', (t) => {
  const program = compile(statement());
  const bytes = program.words.byteLength + program.constants.byteLength;
  const made: string[] = [];
  const get = (cache: ProgramCache, key: string) =>
    cache.get(key, () => {
      made.push(key);
      return program;
    });
  for (const cache of [
    new ProgramCache({ programs: 2, bytes: 1e9 }),
    new ProgramCache({ programs: 100, bytes: 2.5 * bytes }),
  ]) {
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b', 'a', 'c', 'c']) get(cache, key);
    t.deepEqual(made.splice(0), ['a', 'b', 'c', 'b', 'c']);
  }
  // What is larger than the cache is compiled and not kept.
  const small = new ProgramCache({ programs: 2, bytes: bytes / 2 });
  t.is(get(small, 'a'), program);
  t.is(get(small, 'a'), program);
  t.deepEqual(made, ['a', 'a']);
});
