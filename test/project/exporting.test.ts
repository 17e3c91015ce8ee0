// The recipes of docs/exporting.md for other libraries, run as they stand where a Python has these.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { constant, evaluate, input, softmax } from '../../lib/public/graph.js';
import { Network } from '../../lib/public/index.js';
import { bilevel } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const python = process.env.BILEVEL_PYTHON ?? 'python3';

function has(packages: string): boolean {
  try {
    execFileSync(python, ['-c', `import ${packages}`], {
      stdio: 'ignore',
      env: { ...process.env, KERAS_BACKEND: 'torch' },
    });
    return true;
  } catch {
    return false;
  }
}

/** The block of Python under a heading of the page. */
function recipe(heading: string): string {
  const [, section = ''] = readFileSync('docs/exporting.md', 'utf8').split(`\n## ${heading}\n`);
  const [, code = ''] = /^```python\n(.*?)^```/ms.exec(section) ?? [];
  return code;
}

interface Written {
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly outputs: readonly number[];
}

/** Runs lines of Python in a folder; the last one prints what was given to the model, and what it says of it. */
function run(folder: string, lines: readonly string[]): Written {
  return JSON.parse(execFileSync(python, ['-c', lines.join('\n')], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }));
}

/** Holds the network of a file to what its model says, to losing nothing, and to right derivatives. */
async function hold(t: ExecutionContext, path: string, written: Written, kind: 'logits' | 'probabilities') {
  const { lost } = JSON.parse((await bilevel('doctor', path, '--json')).stdout);
  t.deepEqual(lost, []);
  const { status, stdout } = await bilevel('check', path);
  t.is(status, 0, stdout);

  const network = await Network.load(path);
  const x = input('x', [...written.shape]);
  const parameters = Object.entries(network.initialParameters()).map(([name, value]) => [name, constant(value)]);
  const logits = network.apply(x, Object.fromEntries(parameters));
  const [found] = evaluate(
    [kind === 'logits' ? logits : softmax(logits)],
    new Map([[x, Float64Array.from(written.x)]]),
  );
  const largest = Math.max(...written.outputs.map((value, at) => Math.abs(value - (found?.[at] ?? Number.NaN))));
  t.true(largest < 1e-5, `off by ${largest}`);
  return network;
}

test('Keras: the recipe keeps everything, and the moving statistics can be told by their names', (t) =>
  withTemporary(async (folder) => {
    if (!has('keras, torch, onnx')) {
      t.log(`skipped: ${python} has no keras with torch and onnx; BILEVEL_PYTHON names a Python that has`);
      t.pass();
      return;
    }
    const written = run(folder, [
      recipe('With Keras'),
      'import json',
      'print(json.dumps({"shape": list(x.shape), "x": x.flatten().tolist(), "outputs": model(x).detach().flatten().tolist()}))',
    ]);
    const network = await hold(t, join(folder, 'keras.onnx'), written, 'logits');
    const names = [...network.parameters.keys()].map((name) => name.replace(/^.*\//, ''));
    t.deepEqual(names.toSorted(), ['beta', 'bias', 'gamma', 'kernel', 'kernel', 'moving_mean', 'moving_variance']);
  }));

const classifiers = {
  'LogisticRegression of ten classes': ['LogisticRegression(max_iter=20)', 'y'],
  'LogisticRegression of two classes': ['LogisticRegression(max_iter=20)', 'y > 4'],
  'MLPClassifier of ten classes': ['MLPClassifier((16, 8), activation="tanh", max_iter=5)', 'y'],
  'MLPClassifier of two classes': ['MLPClassifier((16,), max_iter=5)', 'y > 4'],
} as const;

for (const [name, [model, labels]] of Object.entries(classifiers)) {
  test(`scikit-learn: ${name} gives its predict_proba, and can be trained`, (t) =>
    withTemporary(async (folder) => {
      if (!has('sklearn, onnx')) {
        t.log(`skipped: ${python} has no scikit-learn with onnx; BILEVEL_PYTHON names a Python that has`);
        t.pass();
        return;
      }
      const written = run(folder, [
        recipe('With scikit-learn'),
        'import json, warnings',
        'from sklearn.datasets import load_digits',
        'from sklearn.linear_model import LogisticRegression',
        'from sklearn.neural_network import MLPClassifier',
        'warnings.simplefilter("ignore")',
        'x, y = load_digits(return_X_y=True)',
        `model = ${model}.fit(x / 16, ${labels})`,
        'export(model, "model.onnx")',
        'some = x[:20] / 16',
        'print(json.dumps({"shape": some.shape, "x": some.flatten().tolist(), "outputs": model.predict_proba(some).flatten().tolist()}))',
      ]);
      await hold(t, join(folder, 'model.onnx'), written, 'probabilities');
    }));
}
