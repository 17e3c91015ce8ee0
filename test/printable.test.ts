import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compile, formatCost } from '../lib/compile/index.js';
import { encodeCsv } from '../lib/data/csv.js';
import { BilevelError } from '../lib/errors.js';
import * as g from '../lib/graph/index.js';
import { Network } from '../lib/onnx/index.js';
import { printable, printableJson, printableLines } from '../lib/printable.js';
import { renderProperties, renderTextTable } from '../lib/report/tables.js';
import { RunFolder } from '../lib/study/run-folder.js';
import { hostile, isSafe } from './support/hostile.js';
import { buildModel, encode, type TestModel } from './support/onnx/builder.js';
import { chain } from './support/onnx/untrusted-models.js';

const name = hostile('name');

test('what is unsafe is escaped, and the rest stays', (t) => {
  t.is(printable('a\u001bb\n\u{e0001}'), 'a\\u001bb\\u000a\\udb40\\udc01');
  t.is(printable('größe ∇f ×2 模型 🙂 <&>"'), 'größe ∇f ×2 模型 🙂 <&>"');
  t.is(printableLines('a\u001b\nb\r'), 'a\\u001b\nb\\u000d');
  t.true(isSafe(printable(name)));
  t.false(isSafe(name));
});

test('JSON stays what it was', (t) => {
  const value = { [name]: [name, 1, undefined, '\ud800'], nested: { '\u2028': -0.5 } };
  for (const indent of [undefined, 2]) {
    t.true(isSafe(printableJson(value, indent)));
    t.deepEqual(JSON.parse(printableJson(value, indent)), JSON.parse(JSON.stringify(value)));
  }
});

test('messages of errors are safe', (t) => {
  t.true(isSafe(new BilevelError('INVALID_FILE', name).message));
});

const hostileModels: Readonly<Record<string, TestModel>> = {
  operator: chain([{ op: name, inputs: ['x'], outputs: ['y'] }]),
  domain: chain([{ op: 'Relu', domain: name, inputs: ['x'], outputs: ['y'] }]),
  node: chain([{ op: 'Add', name, inputs: ['x', 'missing'], outputs: ['y'] }]),
  input: chain([{ op: 'Add', inputs: ['x', name], outputs: ['y'] }]),
  attribute: chain([{ op: 'Relu', inputs: ['x'], outputs: ['y'], attributes: { [name]: 1 } }]),
  word: chain([{ op: 'Einsum', inputs: ['x'], outputs: ['y'], attributes: { equation: name } }]),
};

for (const [what, model] of Object.entries(hostileModels)) {
  test(`an error of the import that names a hostile ${what} is safe and in one line`, async (t) => {
    const error = await t.throwsAsync(async () => {
      const network = await Network.load(encode(buildModel(model)));
      network.apply(g.input('x', [2, 3]), network.parameterNodes());
    });
    t.true(isSafe(error?.message ?? ''), error?.message);
    t.false(error?.message.includes('\n'));
    t.regex(error?.message ?? '', /name\\u001b\[2J/);
  });
}

test('warnings of a hostile file are safe', async (t) => {
  const nodes = [name, `${name}2`].map((output) => ({ op: 'Relu', name, inputs: ['x'], outputs: [output] }));
  const { warnings } = await Network.load(encode(buildModel(chain(nodes, [name, `${name}2`]))));
  t.true(warnings.some(({ message }) => message.includes('name\\u001b')));
  for (const { message } of warnings) t.true(isSafe(message) && !message.includes('\n'), message);
});

test('tables of text and of HTML are safe', (t) => {
  const cost = compile({ outputs: { y: g.square(g.input(name, [2])) } }).cost;
  t.true(isSafe(formatCost(cost)));
  const table = renderTextTable({ title: name, header: [name, 'b'], rows: [[name, name]], note: name });
  t.true(isSafe(table.text));
  t.true(isSafe(renderProperties({ [name]: { [name]: name } }).text));
});

test('cells of CSV are safe, and none is taken for a formula', (t) => {
  const text = encodeCsv(
    ['=a', 'b'],
    [
      ['+1+2', '-2'],
      ['@SUM(A1)', '\t=1'],
      ['\r=1', name],
      [-1.5, ''],
    ],
  );
  t.true(isSafe(text));
  t.deepEqual(text.split('\n').slice(0, 3), ["'=a,b", "'+1+2,'-2", "'@SUM(A1),'\\u0009=1"]);
  t.regex(text, /\n-1\.5,\n$/);
});

test('the files of a run are safe', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-'));
  try {
    const path = join(folder, 'run');
    const run = await RunFolder.create(path, { network: name });
    await run.appendMetrics({ [name]: name });
    await run.close();
    for (const file of ['config.json', 'metrics.jsonl']) {
      const text = await readFile(join(path, file), 'utf8');
      t.true(isSafe(text) && text.includes('name\\u001b'), file);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
