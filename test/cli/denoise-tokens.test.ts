import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { bilevel, errorOf, smallRun } from '../support/command-line.js';
import { buildModel, encode, int64s, type TestModel, tensor } from '../support/onnx/builder.js';
import { withTemporary } from '../support/temporary.js';

const [length, words, classes] = [6, 30, 3];
const random = Random.fromSeed(9, 'sentences');
const uniform = (count: number): number[] => Array.from({ length: count }, () => random.uniform() - 0.5);

/** An IDX file of bytes, or of 32-bit integers. */
function idx(values: readonly number[], shape: readonly number[], wide: boolean): Uint8Array {
  const size = wide ? 4 : 1;
  const bytes = Buffer.alloc(4 + 4 * shape.length + size * values.length);
  bytes.set([0, 0, wide ? 0x0c : 0x08, shape.length]);
  for (const [axis, each] of shape.entries()) bytes.writeUInt32BE(each, 4 + 4 * axis);
  const start = 4 + 4 * shape.length;
  for (const [index, value] of values.entries()) {
    if (wide) bytes.writeInt32BE(value, start + size * index);
    else bytes.writeUInt8(value, start + index);
  }
  return new Uint8Array(bytes);
}

/** Sentences whose words are all of one class: word w is of class w mod 3. */
async function writeSentences(folder: string, most: number): Promise<void> {
  for (const [part, count] of [
    ['train', 800],
    ['t10k', 200],
  ] as const) {
    const labels = Array.from({ length: count }, (_, row) => row % classes);
    const tokens = labels.flatMap((label) =>
      Array.from({ length }, () => Math.min(most, label + classes * random.integer(words / classes))),
    );
    await writeFile(join(folder, `${part}-images-idx3-ubyte`), idx(tokens, [count, length], true));
    await writeFile(join(folder, `${part}-labels-idx1-ubyte`), idx(labels, [count], false));
  }
}

/** The mean embedding of a sentence, and from it a score that nobody asks for, and logits. */
const reader: TestModel = {
  inputs: { tokens: { type: 'int64', shape: ['batch', 'length'] } },
  initializers: {
    table: tensor(uniform(words * 4), [words, 4]),
    head: tensor(uniform(4 * classes), [4, classes]),
    score: tensor(uniform(4), [4, 1]),
    axis: int64s([1]),
  },
  nodes: [
    { op: 'Gather', inputs: ['table', 'tokens'], outputs: ['embedded'] },
    { op: 'ReduceMean', inputs: ['embedded', 'axis'], outputs: ['mean'], attributes: { keepdims: 0 } },
    { op: 'MatMul', inputs: ['mean', 'score'], outputs: ['rating'] },
    { op: 'MatMul', inputs: ['mean', 'head'], outputs: ['logits'] },
  ],
  outputs: ['rating', 'logits'],
  opset: 18,
};

test('labels of sentences are cleaned through the second output of a network of tokens', (t) =>
  withTemporary(async (folder) => {
    const network = join(folder, 'reader.onnx');
    await writeFile(network, encode(buildModel(reader)));
    await writeSentences(folder, words - 1);
    const flags = ['--data', `idx:${folder}`, '--network', network, ...smallRun, '--no-baselines', '--json'];
    const out = join(folder, 'run');
    const rates = ['--pretrain-learning-rate', '0.05', '--lower-learning-rate', '0.01', '--batch', '100'];
    const { status, stdout } = await bilevel('denoise', ...flags, ...rates, '--output', 'logits', '--out', out);
    t.is(status, 0, stdout);
    const { seeds } = JSON.parse(stdout);
    const { penalty } = seeds[0].methods;
    t.true(penalty.accuracy > 90, `${penalty.accuracy}`);
    t.true(penalty.auc > 0.9, `${penalty.auc}`);
    const page = await readFile(join(out, 'report.html'), 'utf8');
    t.regex(page, /class="card /);
    t.notRegex(page, /<img/);

    const other = errorOf(await bilevel('denoise', ...flags, '--out', join(folder, 'other')));
    t.is(other.code, 'SHAPE_MISMATCH');
    t.regex(other.message, /\[2, 3\] logits are needed.*output "rating".*"logits"/);
    await writeSentences(folder, 7 * words);
    const cut = encode(
      buildModel({ ...reader, initializers: { ...reader.initializers, table: tensor(uniform(80), [20, 4]) } }),
    );
    await writeFile(network, cut);
    const outside = errorOf(await bilevel('denoise', ...flags, '--output', 'logits', '--out', join(folder, 'outside')));
    t.is(outside.code, 'INVALID_DATA');
    t.regex(outside.message, /Sample \d+ of the train samples holds 2\d, .* table of 20 rows/);
  }));
