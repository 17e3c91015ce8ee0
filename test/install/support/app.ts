import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

/** The folder of an app in which the packed package is installed; scripts/installs.mjs makes it. */
export const app = process.env.BILEVEL_INSTALLED_APP ?? '';
if (!existsSync(join(app, 'node_modules/bilevel'))) throw new Error('These tests are run by scripts/installs.mjs.');

const tools = process.env.BILEVEL_INSTALL_TOOLS || undefined;

/** The path of a file of a bundler or a runtime, by the path in its package. */
export function tool(path: string): string {
  return join(tools ?? '', 'node_modules', path);
}

/** A test that needs bundlers or other runtimes. */
export const testWithTools = tools === undefined ? test.skip : test;

/** Writes files into a folder of the app. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  const path = join(app, folder);
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** Runs a program in a folder and returns what it printed; with its errors where it failed. */
export function run(folder: string, program: string, ...args: readonly string[]): string {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1' };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env });
  return status === 0 ? stdout : `${stdout}${stderr}${error?.message ?? ''}`;
}

/** A program that uses a network, a thread that compiles, and the addon; it prints a few numbers or the error. */
export const program = `
import { bilevelProblem, feed, Network, penalty, perSample, Tensor } from 'bilevel';
import { crossEntropy, mean, mul } from 'bilevel/graph';

async function main() {
  const network = await Network.load(${JSON.stringify(join(app, 'node_modules/bilevel/models/logreg.onnx'))});
  const x = Tensor.from(Float32Array.from({ length: 8 * 784 }, (_, i) => (i % 97) / 97), [8, 1, 28, 28]);
  const y = Tensor.from([0, 1, 2, 3, 4, 5, 6, 7], [8], 'int64');
  const problem = bilevelProblem({
    feeds: { train: feed({ x, y }) },
    upper: { weight: perSample(Tensor.from(new Float32Array(8).fill(0.5)), 'train') },
    lower: network.initialParameters(),
    f: ({ v, train }) => mean(crossEntropy(network.apply(train.x, v), train.y)),
    g: ({ u, v, train }) => mean(mul(u.weight, crossEntropy(network.apply(train.x, v), train.y))),
  });
  const solver = penalty(problem);
  const state = solver.init();
  for await (const { iteration, f } of solver.run({ state, iterations: 3 })) console.log(iteration, f);
  solver.dispose();
}
main().catch((error) => console.log(error.code, error.message));
`;

/** What makes the example of the README short. */
const shorter: Readonly<Record<string, string>> = {
  'iterations: 200': 'iterations: 20',
  'evaluateEvery: 50': 'evaluateEvery: 10',
  'maxSteps: 100': 'maxSteps: 10',
};

/** The package's own README as a program: its data first, then its code, and the weights that it learns. */
export function readmeProgram(): string {
  const text = readFileSync(join(app, 'node_modules/bilevel/README.md'), 'utf8');
  let [, code = ''] = /^```js\n(.*?)^```/ms.exec(text) ?? [];
  for (const [long, short] of Object.entries(shorter)) {
    if (!code.includes(long)) throw new Error(`The README's example has no \`${long}\`.`);
    code = code.replace(long, short);
  }
  return `
let seed = 1;
const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const pixels = (rows) => Float32Array.from({ length: rows * 784 }, next);
const classes = (rows) => BigInt64Array.from({ length: rows }, () => BigInt(Math.floor(10 * next())));
const [trainPixels, trainLabels, cleanPixels, cleanLabels] = [pixels(5000), classes(5000), pixels(500), classes(500)];
${code}
console.log(Array.from(weights.slice(0, 20)).join(' '));
`;
}
