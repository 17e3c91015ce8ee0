import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parseSafetensors, toTensor, writeSafetensors } from '../../lib/data/safetensors.js';
import { Tensor } from '../../lib/tensor.js';
import { bilevel, errorOf, fixtures, main, shell } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const quantities = [
  'logits',
  'f',
  'g',
  'grad_u_g',
  'grad_v_f',
  'grad_v_g',
  'hvp_v',
  'hvp_u',
  'penalty_grad_v',
  'penalty_grad_u',
];

for (const name of ['smooth-mlp', 'lenet']) {
  test.serial(`${name} agrees with its reference, ONNX Runtime and differences`, async (t) => {
    const model = join(fixtures, name, 'model.onnx');
    const reference = join(fixtures, name, 'reference.safetensors');
    const { status, stdout } = await bilevel('check', model, '--reference', reference, '--json');
    t.is(status, 0);
    const result = JSON.parse(stdout);
    const figures = ['errors', 'comparisons', 'tolerances', 'lost', 'rounding', 'differences', 'reasons'];
    t.deepEqual(Object.keys(result), ['model', 'output', 'loss', ...figures, 'warnings', 'ok']);
    t.is(result.loss, 'crossEntropy');
    t.deepEqual([result.reasons, result.lost], [{}, []]);
    t.is(result.model, model);
    t.true(result.ok);
    t.deepEqual(result.warnings, []);
    const parts = [result.errors, result.rounding, result.comparisons.float64, result.comparisons.reference];
    for (const part of parts) {
      t.deepEqual(Object.keys(part), quantities);
    }
    t.deepEqual(Object.keys(result.comparisons.oracle), ['logits']);
    for (const quantity of quantities) {
      t.true(result.errors[quantity] > 0 && result.errors[quantity] <= result.tolerances[quantity], quantity);
    }
  });
}

test('without a reference a random point is checked, and people get a table', async (t) => {
  const { status, stdout } = await bilevel('check', join(fixtures, 'logreg', 'model.onnx'), '--batch', '3');
  t.is(status, 0);
  for (const quantity of quantities) t.regex(stdout, new RegExp(`^${quantity} .* ok$`, 'm'));
  t.regex(stdout, /everything agrees/);
});

/** The reference file of a fixture with one tensor changed. */
async function changedReference(path: string, name: string, change: (values: Tensor) => void): Promise<void> {
  const { tensors } = parseSafetensors(await readFile(join(fixtures, 'logreg', 'reference.safetensors')));
  const copies = new Map(
    [...tensors].map(([key, entry]): [string, Tensor] => {
      const { data, shape } = entry;
      return [key, data instanceof Float64Array ? Tensor.from(data, shape) : toTensor(key, entry)];
    }),
  );
  change(copies.get(name) as Tensor);
  await writeSafetensors(path, copies, {});
}

test('a reference that says otherwise is reported by exit status 1 and by quantity', (t) =>
  withTemporary(async (folder) => {
    const reference = join(folder, 'reference.safetensors');
    await changedReference(reference, 'hvp_u', ({ data }) => {
      data[0] = Number(data[0]) * 1.1 + 0.01;
    });
    const args = ['check', join(fixtures, 'logreg', 'model.onnx'), '--reference', reference];
    const { status, stdout } = await bilevel(...args, '--json');
    t.is(status, 1);
    const { ok, errors, tolerances, reasons } = JSON.parse(stdout);
    t.false(ok);
    t.deepEqual(Object.keys(reasons), ['hvp_u']);
    t.regex(reasons.hvp_u, /^The engine gives .* where the reference file says .*, at element 0 of /);
    t.deepEqual(
      quantities.filter((quantity) => !(errors[quantity] <= tolerances[quantity])),
      ['hvp_u'],
    );
    const text = await bilevel(...args);
    t.is(text.status, 1);
    t.regex(text.stdout, /^hvp_u .* TOO LARGE$/m);
    t.regex(text.stdout, /^hvp_u: The engine gives .*reference file/m);
    t.regex(text.stdout, /not everything agrees/);
  }));

test('a reference file of another model, of other classes or with a NaN is refused', (t) =>
  withTemporary(async (folder) => {
    const check = async (model: string, reference: string) =>
      errorOf(await bilevel('check', join(fixtures, model, 'model.onnx'), '--reference', reference, '--json'));
    const other = await check('mlp', join(fixtures, 'logreg', 'reference.safetensors'));
    t.is(other.code, 'INVALID_FILE');
    t.regex(other.message, /7840 elements of nu\/1\.weight where the model needs 50176/);

    const label = join(folder, 'label.safetensors');
    await changedReference(label, 'y_val', ({ data }) => (data as BigInt64Array).set([10n], 1));
    const outside = await check('logreg', label);
    t.is(outside.code, 'INVALID_DATA');
    t.regex(outside.message, /y_val of .*: label 10 of sample 1 is outside the 10 classes/);

    const nan = join(folder, 'nan.safetensors');
    await changedReference(nan, 'x_train', ({ data }) => (data as Float32Array).set([Number.NaN], 5));
    const notFinite = await check('logreg', nan);
    t.is(notFinite.code, 'INVALID_DATA');
    t.regex(notFinite.message, /element 5 of x_train is NaN/);

    const empty = join(folder, 'empty.safetensors');
    await writeSafetensors(empty, new Map([['y_train', Tensor.zeros([2], 'int64')]]), {});
    t.regex((await check('logreg', empty)).message, /has no tensor x_train/);
    t.is((await check('logreg', join(folder, 'missing'))).code, 'NOT_FOUND');
    const truncated = join(folder, 'truncated.safetensors');
    await writeFile(truncated, (await readFile(nan)).subarray(0, 1000));
    t.is((await check('logreg', truncated)).code, 'INVALID_FILE');
  }));

test('ONNX Runtime that is not installed is a warning with the command that installs it', (t) =>
  withTemporary(async (folder) => {
    // A loader that does not find the package stands for a machine without it.
    const hook = join(folder, 'hook.mjs');
    const text = `export async function resolve(name, context, next) {
      if (name === 'onnxruntime-node') throw Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' });
      return next(name, context);
    }`;
    const source = `import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(text)}));`;
    await writeFile(hook, source);
    const model = join(fixtures, 'logreg', 'model.onnx');
    const { status, stdout } = await shell(
      `'${process.execPath}' --import '${hook}' '${main}' check '${model}' --json`,
    );
    t.is(status, 0);
    const { ok, warnings, comparisons } = JSON.parse(stdout);
    t.true(ok);
    t.deepEqual(
      warnings.map(({ code }: { code: string }) => code),
      ['NO_ONNX_RUNTIME'],
    );
    t.regex(warnings[0].message, /npm install onnxruntime-node/);
    t.deepEqual(comparisons.oracle, {});
  }));
