import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bilevel, errorOf, fixtures, smallRun } from '../support/command-line.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';
import { withTemporary } from '../support/temporary.js';

const commands = ['denoise', 'compare', 'check', 'inspect', 'methods', 'representation'];

test('help lists the commands, and every command shows its options with defaults and examples', async (t) => {
  const { status, stdout } = await bilevel('--help');
  t.is(status, 0);
  for (const command of commands) t.regex(stdout, new RegExp(`^ {2}${command} `, 'm'));
  for (const command of commands) {
    const help = await bilevel(command, '--help');
    t.is(help.status, 0);
    t.is(help.stderr, '');
    t.regex(help.stdout, new RegExp(`^Examples:\\n {2}\\$ bilevel ${command}`, 'm'));
    t.regex(help.stdout, /--json/);
  }
  // The defaults shown are those that a run takes.
  const help = (await bilevel('denoise', '--help')).stdout.replaceAll(/\s+/g, ' ');
  t.regex(
    help,
    /--epochs <integer> Passes over the training samples\. \(an integer >= 1; default 20; with --settings authors 100\)/,
  );
  t.regex(help, /--upper-learning-rate <schedule> [^(]*\([^)]*default 0\.05; with --settings authors 3\)/);
  t.regex(help, /--nu <number> [^(]*\([^)]*default 0\.0001\)/);
});

test('without a command the help goes to stderr', async (t) => {
  const { status, stdout, stderr } = await bilevel();
  t.is(status, 1);
  t.is(stdout, '');
  t.regex(stderr, /Usage: bilevel/);
});

const slips: readonly [args: readonly string[], code: string, message: RegExp][] = [
  [['denois'], 'INVALID_ARGUMENT', /unknown command 'denois'\s+\(Did you mean denoise\?\)/],
  [['denoise', '--epoch', '3'], 'UNKNOWN_OPTION', /unknown option '--epoch'\s+\(Did you mean --epochs\?\)/],
  [['denoise', 'extra'], 'INVALID_ARGUMENT', /too many arguments/],
  [['denoise', '--epochs', 'x'], 'INVALID_ARGUMENT', /Expected an integer >= 1 for --epochs but received "x"/],
  [['denoise', '--epochs', '0'], 'INVALID_ARGUMENT', /Expected an integer >= 1 for --epochs but received 0/],
  [['denoise', '--noise', '1.5'], 'INVALID_ARGUMENT', /<= 1 for --noise but received 1\.5/],
  [['denoise', '--settings', 'author'], 'INVALID_ARGUMENT', /Expected one of tuned, authors for --settings/],
  [
    ['denoise', '--upper-learning-rate', 'cosine(1'],
    'INVALID_ARGUMENT',
    /--upper-learning-rate but received "cosine\(1"/,
  ],
  [['denoise', '--seeds', '0'], 'INVALID_ARGUMENT', /Expected an integer >= 1 for --seeds but received 0/],
  [
    ['denoise', '--batch', '500', '--train', '400'],
    'INVALID_ARGUMENT',
    /at most 400, the smaller of train and validation .*batch.* received 500/,
  ],
  [['denoise', '--validation', '100', '--batch', '200'], 'INVALID_ARGUMENT', /at most 100/],
  [
    ['representation', '--methods', 'gd,adam'],
    'INVALID_ARGUMENT',
    /names of itd, gd, .* for the option methods of representation but received "adam"/,
  ],
  [['representation', '--study', 'medium'], 'INVALID_ARGUMENT', /Expected one of small, large, steps, .* for --study/],
  [['representation', '--resume'], 'INVALID_ARGUMENT', /--resume needs the folder/],
  [['check'], 'INVALID_ARGUMENT', /missing required argument 'model'/],
  [['check', 'nothing.onnx', '--batch', '0'], 'INVALID_ARGUMENT', /Expected a positive integer/],
  [['check', 'nothing.onnx'], 'NOT_FOUND', /Cannot read nothing\.onnx/],
  [['inspect', 'nothing'], 'INVALID_ARGUMENT', /Expected logreg, mlp, .* or the path of an \.onnx file for network/],
  [['methods', 'penalt'], 'INVALID_ARGUMENT', /There is no method "penalt"\. Did you mean penalty\?/],
  [['inspect', 'nothing.onnx'], 'NOT_FOUND', /Cannot read nothing\.onnx/],
];

for (const [args, code, message] of slips) {
  test(`bilevel ${args.join(' ')} is refused with ${code}`, async (t) => {
    const forPrograms = await bilevel(...args, '--json');
    t.is(forPrograms.status, 1);
    t.is(forPrograms.stderr, '');
    t.is(errorOf(forPrograms).code, code);
    t.regex(errorOf(forPrograms).message, message);
  });
}

test('people read errors on stderr', async (t) => {
  const { status, stdout, stderr } = await bilevel('denoise', '--epoch', '3');
  t.is(status, 1);
  t.is(stdout, '');
  t.regex(
    stderr,
    /^error unknown option '--epoch'\s+\(Did you mean --epochs\?\) Use --help for all options\. \(UNKNOWN_OPTION\)\n$/,
  );
});

/** An IDX file of bytes. */
function idx(sizes: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.set([0, 0, 8, sizes.length]);
  for (const [axis, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, data]);
}

/** Writes a data set of `count` random images of 28 x 28 in ten classes for each part. */
async function writeDataset(folder: string, count: number): Promise<void> {
  await mkdir(folder);
  const labels = Uint8Array.from({ length: count }, (_, index) => index % 10);
  const images = Uint8Array.from({ length: count * 784 }, (_, index) => (index * 31) % 251);
  for (const part of ['train', 't10k']) {
    await writeFile(join(folder, `${part}-labels-idx1-ubyte`), idx([count], labels));
    await writeFile(join(folder, `${part}-images-idx3-ubyte`), idx([count, 28, 28], images));
  }
}

test('faults of the data are named, and no folder is left behind', (t) =>
  withTemporary(async (parent) => {
    const data = join(parent, 'data');
    await writeDataset(data, 40);
    const run = [
      'denoise',
      ...smallRun,
      '--data',
      `idx:${data}`,
      '--no-baselines',
      '--out',
      join(parent, 'run'),
      '--json',
    ];
    const sizes = ['--train', '20', '--validation', '20', '--batch', '10'];
    const tooMany = errorOf(await bilevel(...run));
    t.is(tooMany.code, 'INVALID_ARGUMENT');
    t.regex(tooMany.message, /at most the 40 samples there are for train \+ validation but received 800/);

    const labels = join(data, 't10k-labels-idx1-ubyte');
    await writeFile(labels, idx([40], new Uint8Array(40).fill(10)));
    const outside = errorOf(await bilevel(...run, ...sizes));
    t.is(outside.code, 'INVALID_DATA');
    t.regex(outside.message, /test set: label 10 of sample 0 is outside the 10 classes/);

    await writeFile(labels, idx([40], new Uint8Array(30)));
    const corrupt = errorOf(await bilevel(...run, ...sizes));
    t.is(corrupt.code, 'INVALID_FILE');
    t.true(corrupt.message.includes('t10k-labels-idx1-ubyte'));

    const missing = errorOf(await bilevel(...run, ...sizes, '--data', `idx:${parent}`));
    t.is(missing.code, 'NOT_FOUND');
    t.regex(missing.message, /neither train-images-idx3-ubyte nor train-images-idx3-ubyte\.gz/);
    const unknown = errorOf(await bilevel(...run, ...sizes, '--data', 'mnis'));
    t.is(unknown.code, 'INVALID_ARGUMENT');
    t.regex(
      unknown.message,
      /Expected mnist, fashion-mnist, cifar10, idx:DIR, .*INPUTS\.npy,LABELS\.npy for data but received "mnis"/,
    );
    t.deepEqual(await readdir(parent), ['data']);
  }));

test('a data set with classes of its own runs', (t) =>
  withTemporary(async (parent) => {
    await writeDataset(join(parent, 'data'), 40);
    const sizes = ['--train', '20', '--validation', '20', '--batch', '10', '--no-baselines'];
    const folders = ['--data', `idx:${join(parent, 'data')}`, '--out', join(parent, 'run')];
    t.is((await bilevel('denoise', ...smallRun, ...sizes, ...folders)).status, 0);
  }));

test('networks that do not fit the data or are no models are refused before anything is written', (t) =>
  withTemporary(async (parent) => {
    const denoise = async (network: string) =>
      errorOf(await bilevel('denoise', ...smallRun, '--network', network, '--out', join(parent, 'run'), '--json'));
    const colour = await denoise(join(fixtures, 'resnet12-train', 'model.onnx'));
    t.is(colour.code, 'SHAPE_MISMATCH');
    t.regex(colour.message, /inputs of shape \[3, 32, 32\] but the data have \[1, 28, 28\]/);

    const model = (op: string, classes: number): Uint8Array =>
      encode(
        buildModel({
          inputs: { x: { type: 'float32', shape: ['n', 1, 28, 28] } },
          initializers: { w: tensor(new Array(784 * classes).fill(0.01), [784, classes]) },
          nodes: [
            { op: 'Flatten', inputs: ['x'], outputs: ['flat'] },
            { op: 'MatMul', inputs: ['flat', 'w'], outputs: ['scores'] },
            { op, inputs: ['scores'], outputs: ['y'] },
          ],
          outputs: ['y'],
        }),
      );
    const path = join(parent, 'model.onnx');
    await writeFile(path, model('Relu', 3));
    const classes = await denoise(path);
    t.is(classes.code, 'SHAPE_MISMATCH');
    t.regex(classes.message, /\[2, 10\] logits are needed for 10 classes/);

    await writeFile(path, model('Frobnicate', 10));
    const unknown = await denoise(path);
    t.is(unknown.code, 'UNSUPPORTED_OPERATOR');
    t.regex(unknown.message, /Frobnicate/);

    await writeFile(path, model('Relu', 10).subarray(0, 20_000));
    t.is((await denoise(path)).code, 'INVALID_FILE');
    await writeFile(path, 'This is no model.');
    t.is((await denoise(path)).code, 'INVALID_FILE');
    t.deepEqual(await readdir(parent), ['model.onnx']);
  }));

test('a folder for the results that cannot be made is named', (t) =>
  withTemporary(async (parent) => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'run'), '/proc/run']) {
      const { code, message } = errorOf(await bilevel('denoise', ...smallRun, '--out', folder, '--json'));
      t.is(code, 'IO_ERROR');
      t.true(message.includes(folder), message);
    }
    const taken = errorOf(await bilevel('denoise', ...smallRun, '--out', parent, '--json'));
    t.is(taken.code, 'INVALID_ARGUMENT');
    t.regex(taken.message, /a new or empty folder for out/);
  }));
